"""One connection, one thread, many jobs to a commit."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from errno import ENOSPC
from io import StringIO
from pathlib import Path
from threading import Event, get_ident
from time import monotonic

import pytest
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from imposter.contracts.errors import StorageError
from imposter.storage.database.engine import open_engine
from imposter.storage.database.jobs import Pending
from imposter.storage.database.writer import Writer
from tests.timeouts import FACT


@pytest.fixture
def writer(database: str | None, tmp_path: Path) -> Iterator[Writer]:
    with closing(Writer(open_engine(database, tmp_path).connect())) as writer:
        writer.submit(lambda connection: execute(connection, "CREATE TABLE word (text VARCHAR UNIQUE)")).result()
        yield writer


def execute(connection: Connection, sql: str) -> None:
    connection.exec_driver_sql(sql)


def write(writer: Writer, word: str) -> Pending[None]:
    return writer.submit(lambda connection: execute(connection, f"INSERT INTO word VALUES ('{word}')"))


def words(writer: Writer) -> list[str]:
    query = "SELECT text FROM word ORDER BY text"
    return writer.submit(lambda connection: list(connection.exec_driver_sql(query).scalars())).result(FACT)


class Held:
    """Holds the writer up, so that what is submitted meanwhile shares one commit."""

    def __init__(self, writer: Writer) -> None:
        self._go = Event()
        started = Event()

        def job(connection: Connection) -> None:
            started.set()
            assert self._go.wait(FACT)

        self._pending = writer.submit(job)
        assert started.wait(FACT)

    def stop_immediately(self) -> None:
        self._go.set()
        self._pending.result(FACT)


def test_a_job_that_fails_does_not_hurt_the_others_in_its_commit(writer: Writer) -> None:
    def half_done(connection: Connection) -> None:
        execute(connection, "INSERT INTO word VALUES ('half')")
        raise ZeroDivisionError

    held = Held(writer)
    before, broken, twice, after = (
        write(writer, "before"),
        writer.submit(half_done),
        write(writer, "before"),
        write(writer, "after"),
    )
    held.stop_immediately()
    assert (before.result(FACT), after.result(FACT)) == (None, None)
    with pytest.raises(ZeroDivisionError):
        broken.result(FACT)
    with pytest.raises(StorageError, match=r"(?i)unique"):
        twice.result(FACT)
    assert words(writer) == ["after", "before"]


def test_when_the_commit_fails_every_job_of_it_fails_and_the_next_one_works(writer: Writer) -> None:
    writer.submit(
        lambda connection: execute(
            connection, "CREATE TABLE child (text VARCHAR REFERENCES word (text) DEFERRABLE INITIALLY DEFERRED)"
        )
    ).result(FACT)

    def breaks_at_commit(connection: Connection) -> None:
        execute(connection, "INSERT INTO child VALUES ('orphan')")

    held = Held(writer)
    good, bad = write(writer, "good"), writer.submit(breaks_at_commit)
    held.stop_immediately()
    for pending in (good, bad):
        with pytest.raises(StorageError, match=r"(?i)foreign key"):
            pending.result(FACT)
    write(writer, "next").result(FACT)
    assert words(writer) == ["next"]


class FullDisk(StringIO):
    """Standard error on a disk without room."""

    def write(self, text: str) -> int:
        raise OSError(ENOSPC, "No space left on device")


@pytest.fixture
def no_log() -> Iterator[None]:
    """Whoever logs fails."""
    disk = FullDisk()
    structlog.configure(logger_factory=lambda *_names: structlog.WriteLogger(disk))
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("no_log")
@pytest.mark.parametrize("end", [OperationalError("", None, Exception("disk I/O error")), SystemExit(), MemoryError()])
def test_a_commit_that_fails_ends_no_thread_even_if_it_cannot_be_logged(writer: Writer, end: BaseException) -> None:
    def breaks(connection: Connection) -> None:
        connection.exec_driver_sql("ROLLBACK")  # as SQLite does by itself when the disk is full
        raise end

    held = Held(writer)
    good, bad = write(writer, "good"), writer.submit(breaks)
    held.stop_immediately()
    with pytest.raises((StorageError, MemoryError)):
        bad.result(FACT)
    assert good.exception(FACT) is None or isinstance(good.exception(), StorageError)
    write(writer, "next").result(FACT)
    assert words(writer) == ["next"] if good.exception() else ["good", "next"]


def test_a_callback_that_ends_its_thread_does_not_end_the_writer_s(writer: Writer) -> None:
    def leave(pending: Future[None]) -> None:
        raise SystemExit

    held = Held(writer)
    first, second = write(writer, "first"), write(writer, "second")
    first.add_done_callback(leave)
    held.stop_immediately()
    assert (first.result(FACT), second.result(FACT)) == (None, None)
    assert words(writer) == ["first", "second"]


def test_what_comes_after_the_commit_is_outside_of_it_and_before_the_result(writer: Writer) -> None:
    seen: list[bool] = []

    def insert(connection: Connection) -> None:
        execute(connection, "INSERT INTO word VALUES ('stored')")

    def after(connection: Connection) -> None:
        seen.append(connection.in_transaction())
        raise ZeroDivisionError

    writer.submit(insert, afterwards=after).result(FACT)
    assert seen == [False]
    assert words(writer) == ["stored"]


def test_nothing_comes_after_a_job_that_failed(writer: Writer) -> None:
    seen: list[Connection] = []
    write(writer, "taken").result(FACT)
    with pytest.raises(StorageError, match=r"(?i)unique"):
        writer.submit(
            lambda connection: execute(connection, "INSERT INTO word VALUES ('taken')"), afterwards=seen.append
        ).result(FACT)
    assert seen == []


def test_closing_finishes_what_is_queued_and_refuses_what_comes_later(writer: Writer) -> None:
    held = Held(writer)
    queued = [write(writer, str(number)) for number in range(20)]
    held.stop_immediately()
    writer.close()
    assert all(pending.done() and pending.exception() is None for pending in queued)
    with pytest.raises(StorageError, match="closed"):
        write(writer, "late").result(FACT)


async def test_who_stops_waiting_does_not_undo_the_work(writer: Writer) -> None:
    held = Held(writer)
    pending = write(writer, "done")

    async def wait() -> None:
        await pending

    task = asyncio.create_task(wait(), name="waiter")
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    held.stop_immediately()
    assert words(writer) == ["done"]


async def test_a_result_can_be_awaited_on_any_loop_and_asked_for_on_any_thread(writer: Writer) -> None:
    async def ask() -> int:
        return await writer.submit(lambda connection: get_ident())

    here = await ask()
    elsewhere = await asyncio.to_thread(asyncio.run, ask())
    blocking = await asyncio.to_thread(lambda: writer.submit(lambda connection: get_ident()).result(FACT))
    assert here == elsewhere == blocking != get_ident()


def test_what_is_only_read_is_no_proof_that_something_can_be_stored(database: str | None, tmp_path: Path) -> None:
    proofs: list[Connection] = []
    with closing(Writer(open_engine(database, tmp_path).connect(), prove=proofs.append)) as writer:
        end = monotonic() + 30
        while not proofs:
            writer.submit(lambda connection: execute(connection, "SELECT 1")).result(FACT)
            writer.proof().result(FACT)
            assert monotonic() < end
