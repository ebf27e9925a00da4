"""Reads on separate connections, so that a slow read does not delay commits.

SQLite's WAL-reset bug (libraries before 3.51.3, sqlite.org/wal.html) needs a second connection that commits or makes a
checkpoint. These connections only read, so they do not trigger it.
"""

from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from imposter.contracts.errors import DatabaseUnreachable, StorageError
from imposter.storage.database.jobs import Job, JobFailed, Pending, describe, is_away, line_broke

T = TypeVar("T")

CONNECTIONS = 2
"""More than one, so that a slow read does not delay all others."""


class Reader:
    """The owner of the read-only connections, one per thread. `close` finishes the queued reads.

    The connections are opened at once, because the database file may be gone by the time of the first read.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: SimpleQueue[Job[Any] | None] = SimpleQueue()
        self._gate = Lock()
        self._closed = False
        self._unfinished = 0
        names = [f"store-reader-{number}" for number in range(1, CONNECTIONS + 1)]
        self._threads = [Thread(target=self._run, name=name, daemon=True) for name in names]
        for thread in self._threads:
            thread.start()

    def submit(self, run: Callable[[Connection], T]) -> Pending[T]:
        """Call `run` in a read-only transaction on one of the threads.

        It sees all commits whose results were available before. It may be called twice if the connection broke.
        Raises from the result: StorageError, or an error of `run`.
        """
        job = Job(run, Pending())
        with self._gate:
            if self._closed:
                job.pending.set_exception(StorageError("the store is closed"))
                return job.pending
            self._unfinished += 1
            self._jobs.put(job)
        return job.pending

    @property
    def unfinished(self) -> int:
        """The number of reads without a result. May be read from any thread."""
        return self._unfinished

    def close(self) -> None:
        with self._gate:
            if not self._closed:
                self._closed = True
                for _ in self._threads:
                    self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        connection: Connection | None = None
        with suppress(Exception):  # the first read gets the error
            connection = self._engine.connect()
        while (job := self._jobs.get()) is not None:
            try:
                connection = connection or self._engine.connect()
                _read(connection, job)
            except Exception as error:  # noqa: BLE001 - the error becomes the job's result
                job.error = (DatabaseUnreachable if is_away(error) else StorageError)(describe(error))
            with self._gate:
                self._unfinished -= 1
            with suppress(BaseException):  # a failing callback must not end this thread
                job.settle()
        if connection is not None:
            connection.close()


def _read(connection: Connection, job: Job[Any]) -> None:
    try:
        _attempt(connection, job)
    except JobFailed as failed:
        if not line_broke(failed.error):
            job.fail(failed.error)
            return
        try:
            _attempt(connection, job)
        except JobFailed as again:
            job.fail(again.error)


def _attempt(connection: Connection, job: Job[Any]) -> None:
    """Run the job in a transaction. Raises: JobFailed, or the driver's error at the start of the transaction."""
    with connection.begin():
        job.attempt(connection)
