"""How to spare round trips to a database that is far away; to one in a file there are none."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable

THEN_COMMIT = {"then_commit": True}
"""Execution options of a job's last statement: the commit may go along with it. What the job executes after that all
the same is in a transaction of its own, and where that fails the job fails, though its first part is stored."""

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def matter(connection: Connection) -> bool:
    """Whether it pays to ask for more than may be needed, so as to wait for the database once."""
    return hasattr(connection.dialect, "execute_together")


def execute_together(
    connection: Connection, *statements: tuple[Executable, Parameters], then_commit: bool = False
) -> list[CursorResult[Any]]:
    """Execute these in this order, in one round trip. None depends on what another gave.

    `then_commit`: see `THEN_COMMIT`.
    """
    calls = [partial(connection.execute, statement, parameters) for statement, parameters in statements]
    together = getattr(connection.dialect, "execute_together", None)
    if together is None:
        return [call() for call in calls]
    results: list[CursorResult[Any]] = together(calls, then_commit)
    return results
