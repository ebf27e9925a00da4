"""Helpers that save round trips to a database on another machine. For a database file they make no difference."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable

THEN_COMMIT = {"then_commit": True}
"""Execution options for a job's last statement: the commit may be sent with it. If the job executes further statements
after all, they run in a transaction of their own; if that one fails, the job fails although its first part is
stored."""

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def matter(connection: Connection) -> bool:
    """Return whether it pays to query more than may be needed in order to wait for the database only once."""
    return hasattr(connection.dialect, "execute_together")


def execute_together(
    connection: Connection, *statements: tuple[Executable, Parameters], then_commit: bool = False
) -> list[CursorResult[Any]]:
    """Execute statements in this order in one round trip. None may depend on the result of another.

    `then_commit`: see `THEN_COMMIT`.
    """
    calls = [partial(connection.execute, statement, parameters) for statement, parameters in statements]
    together = getattr(connection.dialect, "execute_together", None)
    if together is None:
        return [call() for call in calls]
    results: list[CursorResult[Any]] = together(calls, then_commit)
    return results
