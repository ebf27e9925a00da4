"""What one node asks of another: done at most once, and read by nobody who only reads the database."""

import asyncio
from pathlib import Path

import pytest

from imposter.contracts.errors import BotNotFound, NodeUnresponsive
from imposter.domain.nodes import NodeCommand
from imposter.storage import Store
from tests.storage.desk import BOT, LEASE, ONE, TWO
from tests.storage.traces import traces

Pair = tuple[Store, Store]


@pytest.fixture
async def pair(pair: Pair) -> Pair:
    """The bot is node one's."""
    for store, node_id in zip(pair, (ONE, TWO), strict=True):
        await store.nodes.join(node_id, node_id, None, LEASE)
    await pair[0].bots.add(BOT, "anna", {})
    return pair


async def test_the_owner_gets_what_is_asked_of_its_bot_and_the_answer_comes_back_once(pair: Pair) -> None:
    one, two = pair
    first = await two.commands.ask(BOT, {"do": "stop"}, TWO)
    second = await two.commands.ask(BOT, {"do": "start", "now": True}, TWO)
    assert await two.commands.take(TWO) == []
    assert await one.commands.take(ONE) == [
        NodeCommand(first, BOT, {"do": "stop"}, TWO),
        NodeCommand(second, BOT, {"do": "start", "now": True}, TWO),
    ]
    assert await two.commands.answers(TWO) == {}
    await one.commands.answer(second, BOT, {"done": "yes"}, TWO)
    assert await one.commands.answers(ONE) == {}
    assert await two.commands.answers(TWO) == {second: {"done": "yes"}}
    assert await two.commands.answers(TWO) == {}


async def test_a_command_is_taken_once_whoever_has_the_bot_by_then(pair: Pair) -> None:
    one, two = pair
    await two.commands.ask(BOT, {"n": 1}, TWO)
    assert len(await one.commands.take(ONE)) == 1
    await two.commands.ask(BOT, {"n": 2}, TWO)
    await one.nodes.release(ONE, BOT)
    await two.nodes.take(TWO, 1)
    assert await one.commands.take(ONE) == []
    assert [command.body for command in await two.commands.take(TWO)] == [{"n": 2}]
    assert await two.commands.take(TWO) == []


async def test_two_that_take_at_once_get_each_command_once(pair: Pair) -> None:
    _, two = pair
    numbers = await asyncio.gather(*(two.commands.ask(BOT, {}, TWO) for _ in range(30)))
    taken = await asyncio.gather(*(store.commands.take(ONE) for _ in range(10) for store in pair))
    assert sorted(command.number for commands in taken for command in commands) == sorted(numbers)


async def test_a_command_that_came_to_the_wrong_node_is_put_back_for_who_has_the_bot_now(pair: Pair) -> None:
    one, two = pair
    number = await two.commands.ask(BOT, {"n": 1}, TWO)
    await one.commands.take(ONE)
    await one.nodes.release(ONE, BOT)
    await two.nodes.take(TWO, 1)
    assert await two.commands.take(TWO) == []
    assert await one.commands.put_back(number)
    assert [command.number for command in await two.commands.take(TWO)] == [number]
    await two.bots.delete(BOT)
    assert not await two.commands.put_back(number)


async def test_what_is_withdrawn_in_time_is_not_done(pair: Pair) -> None:
    one, two = pair
    number = await two.commands.ask(BOT, {}, TWO)
    assert await two.commands.withdraw(number)
    assert await one.commands.take(ONE) == []
    number = await two.commands.ask(BOT, {}, TWO)
    await one.commands.take(ONE)
    assert not await two.commands.withdraw(number)
    await one.commands.answer(number, BOT, {"late": True}, TWO)
    assert await two.commands.answers(TWO) == {}
    assert not await two.commands.withdraw(number)


async def test_the_answer_to_a_deletion_outlasts_the_bot(pair: Pair) -> None:
    one, two = pair
    number = await two.commands.ask(BOT, {"do": "delete"}, TWO)
    await one.commands.take(ONE)
    await one.bots.delete(BOT)
    await one.commands.answer(number, BOT, {"done": True}, TWO)
    assert await two.commands.answers(TWO) == {number: {"done": True}}
    with pytest.raises(BotNotFound):
        await two.commands.ask(BOT, {}, TWO)


async def test_what_is_asked_of_a_bot_that_is_free_waits_for_its_next_owner(pair: Pair) -> None:
    one, two = pair
    await one.nodes.release(ONE, BOT)
    number = await two.commands.ask(BOT, {}, TWO)
    await one.nodes.take(ONE, 1)
    assert [command.number for command in await one.commands.take(ONE)] == [number]


async def test_nothing_is_left_of_what_a_node_asked_that_is_gone(pair: Pair) -> None:
    one, two = pair
    await two.commands.ask(BOT, {"do": "this"}, TWO)
    mine = await one.commands.ask(BOT, {"do": "that"}, ONE)
    await two.nodes.leave(TWO)
    assert [command.number for command in await one.commands.take(ONE)] == [mine]


async def test_who_asks_is_told_that_nobody_will_answer_when_the_node_that_took_it_is_gone(pair: Pair) -> None:
    one, two = pair
    taken = await two.commands.ask(BOT, {"n": 1}, TWO)
    await one.commands.take(ONE)
    done = await two.commands.ask(BOT, {"n": 2}, TWO)
    await one.commands.take(ONE)
    await one.commands.answer(done, BOT, {"done": True}, TWO)
    later = await two.commands.ask(BOT, {"n": 3}, TWO)
    await one.nodes.leave(ONE)
    said = await two.commands.answers(TWO)
    assert said == {taken: said[taken], done: {"done": True}}
    assert isinstance(said[taken], NodeUnresponsive)
    await two.nodes.take(TWO, 1)
    assert [command.number for command in await two.commands.take(TWO)] == [later]  # and nothing a second time
    await one.commands.answer(taken, BOT, {"late": True}, TWO)
    assert not await one.commands.put_back(taken)
    assert await two.commands.answers(TWO) == {}


async def test_who_asks_is_told_that_the_bot_was_deleted_before_anybody_took_it(pair: Pair) -> None:
    one, two = pair
    number = await two.commands.ask(BOT, {}, TWO)
    await one.bots.delete(BOT)
    assert await one.commands.take(ONE) == []
    [(told, said)] = (await two.commands.answers(TWO)).items()
    assert told == number
    assert isinstance(said, BotNotFound)


async def test_no_word_of_a_command_or_an_answer_stands_in_the_database(
    pair: Pair, stored_database: str, tmp_path: Path
) -> None:
    one, two = pair
    number = await two.commands.ask(BOT, {"key": "canary-question"}, TWO)
    await one.commands.take(ONE)
    await one.commands.answer(number, BOT, {"qr": "canary-reply"}, TWO)
    assert traces(stored_database, tmp_path, BOT)
    assert traces(stored_database, tmp_path, "canary-question", "canary-reply") == []
