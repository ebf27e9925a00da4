"""Old messages go by themselves: at start and every hour, as the setting says."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from imposter.domain.messages import MessageState
from imposter.runtime.retention import EVERY, LOOK_EVERY, retention
from imposter.secrets import Cipher, load_key
from imposter.storage import open_store
from tests.acceptance.product import Product, running
from tests.house import until
from tests.storage.desk import BOT, KEY, Desk, Time, judge_as

DONE = judge_as(MessageState.CONTEXT)


class Hours:
    """A clock whose sleeps end when the test lets an hour pass."""

    def __init__(self) -> None:
        self.now = Time()
        self._passed = asyncio.Event()
        self.asleep: list[float] = []

    def monotonic(self) -> float:
        return self.now().timestamp()

    async def sleep(self, seconds: float) -> None:
        self.asleep.append(seconds)
        await self._passed.wait()
        self._passed.clear()

    def pass_an_hour(self) -> None:
        self.now.pass_by(hours=1)
        self.asleep.clear()
        self._passed.set()


async def test_what_is_old_goes_at_start_and_every_hour_until_the_end(tmp_path: Path, database: str | None) -> None:
    clock = Hours()
    async with open_store(database, tmp_path, Cipher(KEY), now=clock.now) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, clock.now)
        await desk.receive("first", judge=DONE)
        clock.now.pass_by(hours=1)
        await desk.receive("second", judge=DONE)
        clock.now.pass_by(hours=23, minutes=30)
        async with retention(store, clock, timedelta(days=1)):
            await until(lambda: EVERY in clock.asleep)
            assert await desk.states() == {"second": "context"}
            clock.pass_an_hour()
            await until(lambda: EVERY in clock.asleep)
            assert await desk.states() == {}
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "retention"]


async def test_nothing_goes_while_the_clock_may_be_wrong(tmp_path: Path, database: str | None) -> None:
    clock, sure = Hours(), asyncio.Event()
    async with open_store(database, tmp_path, Cipher(KEY), now=clock.now) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, clock.now)
        await desk.receive("old", judge=DONE)
        clock.now.pass_by(days=2)
        async with retention(store, clock, timedelta(days=1), sure.is_set):
            await until(lambda: LOOK_EVERY in clock.asleep)
            assert await desk.states() == {"old": "context"}
            sure.set()
            clock.pass_an_hour()
            await until(lambda: EVERY in clock.asleep)
            assert await desk.states() == {}


async def test_what_is_kept_forever_is_kept(tmp_path: Path, database: str | None) -> None:
    clock = Hours()
    async with open_store(database, tmp_path, Cipher(KEY), now=clock.now) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, clock.now)
        await desk.receive("kept", judge=DONE)
        clock.now.pass_by(days=10_000)
        async with retention(store, clock, None):
            await until(lambda: EVERY in clock.asleep)
        assert await desk.states() == {"kept": "context"}


async def test_the_server_keeps_to_its_setting(tmp_path: Path) -> None:
    data, long_ago = tmp_path / "data", datetime.now(UTC) - timedelta(days=3)

    async with open_store(None, data, Cipher(load_key(None, data)), now=lambda: long_ago) as store:
        config = {
            "user_id": "anna",
            "chat_provider_config": {"provider_name": "dummy", "provider_config": {"messages": []}},
            "llm_provider_config": {"provider_name": "fakeLlm", "provider_config": {}},
        }
        await store.bots.add(BOT, "anna", config)
        time = Time()
        time.moment = long_ago
        await Desk(store, time).receive("old", judge=DONE)

    async def count(product: Product) -> int:
        return len(await product.messages(BOT))

    async with running(tmp_path, {"IMPOSTER_KEEP_DAYS": "4"}) as product:
        assert await count(product) == 1
    async with running(tmp_path, {"IMPOSTER_KEEP_DAYS": "2"}) as product:
        await product.until(lambda: count(product), lambda number: number == 0)
