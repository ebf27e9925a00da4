"""The writer: one connection and one thread that commit many jobs at a time.

A durable commit costs a flush to disk. The jobs that queue up during one flush share the next one. Measured: 40 to 70
times faster on SQLite than one commit per job. Read-only work uses other connections (see `reader`).
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import monotonic, perf_counter
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from imposter.contracts.errors import DatabaseUnreachable, StorageError
from imposter.storage.database.jobs import AWAY, Job, JobFailed, Pending, attempt_at, describe, line_broke, trouble_with

log = structlog.get_logger()

TELL_AGAIN = 10.0
"""Seconds until the log repeats that the database is unreachable; the interval then doubles."""
TELL_AT_LEAST = 600.0
PROVE_EVERY = 2.0
"""Seconds between attempts to store something in a database that failed to store data."""
_TOLD = {AWAY: "the database cannot be reached: nothing is stored or answered until it is back"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Activity:
    """The writer's activity; counts start when the writer does."""

    waiting: int
    """Jobs whose commit has not started."""
    commits: int
    commit_seconds: float
    """The total duration of all commits."""
    failed_commits: int
    trouble: str | None
    """Why nothing can be stored at the moment, as a sentence for the operator; None if there is no problem."""
    trouble_seconds: float
    """The duration of the trouble."""
    reading: int = 0
    """Reads without a result yet."""


class TroubleLog:
    """Logs that the database stores nothing: at first, then at growing intervals, and when it is over.

    All writers to a database share it.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._tell_at = 0.0

    def still_in_trouble(self, trouble: str, cause: str) -> None:
        now = monotonic()
        if self._since is None:
            self._since = self._tell_at = now
        if now < self._tell_at:
            return
        away = now - self._since
        self._tell_at = now + min(max(TELL_AGAIN, away), TELL_AT_LEAST)
        with suppress(Exception):  # a logging error must not affect the jobs
            log.error(_TOLD.get(trouble, trouble), cause=cause, seconds=round(away))

    def is_over(self) -> None:
        if self._since is None:
            return
        away, self._since = monotonic() - self._since, None
        with suppress(Exception):
            log.warning("the database is back", seconds=round(away, 1))


class Writer:
    """The owner of the writing connection. `close` finishes the queued jobs and then closes the connection."""

    def __init__(
        self,
        connection: Connection,
        trouble_log: TroubleLog | None = None,
        name: str = "store-writer",
        prove: Callable[[Connection], None] | None = None,
    ) -> None:
        """Start the writer. `prove` writes a small value; a successful commit of it proves that data can be stored."""
        self._connection = connection
        self._jobs: SimpleQueue[Job[Any] | None] = SimpleQueue()
        self._gate = Lock()
        self._closed = False
        self._alone: deque[Job[Any]] = deque()
        self._left: list[Job[Any]] = []
        """Jobs for which the previous commit had no time."""
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
        ordering_key: str | None = None,
        *,
        afterwards: Callable[[Connection], None] | None = None,
        behind: Pending[Any] | None = None,
    ) -> Pending[T]:
        """Call `run` in a transaction on the writer's thread. It must be fast and must not wait for anything.

        `run` is called a second time if the first transaction was rolled back because of another job in it.

        Jobs run in the order of their submission. Jobs with different `ordering_key`s may run concurrently. That is
        safe if neither reads data that the other changes, as with the ids of two bots.

        `afterwards` is called after the commit, outside any transaction and before the result is set. Its errors are
        only logged, because the commit is final.

        If the job `behind`, submitted earlier, is not stored for a reason that may be temporary, this job is not stored
        either. Callers can then submit both again and keep their order.
        """
        return self._put(Job(run, Pending(), afterwards, behind, ordering_key))

    def submit_alone(self, run: Callable[[Connection, Callable[[], None]], T]) -> Pending[T]:
        """Call `run` outside any transaction; for long work.

        Between its steps, `run` must call the function that it is given, which serves the waiting jobs. That function
        raises StorageError if one of their commits failed, because the connection is then a new one.
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
        """Return the current activity. May be called from any thread."""
        return Activity(
            self._jobs.qsize(),
            self._commits,
            self._commit_seconds,
            self._failed_commits,
            self._trouble,
            perf_counter() - self._troubled_at,
        )

    def proof(self) -> Pending[None]:
        """Prove that data can be stored, with a separate commit unless one has just succeeded.

        Raises from the result: StorageError.
        """
        if self._prove is None or (self._trouble is None and perf_counter() - self._proved_at < PROVE_EVERY):
            pending: Pending[None] = Pending()
            pending.set_result(None)
            return pending
        return self.submit(self._prove)

    def stuck_for(self) -> float:
        """Return the seconds since the current commit started; 0.0 if there is none. May be called from any thread."""
        begun = self._begun_at
        return 0.0 if begun is None else perf_counter() - begun

    def close(self) -> None:
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while not self._ended or self._left:
            self._serve(self._next())
            while self._alone:
                self._run_alone(self._alone.popleft())
        self._connection.close()

    def _next(self) -> list[Job[Any] | None]:
        """Return the jobs to do, at least one. None marks the end."""
        first: list[Job[Any] | None] = [*self._left]
        if not first:
            try:
                first.append(self._jobs.get(timeout=None if self._trouble is None else PROVE_EVERY))
            except Empty:
                first.append(self._proving())
        self._left = []
        return first

    def _serve(self, first: Sequence[Job[Any] | None]) -> bool:
        """Commit `first` together with all jobs queued after it. Return False if the commit failed."""
        queued = [*first, *(self._jobs.get() for _ in range(self._jobs.qsize()))]
        self._ended = self._ended or queued[-1] is None  # nothing is queued after the end marker
        self._alone.extend(job for job in queued if job is not None and job.alone)
        batch = [job for job in queued if job is not None and not job.alone]
        if batch and batch[0].suspect:
            batch, self._left = batch[:1], batch[1:]
        kept, committed = self._left, True
        if batch and self._trouble and perf_counter() - self._proved_at > PROVE_EVERY:
            batch.append(self._proving())
        if batch:
            begun = self._begun_at = perf_counter()
            try:
                self._commit(batch)
                self._look_at(batch)
                self._commits += 1
                self._commit_seconds += perf_counter() - begun
            except BaseException as error:  # noqa: BLE001 - all jobs of the batch get the error; the thread goes on
                committed = False
                self._give_up(batch, error)
            finally:
                self._begun_at = None
        left = set(map(id, self._left))
        self._left += kept
        for job in batch:
            if id(job) not in left:
                with suppress(BaseException):  # a failing callback must not keep other jobs from their results
                    job.settle()
        return committed

    def _proving(self) -> Job[None]:
        return Job(self._prove or _nothing, Pending())

    def _look_at(self, batch: list[Job[Any]]) -> None:
        """Update the trouble state after a commit.

        A commit that only read data proves that the database is reachable, but not that its disk works.
        """
        failed = next((job for job in batch if job.trouble), None)
        if failed is not None and failed.trouble:
            self._enter_trouble(failed.trouble, str(failed.error))
            return
        proved = any(job.run is self._prove and job.error is None for job in batch)
        if proved:
            self._proved_at = perf_counter()
        if proved or self._trouble in (None, AWAY):
            self._trouble = None
            self._trouble_log.is_over()

    def _enter_trouble(self, trouble: str, cause: str) -> None:
        self._failed_commits += 1
        self._troubled_at = perf_counter() if self._trouble is None else self._troubled_at
        self._trouble = trouble
        self._proved_at = perf_counter()
        self._trouble_log.still_in_trouble(trouble, cause)

    def _let_others(self) -> None:
        if (self._left or self._jobs.qsize()) and not self._serve(self._next()):
            raise StorageError("a commit failed meanwhile")

    def _run_alone(self, job: Job[Any]) -> None:
        try:
            job.result = job.run(self._connection)
        except Exception as error:  # noqa: BLE001 - the error becomes the job's result
            job.fail(error)
        with suppress(BaseException):
            job.settle()

    def _commit(self, batch: list[Job[Any]]) -> None:
        todo, later = [*batch], list[Job[Any]]()
        while todo:
            try:
                self._attempt_all(todo)
            except JobFailed as failed:
                todo, after = _around(failed, todo)
                later[:0] = after
            else:
                todo = []
            later[:0] = self._left
        self._left = later
        done = [job for job in batch if job.error is None and not any(job is other for other in later)]
        for afterwards in {job.afterwards for job in done if job.afterwards}:
            try:
                afterwards(self._connection)
            except Exception as error:  # noqa: BLE001 - the commit is final, whatever happens after it
                _report("failed after the commit", error)

    def _attempt_all(self, batch: Sequence[Job[Any]]) -> None:
        """Run the batch in one transaction. Raises: JobFailed."""
        self._left = []
        with self._transaction():
            attempt = attempt_at(self._connection, batch)
            attempt.run()
        self._left = attempt.left

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with self._connection.begin():
                yield
        except BaseException:  # raised again for any error of the jobs
            if not self._connection.invalidated:
                self._connection.info.clear()  # its caches hold rows that are rolled back
            raise

    def _give_up(self, batch: list[Job[Any]], error: BaseException) -> None:
        trouble = trouble_with(error)
        for job in batch:
            if not job.durable:
                job.error = (DatabaseUnreachable if trouble == AWAY else StorageError)(describe(error))
                job.pending.may_yet_be = True
        with suppress(Exception):
            # A failed commit leaves its transaction open. The next batch starts on a new connection.
            self._connection.invalidate()
        if trouble:
            self._enter_trouble(trouble, describe(error))
        else:
            self._failed_commits += 1
            _report("commit failed", error, jobs=len(batch))


def _around(failed: JobFailed, batch: Sequence[Job[Any]]) -> tuple[list[Job[Any]], list[Job[Any]]]:
    """Return the jobs to attempt again, and the jobs to do after those.

    Jobs that failed for good have their error set.
    """
    culprit = failed.job
    for job in batch:
        if job.cut and not job.durable:
            job.fail(failed.error if job is culprit else StorageError("only its first part is stored"))
    rest = [job for job in batch if not job.durable and not job.cut]
    at = next((index for index, job in enumerate(rest) if job is culprit), len(rest))
    before, after = rest[:at], rest[at + 1 :]
    if not culprit.cut:
        # Another job may be at fault, or a broken connection. The job gets its own commit to find out.
        if (
            culprit.suspect
            or not isinstance(failed.error, SQLAlchemyError)
            or (len(batch) == 1 and not line_broke(failed.error))
        ):
            culprit.fail(failed.error)
        else:
            culprit.suspect = True
            after.insert(0, culprit)
    return before, after


def _nothing(_: Connection) -> None:
    """Do nothing. Used to test only whether the database is reachable."""


def _report(event: str, error: BaseException, **fields: int) -> None:
    with suppress(Exception):  # a logging error must not affect the jobs
        log.error(event, cause=describe(error), **fields)
