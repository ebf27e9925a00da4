"""Statements to PostgreSQL that share round trips: the jobs of a commit are under way at once.

In psycopg's pipeline mode a statement is sent without waiting for the one before. Each job runs as a greenlet: where it
waits for the database the next job goes on, and when all of them wait, everything is sent and received in one round
trip. The Store's code does not see it: it executes a statement and has the result. Jobs with the same ordering key run
one after the other.

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
"""Seconds after which no further job is begun in a commit: the others wait for it."""


class PipelinedConnection(psycopg.Connection[Any]):
    """A connection that begins its transactions by itself, with their first statement, and commits with their last."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._in_transaction = False
        self._mode: AbstractContextManager[psycopg.Pipeline] | None = None
        self._pipe: psycopg.Pipeline | None = None

    def start_pipelining(self) -> None:
        """From now on results are there only after `sync`."""
        if self._mode is None:
            self._mode = self.pipeline()
            self._pipe = self._mode.__enter__()

    def begin(self) -> None:
        """Before each statement of a transaction."""
        if not self._in_transaction:
            self.cursor().execute("BEGIN", prepare=False)
            self._in_transaction = True

    def sync(self) -> None:
        """Send what is queued, and wait for its results. Raises: the first error among these."""
        if self._pipe is not None:
            self._pipe.sync()

    def sync_and_commit(self) -> None:
        """The same, and commit in the same round trip where no statement failed."""
        self.cursor().execute("COMMIT", prepare=False)
        self.sync()
        self._in_transaction = False

    def commit(self) -> None:
        super().commit()
        self._in_transaction = False

    def rollback(self) -> None:
        with suppress(psycopg.Error):
            self.sync()  # of what was abandoned before its results were there
        super().rollback()
        self._in_transaction = False

    def close(self) -> None:
        mode, self._mode, self._pipe = self._mode, None, None
        if mode is not None:
            with suppress(psycopg.Error):
                mode.__exit__(None, None, None)
        super().close()


class PipelinedDialect(PGDialect_psycopg):
    """PostgreSQL by a `PipelinedConnection`, which must be in autocommit mode."""

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
    """Thrown into what waits for a result that does not come."""


class _Waiter(greenlet):
    """Something that executes statements; where it waits for the database, its parent goes on."""

    def __init__(self, batch: "Batch") -> None:
        super().__init__()
        self.batch = batch
        self.begun_by: Any = getcurrent()
        self.then_commit = False

    def pause(self, *, then_commit: bool = False) -> None:
        self.then_commit = then_commit
        self.begun_by.switch()

    def run_side_by_side(self, others: Sequence["_Waiter"], then_commit: bool) -> None:
        """Raises: what the first of the others raised that did."""
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
    """Does the jobs of one ordering key."""

    def __init__(self, batch: "Batch", jobs: Sequence[Job[Any]]) -> None:
        super().__init__(batch)
        self._waiting = list(jobs)[::-1]
        self.job = self._waiting[-1]

    def run(self) -> None:
        """Raises: JobFailed."""
        while self._waiting and not self.batch.is_late():
            self.job = self._waiting.pop()
            self.job.begun = True
            self.job.attempt(self.batch.connection)
        self.batch.left.extend(reversed(self._waiting))

    def ends_with_this(self) -> bool:
        """Whether nothing follows what it waits for, as far as is known."""
        return self.then_commit and (not self._waiting or self.batch.is_late())


class Batch(Attempt):
    """Jobs of one transaction. Its result is as if they had run one after the other, whoever shares a key in order.

    Where all of them wait for what they call their last statement, the commit is sent with it. What one of them
    executes after that is in a transaction of its own.
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
        """Whether no further job is to be begun; the first one is in any case."""
        if not self._late and any(job.begun for job in self.jobs):
            self._late = perf_counter() - self._began_at > LONGEST
        return self._late

    def wait(self, waiter: _Waiter, cursor: "psycopg.Cursor[Any]", *, then_commit: bool) -> None:
        """Until there is the result of what was executed just now."""
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
        """One round trip. Raises: JobFailed, DBAPIError (the commit failed)."""
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
        """Raises: JobFailed, DBAPIError (whether it is committed is not known, or nobody's statement failed)."""
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
        raise JobFailed(error, _worker_of(failed).job)  # it went on, in a transaction that is none any more


def _has_result(cursor: "psycopg.Cursor[Any]") -> bool:
    return cursor.pgresult is not None or cursor.statusmessage is not None  # `executemany` keeps only the latter


def _phases(jobs: Sequence[Job[Any]]) -> list[list[list[Job[Any]]]]:
    """What may be under way at once; a job without an ordering key is alone."""
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
        if waiter:  # it has begun, and not ended
            with suppress(_Abandoned, JobFailed, DBAPIError):
                waiter.throw(_Abandoned)
