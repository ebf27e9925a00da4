from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from imposter.secrets import Cipher
from imposter.storage import Store, open_store
from tests.databases import put_tables
from tests.storage.desk import BOT, KEY, ONE, TWO, Desk, Named, Time


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def store(database: str | None, tmp_path: Path, time: Time) -> AsyncIterator[Store]:
    if database is None:
        put_tables(tmp_path / "data")
    async with open_store(database, tmp_path / "data", Cipher(KEY), now=time) as store:
        yield store


@pytest.fixture
async def pair(stored_database: str, tmp_path: Path, time: Time) -> AsyncIterator[tuple[Store, Store]]:
    """Two servers on one database, as the nodes `ONE` and `TWO`, which have not joined yet."""
    async with AsyncExitStack() as stack:
        one, two = [
            await stack.enter_async_context(
                open_store(stored_database, tmp_path / name, Cipher(KEY), now=time, identity=Named(name))
            )
            for name in (ONE, TWO)
        ]
        yield one, two


@pytest.fixture
async def desk(store: Store, time: Time) -> Desk:
    await store.bots.add(BOT, "anna", {})
    return Desk(store, time)
