"""Nodes wake each other, also after the line to the database broke."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import psycopg
import pytest
from structlog.testing import capture_logs

from imposter.storage import Store
from imposter.storage.database.listener import NotificationListener
from imposter.storage.database.notifications import COMMON, channel_of
from tests.postgres import PASSWORD
from tests.storage.desk import BOT, LEASE, ONE, TWO
from tests.timeouts import FACT

Heard = asyncio.Queue[str]
Pair = tuple[Store, Store]


@asynccontextmanager
async def listening(url: str, node_id: str) -> AsyncIterator[Heard]:
    """What the node hears, from the moment it listens."""
    heard = Heard()
    task = asyncio.create_task(NotificationListener(url, channel_of(node_id)).listen(heard.put_nowait))
    try:
        assert await next_of(heard) == ""
        yield heard
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def next_of(heard: Heard) -> str:
    return await asyncio.wait_for(heard.get(), FACT)


@pytest.fixture
async def bells(pair: Pair, stored_database: str) -> AsyncIterator[tuple[Heard, Heard]]:
    """What each of two nodes hears; the bot is node one's."""
    for store, node_id in zip(pair, (ONE, TWO), strict=True):
        await store.nodes.join(node_id, node_id, None, LEASE)
    await pair[0].bots.add(BOT, "anna", {})
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(listening(stored_database, name)) for name in (ONE, TWO)]
        yield one, two


async def test_a_command_wakes_the_owner_and_its_answer_who_asked(pair: Pair, bells: tuple[Heard, Heard]) -> None:
    (one, two), (heard_by_one, heard_by_two) = pair, bells
    number = await two.commands.ask(BOT, {}, TWO)
    assert await next_of(heard_by_one) == channel_of(ONE)
    [command] = await one.commands.take(ONE)
    await one.commands.answer(number, BOT, {}, command.asked_by)
    assert await next_of(heard_by_two) == channel_of(TWO)
    assert heard_by_one.empty()


async def test_everybody_hears_of_nodes_that_come_and_go_and_of_bots_that_are_free(
    pair: Pair, bells: tuple[Heard, Heard]
) -> None:
    one, two = pair
    for happens in (
        lambda: one.nodes.release(ONE, BOT),
        lambda: one.nodes.leaving(ONE),
        lambda: one.nodes.leave(ONE),
        lambda: one.nodes.join("three", "three", None, LEASE),
    ):
        await happens()
        assert [await next_of(heard) for heard in bells] == [COMMON, COMMON]
    await one.nodes.release(ONE, BOT)
    await two.nodes.renew(TWO, {}, LEASE)
    await two.commands.ask(BOT, {}, "three")
    await two.nodes.leaving(TWO)
    assert await next_of(bells[0]) == COMMON
    assert all(heard.qsize() <= 1 for heard in bells)


async def test_who_lost_the_line_listens_again_and_says_so_once(pair: Pair, stored_database: str) -> None:
    with capture_logs() as lines:
        async with listening(stored_database, TWO) as heard:
            with psycopg.connect(stored_database, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
                )
            assert await next_of(heard) == ""
            await pair[0].nodes.join(ONE, "one", None, LEASE)
            assert await next_of(heard) == COMMON
    told = [line for line in lines if "heard" in line["event"]]
    assert [line["log_level"] for line in told] == ["warning", "info"]
    assert PASSWORD not in str(lines)


async def test_who_cannot_reach_the_database_says_so_once_and_goes_on_trying(stored_database: str) -> None:
    tried, twice = 0, asyncio.Event()

    async def pause(seconds: float) -> None:
        nonlocal tried
        tried += 1
        if tried == 3:
            twice.set()
        await asyncio.sleep(0)

    bell = NotificationListener(stored_database.replace("/test_", "/no_test_"), channel_of(ONE), sleep=pause)
    with capture_logs() as lines:
        task = asyncio.create_task(bell.listen(lambda channel: None))
        await asyncio.wait_for(twice.wait(), FACT)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert len(lines) == 1
    assert PASSWORD not in str(lines)
