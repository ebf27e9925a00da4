"""Reading beside what is committed."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Connection, insert, select

from imposter.contracts.errors import StorageError
from imposter.storage.database.engine import open_engine, open_reading_engine
from imposter.storage.database.reader import CONNECTIONS, Reader
from imposter.storage.database.writer import Writer
from imposter.storage.migrations import bring_up_to_date
from imposter.storage.schema.tables import meta
from tests.timeouts import FACT

_NAMES = select(meta.c.name).where(meta.c.name.startswith("row"))


def names(connection: Connection) -> set[str]:
    return set(connection.execute(_NAMES).scalars())


def put(connection: Connection, name: str) -> None:
    connection.execute(insert(meta), {"name": name, "value": b""})


@contextmanager
def opened(database: str | None, folder: Path) -> Iterator[tuple[Writer, Reader]]:
    with (
        closing(Writer(open_engine(database, folder).connect())) as writer,
        closing(Reader(open_reading_engine(database, folder))) as reader,
    ):
        writer.submit(bring_up_to_date).result()
        yield writer, reader


async def test_what_takes_long_to_read_holds_up_no_commit_and_sees_one_state(
    database: str | None, tmp_path: Path
) -> None:
    begun, may_end = Event(), Event()

    def slow(connection: Connection) -> tuple[set[str], set[str]]:
        before = names(connection)
        begun.set()
        may_end.wait(FACT)
        return before, names(connection)

    with opened(database, tmp_path) as (writer, reader):
        await writer.submit(lambda connection: put(connection, "row 1"))
        reading = reader.submit(slow)
        await asyncio.to_thread(begun.wait, 30)
        await writer.submit(lambda connection: put(connection, "row 2"))
        assert await reader.submit(names) == {"row 1", "row 2"}, "what was committed is seen at once"
        may_end.set()
        assert await reading == ({"row 1"}, {"row 1"})


async def test_nothing_can_be_written_there(database: str | None, tmp_path: Path) -> None:
    with opened(database, tmp_path) as (_, reader):
        with pytest.raises(StorageError):
            await reader.submit(lambda connection: put(connection, "row"))
        assert await reader.submit(names) == set()


async def test_a_read_that_fails_fails_alone(database: str | None, tmp_path: Path) -> None:
    def fail(_: Connection) -> None:
        raise ValueError("it")

    with opened(database, tmp_path) as (_, reader):
        for _ in range(2 * CONNECTIONS):
            with pytest.raises(ValueError, match="it"):
                await reader.submit(fail)
        assert await reader.submit(names) == set()
    with pytest.raises(StorageError, match="closed"):
        await reader.submit(names)
