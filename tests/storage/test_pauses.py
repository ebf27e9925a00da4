"""Pauses, and the answers that still count."""

from dataclasses import replace
from datetime import timedelta

import pytest

from imposter.contracts.errors import StorageError
from imposter.domain.pauses import Pause
from tests.storage.desk import BOT, Desk


async def test_pauses_hold_until_they_are_over(desk: Desk) -> None:
    pauses, now = desk.store.pauses, desk.time()
    short, long = Pause("anna", "loop", now + timedelta(minutes=5)), Pause("", "refused", now + timedelta(hours=1))
    await pauses.set(BOT, long)
    await pauses.set(BOT, short)
    assert await pauses.holding(BOT) == [short, long]
    desk.time.pass_by(minutes=5)
    assert await pauses.holding(BOT) == [long]
    assert await pauses.holding("another") == []


async def test_a_conversation_has_one_pause(desk: Desk) -> None:
    pauses, now = desk.store.pauses, desk.time()
    again = Pause("anna", "reach_out_locked", now + timedelta(minutes=9))
    await pauses.set(BOT, Pause("anna", "loop", now + timedelta(minutes=5)))
    await pauses.set(BOT, again)
    assert await pauses.holding(BOT) == [again]


async def test_a_bots_pauses_end_together_and_go_with_it(desk: Desk) -> None:
    pauses, until = desk.store.pauses, desk.time() + timedelta(minutes=5)
    for conversation in ("anna", "ben"):
        await pauses.set(BOT, Pause(conversation, "loop", until))
    assert await pauses.clear(BOT) == 2
    assert await pauses.holding(BOT) == []
    await pauses.set(BOT, Pause("anna", "loop", until))
    await desk.store.bots.delete(BOT)
    await desk.store.bots.add(BOT, "anna", {})
    assert await pauses.holding(BOT) == []


async def test_no_pause_is_kept_for_a_bot_that_is_gone(desk: Desk) -> None:
    with pytest.raises(StorageError):
        await desk.store.pauses.set("gone", Pause("anna", "loop", desk.time()))


async def test_the_last_answers_are_known_by_chat_and_time(desk: Desk) -> None:
    times = []
    for chat in ("anna", "ben", "anna"):
        desk.time.pass_by(minutes=10)
        await desk.answer(await desk.receive("?", chat))
        times.append(desk.time())
    await desk.receive("not answered")
    outbox = desk.store.outbox
    everything = list(zip(("anna", "ben", "anna"), times, strict=True))
    assert await outbox.answered(BOT, times[0] - timedelta(seconds=1), 10) == everything
    assert await outbox.answered(BOT, times[0], 10) == everything[1:]
    assert await outbox.answered(BOT, times[0], 1) == everything[2:]
    assert await outbox.answered("another", times[0], 10) == []


@pytest.mark.parametrize("longer", ["phone", "lid"])
async def test_conversations_that_turn_out_to_be_one_have_the_pause_that_ends_last(desk: Desk, longer: str) -> None:
    pauses, now = desk.store.pauses, desk.time()
    for chat in ("phone", "lid", "other"):
        await desk.receive("hello", chat)
        await pauses.set(BOT, Pause(chat, "loop", now + timedelta(minutes=10 + (chat == longer))))
    await desk.receive("both", "lid", "phone")
    other, one = (
        Pause("other", "loop", now + timedelta(minutes=10)),
        Pause("phone", "loop", now + timedelta(minutes=11)),
    )
    assert await pauses.holding(BOT) == [other, one]


async def test_a_pause_goes_with_its_conversation_into_another(desk: Desk) -> None:
    for chat in ("phone", "lid"):
        await desk.receive("hello", chat)
    pause = Pause("lid", "loop", desk.time() + timedelta(minutes=10))
    await desk.store.pauses.set(BOT, pause)
    await desk.receive("both", "lid", "phone")
    assert await desk.store.pauses.holding(BOT) == [replace(pause, conversation="phone")]
