"""Pipelining for PostgreSQL: the jobs of a commit run concurrently and share round trips.

In psycopg's pipeline mode, a statement is sent without waiting for the results of earlier ones. Each job runs as a
greenlet. When a job waits for the database, the next job runs; when all of them wait, their statements are sent and the
results received in one round trip. The Store's code is unaware of this: it executes a statement and gets the result.
Jobs with the same ordering key run one after the other.

https://www.psycopg.org/psycopg3/docs/advanced/pipeline.html
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import groupby
from time import perf_counter
from typing import Any

import psycopg
from greenlet import getcurrent, greenlet
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError

from imposter.storage.database.jobs import Attempt, Job, JobFailed

LONGEST = 0.1
"""Seconds after which a commit starts no further jobs, because its earlier jobs wait for the commit."""


class PipelinedConnection(psycopg.Connection[Any]):
    """A connection that sends BEGIN with a transaction's first statement and can send COMMIT with the last one."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._in_transaction = False
        self._mode: AbstractContextManager[psycopg.Pipeline] | None = None
        self._pipe: psycopg.Pipeline | None = None

    def start_pipelining(self) -> None:
        """Enter pipeline mode. From then on, results are only available after `sync`."""
        if self._mode is None:
            self._mode = self.pipeline()
            self._pipe = self._mode.__enter__()

    def begin(self) -> None:
        """Begin a transaction if none is open. Call it before each statement."""
        if not self._in_transaction:
            self.cursor().execute("BEGIN", prepare=False)
            self._in_transaction = True

    def sync(self) -> None:
        """Send the queued statements and wait for their results. Raises: the first error among the results."""
        if self._pipe is not None:
            self._pipe.sync()

    def sync_and_commit(self) -> None:
        """Do the same as `sync`, and commit in the same round trip unless a statement failed."""
        self.cursor().execute("COMMIT", prepare=False)
        self.sync()
        self._in_transaction = False

    def commit(self) -> None:
        super().commit()
        self._in_transaction = False

    def rollback(self) -> None:
        with suppress(psycopg.Error):
            self.sync()  # reads the results of abandoned statements
        super().rollback()
        self._in_transaction = False

    def close(self) -> None:
        mode, self._mode, self._pipe = self._mode, None, None
        if mode is not None:
            with suppress(psycopg.Error):
                mode.__exit__(None, None, None)
        super().close()


class PipelinedDialect(PGDialect_psycopg):
    """The SQLAlchemy dialect for a `PipelinedConnection`, which must be in autocommit mode."""

    supports_statement_cache = True

    def connect(self, *arguments: Any, **named: Any) -> DBAPIConnection:
        made: Any = PipelinedConnection.connect(*arguments, **named)
        connection: DBAPIConnection = made
        return connection

    def do_execute(self, cursor: Any, statement: Any, parameters: Any, context: Any = None) -> None:
        cursor.connection.begin()
        cursor.execute(statement, parameters)
        self._await(cursor, context)

    def do_executemany(self, cursor: Any, statement: Any, parameters: Any, context: Any = None) -> None:
        cursor.connection.begin()
        cursor.executemany(statement, parameters)
        self._await(cursor, context)

    def do_execute_no_params(self, cursor: Any, statement: Any, context: Any = None) -> None:
        self.do_execute(cursor, statement, None, context)

    def execute_together(self, calls: Sequence[Callable[[], Any]], then_commit: bool) -> list[Any]:
        """See `round_trips.execute_together`."""
        current = getcurrent()
        if not isinstance(current, _Waiter):
            return [call() for call in calls]
        statements = [_Statement(current.batch, call) for call in calls]
        current.run_side_by_side(statements, then_commit)
        return [each.result for each in statements]

    def attempt(self, connection: Connection, jobs: Sequence[Job[Any]]) -> Attempt:
        """See `jobs.Attempt`."""
        return Batch(connection, jobs)

    def _await(self, cursor: Any, context: Any) -> None:
        current = getcurrent()
        if isinstance(current, _Waiter):
            current.batch.wait(current, cursor, then_commit=bool(context.execution_options.get("then_commit")))
        else:
            cursor.connection.sync()


class _Abandoned(Exception):
    """Raised in a greenlet whose awaited result will not arrive."""


class _Waiter(greenlet):
    """A greenlet that executes statements. While it waits for the database, its parent continues."""

    def __init__(self, batch: "Batch") -> None:
        super().__init__()
        self.batch = batch
        self.begun_by: Any = getcurrent()
        self.then_commit = False

    def pause(self, *, then_commit: bool = False) -> None:
        self.then_commit = then_commit
        self.begun_by.switch()

    def run_side_by_side(self, others: Sequence["_Waiter"], then_commit: bool) -> None:
        """Run the other greenlets concurrently until all are done. Raises: the first error of any of them."""
        try:
            for each in others:
                each.switch()
            while waiting := [each for each in others if not each.dead]:
                self.pause(then_commit=then_commit)
                for each in waiting:
                    each.switch()
        finally:
            _abandon(others)


class _Statement(_Waiter):
    def __init__(self, batch: "Batch", call: Callable[[], Any]) -> None:
        super().__init__(batch)
        self._call = call
        self.result: Any = None

    def run(self) -> None:
        self.result = self._call()


class _Worker(_Waiter):
    """A greenlet that runs the jobs of one ordering key."""

    def __init__(self, batch: "Batch", jobs: Sequence[Job[Any]]) -> None:
        super().__init__(batch)
        self._waiting = list(jobs)[::-1]
        self.job = self._waiting[-1]

    def run(self) -> None:
        """Run the jobs. Raises: JobFailed."""
        while self._waiting and not self.batch.is_late():
            self.job = self._waiting.pop()
            self.job.begun = True
            self.job.attempt(self.batch.connection)
        self.batch.left.extend(reversed(self._waiting))

    def ends_with_this(self) -> bool:
        """Return whether, as far as is known, no statement follows the one that it waits for."""
        return self.then_commit and (not self._waiting or self.batch.is_late())


class Batch(Attempt):
    """The jobs of one transaction. The result is the same as if jobs with the same key had run in order.

    When all jobs wait for their marked last statement, the commit is sent together with it. Any statements that a job
    executes after that run in a transaction of their own.
    """

    def __init__(self, connection: Connection, jobs: Sequence[Job[Any]]) -> None:
        super().__init__(connection, jobs)
        self._raw: PipelinedConnection = connection.connection.driver_connection  # type: ignore[assignment]  # ours
        self._raw.start_pipelining()
        for job in jobs:
            job.begun = False
        self._queue: list[tuple[_Waiter, psycopg.Cursor[Any]]] = []
        self._began_at = perf_counter()
        self._late = False
        self._committed = False

    def run(self) -> None:
        phases = _phases(self.jobs)
        while phases:
            phase = phases.pop(0)
            self._run_phase([_Worker(self, group) for group in phase], is_last=not phases)
            if self.is_late():
                self.left.extend(job for phase in phases for group in phase for job in group)
                return

    def is_late(self) -> bool:
        """Return whether no further job may start. The first job always starts."""
        if not self._late and any(job.begun for job in self.jobs):
            self._late = perf_counter() - self._began_at > LONGEST
        return self._late

    def wait(self, waiter: _Waiter, cursor: "psycopg.Cursor[Any]", *, then_commit: bool) -> None:
        """Wait for the result of the statement that was just executed."""
        self._queue.append((waiter, cursor))
        if self._committed:
            job = _worker_of(waiter).job
            job.durable, job.cut = False, True
        waiter.pause(then_commit=then_commit)

    def _run_phase(self, workers: Sequence[_Worker], *, is_last: bool) -> None:
        try:
            for worker in workers:
                worker.switch()
            while waiting := [worker for worker in workers if not worker.dead]:
                self._cross(waiting, is_last=is_last)
                for worker in waiting:
                    worker.switch()
        finally:
            _abandon(workers)

    def _cross(self, waiting: Sequence[_Worker], *, is_last: bool) -> None:
        """Make one round trip. Raises: JobFailed, DBAPIError (the commit failed)."""
        commits = (is_last or self.is_late()) and all(worker.ends_with_this() for worker in waiting)
        try:
            if commits:
                self._raw.sync_and_commit()
            else:
                self._raw.sync()
        except psycopg.Error as error:
            self._fail(error, commits=commits)
        self._queue.clear()
        if commits:
            self._committed = True
            for job in self.jobs:
                job.durable = job.begun

    def _fail(self, error: psycopg.Error, *, commits: bool) -> None:
        """Pass an error on to its statement.

        Raises: JobFailed, DBAPIError (it is unknown whether the commit succeeded, or no statement failed).
        """
        failed = next((waiter for waiter, cursor in self._queue if not _has_result(cursor)), None)
        if failed is None or (commits and (self._raw.closed or self._raw.broken)):
            raise DBAPIError.instance(
                "COMMIT",
                None,
                error,
                psycopg.Error,
                hide_parameters=True,
                connection_invalidated=self._raw.closed or self._raw.broken,
                dialect=self.connection.dialect,
            ) from None
        failed.throw(error)
        raise JobFailed(error, _worker_of(failed).job)  # the job caught the error, but its transaction is aborted


def _has_result(cursor: "psycopg.Cursor[Any]") -> bool:
    return cursor.pgresult is not None or cursor.statusmessage is not None  # `executemany` sets only the latter


def _phases(jobs: Sequence[Job[Any]]) -> list[list[list[Job[Any]]]]:
    """Group jobs into phases whose jobs may run concurrently. A job without an ordering key gets its own phase."""
    phases: list[list[list[Job[Any]]]] = []
    for has_key, some in groupby(jobs, lambda job: job.ordering_key is not None):
        if not has_key:
            phases += [[[job]] for job in some]
            continue
        groups: dict[str | None, list[Job[Any]]] = {}
        for job in some:
            groups.setdefault(job.ordering_key, []).append(job)
        phases.append([*groups.values()])
    return phases


def _worker_of(waiter: _Waiter) -> _Worker:
    return waiter if isinstance(waiter, _Worker) else _worker_of(waiter.begun_by)


def _abandon(waiters: Sequence[_Waiter]) -> None:
    for waiter in waiters:
        if waiter:  # true while it has started and not ended
            with suppress(_Abandoned, JobFailed, DBAPIError):
                waiter.throw(_Abandoned)
