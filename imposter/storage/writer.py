"""One connection that commits, one thread, many jobs to a commit.

A durable commit costs a flush to disk; the jobs that queue up during one flush share the next. Measured 40 to 70
times faster on SQLite than one commit a job. What only reads goes by other connections (`reader`).
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import monotonic, perf_counter
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection

from imposter.contracts.errors import StorageError, Unreachable
from imposter.storage.jobs import AWAY, Job, JobFailed, Pending, describe, line_broke, trouble_with

log = structlog.get_logger()

TELL_AGAIN = 10.0
"""Seconds after which the log is told once more that the database is away; then when that time has doubled."""
TELL_AT_LEAST = 600.0
PROVE_EVERY = 2.0
"""Seconds: as often the writer tries whether a database that took nothing takes something again."""
_TOLD = {AWAY: "the database cannot be reached: nothing is stored or answered until it is back"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Activity:
    """How busy the writer is; counts since it began."""

    waiting: int
    """Jobs whose commit has not begun."""
    commits: int
    commit_seconds: float
    """That all of them took."""
    failed_commits: int
    trouble: str | None
    """Why nothing is stored now, in a sentence for whoever looks after the server; None: all is well."""
    trouble_seconds: float
    """For how long that has been so."""
    reading: int = 0
    """Reads that have no result yet."""


class TroubleLog:
    """Tells the log of a database that takes nothing: once, then ever more seldom, and when it is over.

    Writers to one database share it.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._tell_at = 0.0

    def goes_on(self, trouble: str, cause: str) -> None:
        now = monotonic()
        if self._since is None:
            self._since = self._tell_at = now
        if now < self._tell_at:
            return
        away = now - self._since
        self._tell_at = now + min(max(TELL_AGAIN, away), TELL_AT_LEAST)
        with suppress(Exception):  # the jobs are worth more than the line about them
            log.error(_TOLD.get(trouble, trouble), cause=cause, seconds=round(away))

    def is_over(self) -> None:
        if self._since is None:
            return
        away, self._since = monotonic() - self._since, None
        with suppress(Exception):
            log.warning("the database is back", seconds=round(away, 1))


class Writer:
    """Owns the connection; `close` finishes what is queued, then closes it."""

    def __init__(
        self,
        connection: Connection,
        trouble_log: TroubleLog | None = None,
        name: str = "store-writer",
        prove: Callable[[Connection], None] | None = None,
    ) -> None:
        """`prove` writes something small: whether that can be committed proves that the database takes something."""
        self._connection = connection
        self._jobs: SimpleQueue[Job[Any] | None] = SimpleQueue()
        self._gate = Lock()
        self._closed = False
        self._alone: deque[Job[Any]] = deque()
        self._ended = False
        self._trouble_log = trouble_log or TroubleLog()
        self._commits = 0
        self._commit_seconds = 0.0
        self._failed_commits = 0
        self._trouble: str | None = None
        self._troubled_at = perf_counter()
        self._prove = prove
        self._proved_at = perf_counter()
        self._begun_at: float | None = None
        self._thread = Thread(target=self._run, name=name, daemon=True)
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
        return self._put(Job(run, Pending(), afterwards, behind))

    def submit_alone(self, run: Callable[[Connection, Callable[[], None]], T]) -> Pending[T]:
        """Have `run` called outside any transaction; for what takes long.

        Between its steps it calls what it is handed, and whoever waits gets their turn. That raises StorageError when
        one of their commits failed: the connection is another from then on.
        """
        return self._put(Job(lambda connection: run(connection, self._let_others), Pending(), alone=True))

    def _put(self, job: Job[T]) -> Pending[T]:
        with self._gate:
            if self._closed:
                job.pending.set_exception(StorageError("the store is closed"))
            else:
                self._jobs.put(job)
        return job.pending

    def activity(self) -> Activity:
        """From any thread."""
        return Activity(
            self._jobs.qsize(),
            self._commits,
            self._commit_seconds,
            self._failed_commits,
            self._trouble,
            perf_counter() - self._troubled_at,
        )

    def proof(self) -> Pending[None]:
        """That something can be stored: a commit of its own, unless one was made just now.

        Raises from the result: StorageError.
        """
        if self._prove is None or (self._trouble is None and perf_counter() - self._proved_at < PROVE_EVERY):
            pending: Pending[None] = Pending()
            pending.set_result(None)
            return pending
        return self.submit(self._prove)

    def stuck_for(self) -> float:
        """Seconds since the commit began that is under way; 0.0 where none is. From any thread."""
        begun = self._begun_at
        return 0.0 if begun is None else perf_counter() - begun

    def close(self) -> None:
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while not self._ended:
            try:
                first = self._jobs.get(timeout=None if self._trouble is None else PROVE_EVERY)
            except Empty:
                first = self._proving()
            self._serve(first)
            while self._alone:
                self._run_alone(self._alone.popleft())
        self._connection.close()

    def _serve(self, first: Job[Any] | None) -> bool:
        """Commit `first` with all that has queued up behind it; False if the commit failed."""
        queued = [first, *(self._jobs.get() for _ in range(self._jobs.qsize()))]
        self._ended = self._ended or queued[-1] is None  # nothing is put behind the end
        self._alone.extend(job for job in queued if job is not None and job.alone)
        batch = [job for job in queued if job is not None and not job.alone]
        committed = True
        if batch and self._trouble and perf_counter() - self._proved_at > PROVE_EVERY:
            batch.append(self._proving())
        if batch:
            begun = self._begun_at = perf_counter()
            try:
                self._commit(batch)
                self._look_at(batch)
                self._commits += 1
                self._commit_seconds += perf_counter() - begun
            except BaseException as error:  # noqa: BLE001 - whoever waits for the batch is told, the thread goes on
                committed = False
                self._give_up(batch, error)
            finally:
                self._begun_at = None
        for job in batch:
            with suppress(BaseException):  # a callback of one must not keep the others from their results
                job.settle()
        return committed

    def _proving(self) -> Job[None]:
        return Job(self._prove or _nothing, Pending())

    def _look_at(self, batch: list[Job[Any]]) -> None:
        """What was committed may only have been read: that tells that the database is there, and not of its disk."""
        failed = next((job for job in batch if job.trouble), None)
        if failed is not None and failed.trouble:
            self._fall_into(failed.trouble, str(failed.error))
            return
        proved = any(job.run is self._prove and job.error is None for job in batch)
        if proved:
            self._proved_at = perf_counter()
        if proved or self._trouble in (None, AWAY):
            self._trouble = None
            self._trouble_log.is_over()

    def _fall_into(self, trouble: str, cause: str) -> None:
        self._failed_commits += 1
        self._troubled_at = perf_counter() if self._trouble is None else self._troubled_at
        self._trouble = trouble
        self._proved_at = perf_counter()
        self._trouble_log.goes_on(trouble, cause)

    def _let_others(self) -> None:
        if self._jobs.qsize() and not self._serve(self._jobs.get()):
            raise StorageError("a commit failed meanwhile")

    def _run_alone(self, job: Job[Any]) -> None:
        try:
            job.result = job.run(self._connection)
        except Exception as error:  # noqa: BLE001 - the end of the job: whoever waits for it is told
            job.fail(error)
        with suppress(BaseException):
            job.settle()

    def _commit(self, batch: list[Job[Any]]) -> None:
        try:
            with self._transaction():
                for job in batch:
                    job.attempt(self._connection)
        except JobFailed as failed:
            if len(batch) == 1 and not line_broke(failed.error):
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

    def _give_up(self, batch: list[Job[Any]], error: BaseException) -> None:
        trouble = trouble_with(error)
        for job in batch:
            job.error = (Unreachable if trouble == AWAY else StorageError)(describe(error))
            job.pending.may_yet_be = True
        with suppress(Exception):
            # A commit that failed leaves its transaction open; the next batch begins on a new connection.
            self._connection.invalidate()
        if trouble:
            self._fall_into(trouble, describe(error))
        else:
            self._failed_commits += 1
            _report("commit failed", error, jobs=len(batch))

    def _attempt(self, job: Job[Any]) -> None:
        # On the bare cursor: SQLAlchemy's own savepoints cost 40 times as much (40 us each).
        with closing(self._connection.connection.cursor()) as cursor:
            cursor.execute("SAVEPOINT job")
            try:
                job.attempt(self._connection)
            except JobFailed as failed:
                job.fail(failed.error)
                try:
                    cursor.execute("ROLLBACK TO SAVEPOINT job")
                except Exception:  # noqa: BLE001 - the savepoint went with the transaction: tell why, not what followed
                    raise failed.error from None
            cursor.execute("RELEASE SAVEPOINT job")


def _nothing(_: Connection) -> None:
    """For a database whose trouble is only whether it is there."""


def _report(event: str, error: BaseException, **fields: int) -> None:
    with suppress(Exception):  # the jobs are worth more than the line about them
        log.error(event, cause=describe(error), **fields)
