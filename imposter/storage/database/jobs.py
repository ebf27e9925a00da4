"""A job for the database, and what becomes of it: awaited on any loop, done on a thread that has a connection."""

import asyncio
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from imposter.contracts.errors import StorageError, UnstorableValue

T = TypeVar("T")


class Pending(Future[T]):
    """What a Store call gives back: its result once it is durable.

    Await it on any event loop, or ask for `.result(timeout)` on any thread. The work has begun either way, and giving
    up waiting does not undo it. Raises: StorageError (nothing was stored; where the line to PostgreSQL broke during the
    commit itself, all of it may have been), or what the job itself raised.
    """

    def __init__(self) -> None:
        super().__init__()
        self.may_yet_be = False
        """It was not stored, for a reason that may pass. Read on the writer's thread."""
        self.set_running_or_notify_cancel()  # from here on `cancel` does nothing

    def __await__(self) -> Generator[Any, None, T]:
        return asyncio.wrap_future(self).__await__()


class JobFailed(Exception):
    def __init__(self, error: Exception, job: "Job[Any]") -> None:
        self.error = error
        self.job = job


@dataclass(slots=True)
class Job(Generic[T]):
    run: Callable[[Connection], T]
    pending: Pending[T]
    afterwards: Callable[[Connection], None] | None = None
    behind: Pending[Any] | None = None
    ordering_key: str | None = None
    alone: bool = False
    suspect: bool = False
    """It is to have a commit of its own."""
    begun: bool = False
    durable: bool = False
    """Its work is committed, whatever becomes of the rest of the attempt."""
    cut: bool = False
    """Part of its work was committed before the rest was done."""
    result: T | None = None
    error: Exception | None = None
    trouble: str | None = None
    """What is wrong with the database itself, where that is why it failed."""

    def attempt(self, connection: Connection) -> None:
        """Raises: JobFailed."""
        if self.behind is not None and self.behind.may_yet_be:
            raise JobFailed(StorageError("what comes before it is not stored"), self)
        try:
            self.result = self.run(connection)
        except Exception as error:  # noqa: BLE001 - whatever it is, the commit must not be blamed for it
            raise JobFailed(error, self) from None

    def fail(self, error: Exception) -> None:
        if isinstance(error, SQLAlchemyError):
            kind = UnstorableValue if isinstance(error, DataError | IntegrityError) else StorageError
            self.error = kind(describe(error))
            self.trouble = trouble_with(error)
        else:
            self.error = error
        self.pending.may_yet_be = isinstance(self.error, StorageError) and not isinstance(self.error, UnstorableValue)

    def settle(self) -> None:
        if self.error is not None:
            self.pending.set_exception(self.error)
        else:
            self.pending.set_result(self.result)  # type: ignore[arg-type]  # a job that ran has its result


class Attempt:
    """To do these jobs within one transaction, one after the other. One that failed is made anew."""

    def __init__(self, connection: Connection, jobs: Sequence[Job[Any]]) -> None:
        self.connection = connection
        self.jobs = jobs
        self.left: list[Job[Any]] = []
        """Those for which there was no time, in their order."""

    def run(self) -> None:
        """Raises: JobFailed."""
        for job in self.jobs:
            job.attempt(self.connection)


def attempt_at(connection: Connection, jobs: Sequence[Job[Any]]) -> Attempt:
    """As this database does it best."""
    made: Attempt = getattr(connection.dialect, "attempt", Attempt)(connection, jobs)
    return made


def line_broke(error: BaseException) -> bool:
    """Before the commit all of it can be done again on a new connection."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def is_away(error: BaseException) -> bool:
    """Whether it is the database's end of the line that is missing; only PostgreSQL's has another."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", "")  # none where it did not come to a conversation
    return error.connection_invalidated or state is None or state.startswith(("08", "57P"))


AWAY = "The database cannot be reached: nothing is stored or answered until it is back."
FULL = "The disk is full: nothing is stored or answered until there is room, then it goes on by itself."
READ_ONLY = "The database can only be read: nothing is stored or answered until it can be written to again."
DISK = "The disk does not take what is written: nothing is stored or answered. The server's log says why."
LOCKED = (
    "Another program holds the database: nothing is stored or answered until it lets go, then it goes on by itself."
)
_SQLITE = {
    "SQLITE_BUSY": LOCKED,
    "SQLITE_FULL": FULL,
    "SQLITE_READONLY": READ_ONLY,
    "SQLITE_CANTOPEN": DISK,
    "SQLITE_IOERR": DISK,
}
_POSTGRESQL = {"53100": FULL, "25006": READ_ONLY, "58030": DISK}
"""Errors of PostgreSQL (SQLSTATE): disk_full, read_only_sql_transaction, io_error."""


def trouble_with(error: BaseException) -> str | None:
    """What is wrong with the database itself, for whoever looks after it; None where it is something else."""
    if is_away(error):
        return AWAY
    if not isinstance(error, DBAPIError):
        return None
    code = str(getattr(error.orig, "sqlite_errorname", ""))
    found = next((words for name, words in _SQLITE.items() if code.startswith(name)), None)
    return found or _POSTGRESQL.get(getattr(error.orig, "sqlstate", None) or "")


def describe(error: BaseException) -> str:
    """What went wrong without the SQL and its values; drivers put values on the lines after the first."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    lines = str(cause).splitlines()
    return f"{type(cause).__name__}: {lines[0] if lines else 'no details'}"
