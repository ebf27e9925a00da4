"""Chats whose messages disappear."""

from typing import Any

from imposter.domain.messages import MessageState
from tests.storage.desk import BOT, Desk, Time, judge_as

DAY = 86_400
CONTEXT = judge_as(MessageState.CONTEXT)


async def lives(desk: Desk, conversation: str = "anna") -> list[int | None]:
    return [each.disappears_after for each in await desk.store.outbox.pending(BOT, conversation)]


async def test_an_answer_disappears_as_the_chats_newest_message_says(desk: Desk) -> None:
    await desk.answer(await desk.receive("before"), "stays")
    await desk.answer(await desk.receive("secret plan", disappears_after=DAY), "a day")
    await desk.answer(await desk.receive("more"), "a day, too")
    await desk.answer(await desk.receive("no more", disappears_after=0), "stays, too")
    await desk.answer(await desk.receive("hello", "bob"), "stays")
    assert await lives(desk) == [None, DAY, DAY, None]
    assert await lives(desk, "bob") == [None]


async def test_what_was_said_there_is_deleted_when_its_time_is_over(desk: Desk, time: Time) -> None:
    await desk.receive("stays", judge=CONTEXT)
    question = await desk.receive("secret plan", disappears_after=DAY)
    going = await desk.answer(question, "a secret answer")
    assert going is not None
    time.pass_by(hours=25)
    assert await desk.store.retention.delete_disappeared() == 1
    assert [each.content for each in await desk.history()] == ["stays", "a secret answer"], "it is on its way"
    await desk.store.outbox.sent(BOT, going.message_id)
    assert await desk.store.retention.delete_disappeared() == 1
    assert [each.content for each in await desk.history()] == ["stays"]


async def test_what_waits_is_answered_first(desk: Desk, time: Time) -> None:
    await desk.receive("are you there?", disappears_after=DAY)
    time.pass_by(hours=25)
    assert await desk.store.retention.delete_disappeared() == 0
    assert await desk.prompt() == ["are you there?"]


async def test_a_time_without_end_is_bounded(desk: Desk) -> None:
    odd: dict[str, Any] = {"disappears_after": 0xFFFF_FFFF}
    await desk.receive("for ever", **odd)
    assert [each.content for each in await desk.history()] == ["for ever"]
