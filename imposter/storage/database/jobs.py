"""Database jobs and their results. A job runs on a thread with a connection; any event loop can await its result."""

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
    """The result of a Store call, available once it is durable.

    Await it on any event loop, or call `.result(timeout)` on any thread. The work starts in either case, and giving up
    the wait does not undo it. Raises: StorageError (nothing was stored; if the connection to PostgreSQL broke during
    the commit itself, everything may have been stored), or the error of the job itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self.may_yet_be = False
        """The job was not stored, for a reason that may be temporary. Read on the writer's thread."""
        self.set_running_or_notify_cancel()  # after this, `cancel` has no effect

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
    """The job gets its own commit, because it may have made another one fail."""
    begun: bool = False
    durable: bool = False
    """The job's work is committed, whatever happens to the rest of the attempt."""
    cut: bool = False
    """Part of the job's work was committed before the rest was done."""
    result: T | None = None
    error: Exception | None = None
    trouble: str | None = None
    """The problem with the database itself, if it made the job fail."""

    def attempt(self, connection: Connection) -> None:
        """Run the job. Raises: JobFailed."""
        if self.behind is not None and self.behind.may_yet_be:
            raise JobFailed(StorageError("what comes before it is not stored"), self)
        try:
            self.result = self.run(connection)
        except Exception as error:  # noqa: BLE001 - any error belongs to this job and must not be blamed on the commit
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
    """One attempt to run jobs one after the other in a transaction. A failed attempt is replaced by a new one."""

    def __init__(self, connection: Connection, jobs: Sequence[Job[Any]]) -> None:
        self.connection = connection
        self.jobs = jobs
        self.left: list[Job[Any]] = []
        """Jobs that were not started for lack of time, in order."""

    def run(self) -> None:
        """Run the jobs. Raises: JobFailed."""
        for job in self.jobs:
            job.attempt(self.connection)


def attempt_at(connection: Connection, jobs: Sequence[Job[Any]]) -> Attempt:
    """Return the kind of attempt that suits this database best."""
    made: Attempt = getattr(connection.dialect, "attempt", Attempt)(connection, jobs)
    return made


def line_broke(error: BaseException) -> bool:
    """Return whether the connection broke. Before the commit, all work can then be repeated on a new connection."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def is_away(error: BaseException) -> bool:
    """Return whether the database server cannot be reached. Only PostgreSQL runs on another machine."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", "")  # None if no conversation with the server took place
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
"""SQLSTATE codes of PostgreSQL: disk_full, read_only_sql_transaction, io_error."""


def trouble_with(error: BaseException) -> str | None:
    """Return a sentence for the operator about a problem of the database itself; None for other errors."""
    if is_away(error):
        return AWAY
    if not isinstance(error, DBAPIError):
        return None
    code = str(getattr(error.orig, "sqlite_errorname", ""))
    found = next((words for name, words in _SQLITE.items() if code.startswith(name)), None)
    return found or _POSTGRESQL.get(getattr(error.orig, "sqlstate", None) or "")


def describe(error: BaseException) -> str:
    """Describe an error without its SQL and values. Drivers put values on the lines after the first."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    lines = str(cause).splitlines()
    return f"{type(cause).__name__}: {lines[0] if lines else 'no details'}"
