"""Reads on connections of their own: however long one takes, commits go on meanwhile.

SQLite's WAL-reset bug (libraries before 3.51.3, sqlite.org/wal.html) needs a second connection that commits or makes a
checkpoint. These do neither: they only read.
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
"""One read that takes long does not hold up all others."""


class Reader:
    """Owns some connections, each with a thread; `close` finishes what is queued.

    They are opened at once: when something is to be read, there may be no file left to open.
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
        """Have `run` called inside a transaction that only reads, on one of the threads.

        It sees every commit whose result was there before. It may be called a second time, where the line broke.
        Raises from the result: StorageError, or what `run` raises.
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
        """Reads that have no result yet. From any thread."""
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
        with suppress(Exception):  # whoever asks first finds out, and is told
            connection = self._engine.connect()
        while (job := self._jobs.get()) is not None:
            try:
                connection = connection or self._engine.connect()
                _read(connection, job)
            except Exception as error:  # noqa: BLE001 - the end of the job: whoever waits for it is told
                job.error = (DatabaseUnreachable if is_away(error) else StorageError)(describe(error))
            with self._gate:
                self._unfinished -= 1
            with suppress(BaseException):  # a callback of whoever waits is not this thread's end
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
    """Raises: JobFailed, or what the driver raises at the beginning."""
    with connection.begin():
        job.attempt(connection)
