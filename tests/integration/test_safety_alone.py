"""One run's safety by itself, with a Store: who asks when, and a pause that the Store does not take at once."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from imposter.contracts.config import SafetyLimits
from imposter.runtime.account.safety import Postpone, Proceed, Safety, StaySilent
from imposter.secrets import Cipher
from imposter.storage import Store, open_store
from imposter.storage.database.engine import DATABASE_FILE
from tests.house import until
from tests.integration.safety_house import HandClock

BOT = "bot-1"


class Nobody:
    """No other bots."""

    async def loop_found(self, instance_id: str, conversation: str) -> None:
        raise AssertionError("there is nobody to be told")


@asynccontextmanager
async def at_rest(folder: Path, clock: HandClock, **limits: int) -> AsyncIterator[tuple[Safety, Store]]:
    async with open_store(None, folder, Cipher(b"k" * 32), now=clock.now) as store:
        await store.bots.add(BOT, "anna", {})
        yield (
            Safety(
                BOT,
                limits=lambda: SafetyLimits(**limits),
                store=store,
                clock=clock,
                chance=lambda: 0.0,
                other_bots=Nobody(),
                tell=lambda sentence: None,
            ),
            store,
        )


async def test_what_concerns_one_chat_wakes_that_one_alone(tmp_path: Path) -> None:
    clock = HandClock()
    async with at_rest(tmp_path, clock) as (safety, _):
        bob, eve = (asyncio.create_task(safety.rest(name, 60)) for name in ("bob", "eve"))
        await until(lambda: clock.sleepers == 2)
        safety.ask_again("bob")
        await bob
        assert not eve.done()
        safety.ask_again()
        await eve


async def test_a_crowd_that_waits_seldom_asks_and_keeps_its_order(tmp_path: Path) -> None:
    crowd = [f"friend {place}" for place in range(8000)]
    async with at_rest(tmp_path, clock := HandClock(), answers_per_minute=1) as (safety, _):
        assert isinstance(safety.room("bob"), Proceed)
        safety.answered("bob")
        timers = [verdict.seconds for name in crowd if isinstance(verdict := safety.room(name), Postpone)]
        assert len(timers) == len(crowd)
        assert max(timers[:400]) <= 60
        assert sum(60 / nap for nap in timers) < 2000, "so often the store is read in a minute"
        clock.pass_by(60)
        assert isinstance(safety.room(crowd[4000]), Postpone)
        assert isinstance(safety.room(crowd[1]), Postpone)
        assert isinstance(safety.room(crowd[0]), Proceed)
        safety.leave(crowd[0])
        assert isinstance(safety.room(crowd[1]), Proceed)


async def test_a_pause_that_could_not_be_stored_is_stored_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imposter.storage.database.engine.BUSY_MILLISECONDS", 10)
    clock = HandClock()
    async with at_rest(tmp_path, clock) as (safety, store):
        with closing(sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            refusing = asyncio.create_task(safety.refused("bob", 463))
            await until(lambda: clock.sleepers == 1)
            assert safety.room("bob") == StaySilent("reach_out_locked"), "it holds at once"
            other.execute("ROLLBACK")
        clock.pass_by(60)
        await refusing
        assert [pause.conversation for pause in await store.pauses.holding(BOT)] == ["bob"]


async def test_a_pause_that_the_owner_ended_meanwhile_is_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imposter.storage.database.engine.BUSY_MILLISECONDS", 10)
    clock = HandClock()
    async with at_rest(tmp_path, clock) as (safety, store):
        with closing(sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            refusing = asyncio.create_task(safety.refused("bob", 463))
            await until(lambda: clock.sleepers == 1)
            safety.resume()
            other.execute("ROLLBACK")
        clock.pass_by(60)
        await refusing
        assert await store.pauses.holding(BOT) == []


async def test_who_waits_under_a_name_that_another_took_in_asks_again(tmp_path: Path) -> None:
    clock = HandClock()
    async with at_rest(tmp_path, clock) as (safety, _):
        resting = asyncio.create_task(safety.rest("phone", 60))
        await until(lambda: clock.sleepers == 1)
        safety.merged("lid", ["phone"])
        await resting
