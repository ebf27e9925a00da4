"""One connection, one thread, many jobs to a commit.

A durable commit costs a flush to disk; the jobs that queue up during one flush share the next. Measured 40 to 70
times faster on SQLite than one commit a job. One connection also keeps clear of SQLite's WAL-reset bug, which needs
two (libraries before 3.51.3, sqlite.org/wal.html).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Lock, Thread
from time import monotonic, perf_counter
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from imposter.contracts.errors import StorageError, Unreachable, Unstorable

log = structlog.get_logger()

TELL_AGAIN = 10.0
"""Seconds after which the log is told once more that the database is away; then when that time has doubled."""
TELL_AT_LEAST = 600.0

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


@dataclass(frozen=True, slots=True)
class Activity:
    """How busy the writer is; counts since it began."""

    waiting: int
    """Jobs whose commit has not begun."""
    commits: int
    commit_seconds: float
    """That all of them took."""


class _JobFailed(Exception):
    def __init__(self, error: Exception) -> None:
        self.error = error


@dataclass(slots=True)
class _Job(Generic[T]):
    run: Callable[[Connection], T]
    pending: Pending[T]
    afterwards: Callable[[Connection], None] | None = None
    behind: Pending[Any] | None = None
    alone: bool = False
    result: T | None = None
    error: Exception | None = None

    def attempt(self, connection: Connection) -> None:
        """Raises: _JobFailed."""
        if self.behind is not None and self.behind.may_yet_be:
            raise _JobFailed(StorageError("what comes before it is not stored"))
        try:
            self.result = self.run(connection)
        except Exception as error:  # noqa: BLE001 - whatever it is, the commit must not be blamed for it
            raise _JobFailed(error) from None

    def fail(self, error: Exception) -> None:
        if isinstance(error, SQLAlchemyError):
            kind = Unstorable if isinstance(error, DataError | IntegrityError) else StorageError
            self.error = kind(describe(error))
        else:
            self.error = error
        self.pending.may_yet_be = isinstance(self.error, StorageError) and not isinstance(self.error, Unstorable)

    def settle(self) -> None:
        if self.error is not None:
            self.pending.set_exception(self.error)
        else:
            self.pending.set_result(self.result)  # type: ignore[arg-type]  # a job that ran has its result


class _Outage:
    """Tells the log of a database that is away: once, then ever more seldom, and when it is back."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._tell_at = 0.0

    def goes_on(self, error: BaseException) -> None:
        now = monotonic()
        if self._since is None:
            self._since = self._tell_at = now
        if now < self._tell_at:
            return
        away = now - self._since
        self._tell_at = now + min(max(TELL_AGAIN, away), TELL_AT_LEAST)
        with suppress(Exception):  # the jobs are worth more than the line about them
            log.error("the database cannot be reached: nothing is stored or answered until it is back",
                      cause=describe(error), seconds=round(away))  # fmt: skip

    def is_over(self) -> None:
        if self._since is None:
            return
        away, self._since = monotonic() - self._since, None
        with suppress(Exception):
            log.warning("the database is back", seconds=round(away, 1))


class Writer:
    """Owns the connection; `close` finishes what is queued, then closes it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._jobs: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._gate = Lock()
        self._closed = False
        self._alone: deque[_Job[Any]] = deque()
        self._ended = False
        self._outage = _Outage()
        self._commits = 0
        self._commit_seconds = 0.0
        self._thread = Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(
        self,
        run: Callable[[Connection], T],
        *,
        afterwards: Callable[[Connection], None] | None = None,
        behind: Pending[Any] | None = None,
    ) -> Pending[T]:
        """Have `run` called inside a transaction on the writer's thread. It must be quick, and must not wait.

        It is called a second time where the first was rolled back on account of another job of the same commit.

        `afterwards` is called behind the commit, outside any transaction and before the result is there; what it
        raises is the log's alone, for the commit stands.

        Where `behind`, which was submitted before, is not stored for a reason that may pass, neither is this: whoever
        submits both again keeps their order.
        """
        return self._put(_Job(run, Pending(), afterwards, behind))

    def submit_alone(self, run: Callable[[Connection, Callable[[], None]], T]) -> Pending[T]:
        """Have `run` called outside any transaction; for what takes long.

        Between its steps it calls what it is handed, and whoever waits gets their turn. That raises StorageError when
        one of their commits failed: the connection is another from then on.
        """
        return self._put(_Job(lambda connection: run(connection, self._let_others), Pending(), alone=True))

    def _put(self, job: _Job[T]) -> Pending[T]:
        with self._gate:
            if self._closed:
                job.pending.set_exception(StorageError("the store is closed"))
            else:
                self._jobs.put(job)
        return job.pending

    def activity(self) -> Activity:
        """From any thread."""
        return Activity(self._jobs.qsize(), self._commits, self._commit_seconds)

    def close(self) -> None:
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while not self._ended:
            self._serve(self._jobs.get())
            while self._alone:
                self._run_alone(self._alone.popleft())
        self._connection.close()

    def _serve(self, first: _Job[Any] | None) -> bool:
        """Commit `first` with all that has queued up behind it; False if the commit failed."""
        queued = [first, *(self._jobs.get() for _ in range(self._jobs.qsize()))]
        self._ended = self._ended or queued[-1] is None  # nothing is put behind the end
        self._alone.extend(job for job in queued if job is not None and job.alone)
        batch = [job for job in queued if job is not None and not job.alone]
        committed = True
        if batch:
            begun = perf_counter()
            try:
                self._commit(batch)
                self._outage.is_over()
                self._commits += 1
                self._commit_seconds += perf_counter() - begun
            except BaseException as error:  # noqa: BLE001 - whoever waits for the batch is told, the thread goes on
                committed = False
                self._give_up(batch, error)
        for job in batch:
            with suppress(BaseException):  # a callback of one must not keep the others from their results
                job.settle()
        return committed

    def _let_others(self) -> None:
        if self._jobs.qsize() and not self._serve(self._jobs.get()):
            raise StorageError("a commit failed meanwhile")

    def _run_alone(self, job: _Job[Any]) -> None:
        try:
            job.result = job.run(self._connection)
        except Exception as error:  # noqa: BLE001 - the end of the job: whoever waits for it is told
            job.fail(error)
        with suppress(BaseException):
            job.settle()

    def _commit(self, batch: list[_Job[Any]]) -> None:
        try:
            with self._transaction():
                for job in batch:
                    job.attempt(self._connection)
        except _JobFailed as failed:
            if len(batch) == 1 and not _line_broke(failed.error):
                batch[0].fail(failed.error)
            else:
                # Savepoints cost a job two statements more, over a network two round trips: only where one is needed.
                with self._transaction():
                    for job in batch:
                        self._attempt(job)
        for afterwards in {job.afterwards for job in batch if job.afterwards and job.error is None}:
            try:
                afterwards(self._connection)
            except Exception as error:  # noqa: BLE001 - the commit stands, whatever becomes of what follows it
                _report("failed after the commit", error)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with self._connection.begin():
                yield
        except BaseException:  # raised again, whatever the work raised
            if not self._connection.invalidated:
                self._connection.info.clear()  # what is kept there was read in what is rolled back
            raise

    def _give_up(self, batch: list[_Job[Any]], error: BaseException) -> None:
        lost = _is_away(error)
        for job in batch:
            job.error = (Unreachable if lost else StorageError)(describe(error))
            job.pending.may_yet_be = True
        with suppress(Exception):
            # A commit that failed leaves its transaction open; the next batch begins on a new connection.
            self._connection.invalidate()
        if lost:
            self._outage.goes_on(error)
        else:
            _report("commit failed", error, jobs=len(batch))

    def _attempt(self, job: _Job[Any]) -> None:
        # On the bare cursor: SQLAlchemy's own savepoints cost 40 times as much (40 us each).
        with closing(self._connection.connection.cursor()) as cursor:
            cursor.execute("SAVEPOINT job")
            try:
                job.attempt(self._connection)
            except _JobFailed as failed:
                job.fail(failed.error)
                try:
                    cursor.execute("ROLLBACK TO SAVEPOINT job")
                except Exception:  # noqa: BLE001 - the savepoint went with the transaction: tell why, not what followed
                    raise failed.error from None
            cursor.execute("RELEASE SAVEPOINT job")


def _line_broke(error: BaseException) -> bool:
    """Before the commit all of it can be done again on a new connection."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _is_away(error: BaseException) -> bool:
    """Whether it is the database's end of the line that is missing; only PostgreSQL's has another."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", "")  # none where it did not come to a conversation
    return error.connection_invalidated or state is None or state.startswith(("08", "57P"))


def _report(event: str, error: BaseException, **fields: int) -> None:
    with suppress(Exception):  # the jobs are worth more than the line about them
        log.error(event, cause=describe(error), **fields)


def describe(error: BaseException) -> str:
    """What went wrong without the SQL and its values; drivers put values on the lines after the first."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    lines = str(cause).splitlines()
    return f"{type(cause).__name__}: {lines[0] if lines else 'no details'}"
