"""How a bot is, for nodes on which it does not live."""

from pathlib import Path

import pytest

from imposter.domain.claims import Superseded
from imposter.storage import Store
from tests.storage.desk import BOT, Desk
from tests.storage.traces import traces


async def test_the_last_that_was_said_of_each_bot_is_read(store: Store, desk: Desk) -> None:
    await store.bots.add("bot-2", "ben", {})
    assert await store.statuses.of(BOT) is None
    claim, other = await store.bots.claim(BOT), await store.bots.claim("bot-2")
    await store.statuses.publish(claim, {"state": "starting"})
    await store.statuses.publish(other, {"state": "stopped"})
    await store.statuses.publish(claim, {"state": "running", "since": 1.5})
    assert await store.statuses.of(BOT) == {"state": "running", "since": 1.5}
    assert await store.statuses.all() == {BOT: {"state": "running", "since": 1.5}, "bot-2": {"state": "stopped"}}


async def test_an_earlier_run_says_nothing_more(store: Store, desk: Desk) -> None:
    earlier = await store.bots.claim(BOT)
    await store.statuses.publish(earlier, {"run": 1})
    later = await store.bots.claim(BOT)
    with pytest.raises(Superseded):
        await store.statuses.publish(earlier, {"run": "1 again"})
    assert await store.statuses.of(BOT) == {"run": 1}
    await store.statuses.publish(later, {"run": 2})
    assert await store.statuses.of(BOT) == {"run": 2}


async def test_with_the_bot_goes_its_status(store: Store, desk: Desk) -> None:
    claim = await store.bots.claim(BOT)
    await store.statuses.publish(claim, {"run": 1})
    await store.bots.delete(BOT)
    assert await store.statuses.all() == {}
    with pytest.raises(Superseded):
        await store.statuses.publish(claim, {"run": 1})


async def test_no_word_of_a_status_stands_in_the_database(
    store: Store, desk: Desk, database: str | None, tmp_path: Path
) -> None:
    await store.statuses.publish(await store.bots.claim(BOT), {"qr": "canary-code"})
    assert traces(database, tmp_path / "data", BOT)
    assert traces(database, tmp_path / "data", "canary-code") == []
