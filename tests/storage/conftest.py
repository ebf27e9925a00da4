from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imposter.secrets import Cipher
from imposter.storage import Store, open_store
from tests.storage.desk import BOT, KEY, Desk, Time


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def store(database: str | None, tmp_path: Path, time: Time) -> AsyncIterator[Store]:
    async with open_store(database, tmp_path / "data", Cipher(KEY), now=time) as store:
        yield store


@pytest.fixture
async def desk(store: Store, time: Time) -> Desk:
    await store.bots.add(BOT, "anna", {})
    return Desk(store, time)
