"""Answers in parts: stored and sent in order, lost and tried again together."""

from datetime import timedelta

import pytest

from imposter.domain.claims import Superseded
from imposter.domain.dead_letters import DeadLetterKind
from imposter.domain.deliveries import DeliveryState, Outgoing, Part
from imposter.domain.messages import MessageState, Verdict
from imposter.domain.pauses import FOREVER, Pause
from imposter.domain.reasons import ForeignReason, Reason
from tests.storage.desk import BOT, WAITS, Desk, judge_as

FAILED, PENDING, SENT = DeliveryState.FAILED, DeliveryState.PENDING, DeliveryState.SENT
UNCERTAIN, WITHDRAWN = DeliveryState.UNCERTAIN, DeliveryState.WITHDRAWN
PARTS = tuple(Part(text, text) for text in ("one", "two", "three"))


async def answered(desk: Desk, *parts: Part, chat: str = "anna") -> list[Outgoing]:
    return await desk.reply([(await desk.receive("q", chat)).seq], *(parts or PARTS))


async def deliveries(desk: Desk) -> dict[str, str]:
    """What became of each part, and why."""
    return {
        row.content: ":".join(filter(None, (row.delivery, row.delivery_reason)))
        for row in await desk.history()
        if row.delivery
    }


async def test_parts_are_sent_in_order_each_at_its_time(desk: Desk) -> None:
    soon, later = (desk.time() + timedelta(seconds=seconds) for seconds in (5, 9))
    going = await answered(desk, Part("one\x00", "one", soon), Part("two", "two", later), Part("three", "three"))
    assert [(part.message_id, part.content, part.due_at) for part in going] == [
        ("one", "one\ufffd", soon),
        ("two", "two", later),
        ("three", "three", None),
    ]
    assert await desk.store.outbox.pending(BOT, "anna") == going
    assert len({part.created_at for part in going}) == 1


async def test_a_model_sees_the_parts_behind_what_they_answer(desk: Desk) -> None:
    seqs = [(await desk.receive(text)).seq for text in ("1", "2")]
    await desk.receive("3")
    await desk.reply(seqs, *PARTS)
    assert await desk.prompt() == ["1", "2", "one", "two", "three", "3"]
    assert {row.answers for row in await desk.history() if row.delivery} == {seqs[1]}


async def test_where_the_last_no_longer_waits_no_part_is_stored(desk: Desk) -> None:
    settled = await desk.receive("q")
    await desk.store.messages.settle(desk.claim, [settled.seq or 0], Verdict(MessageState.CONTEXT, Reason.TAKEOVER))
    assert await desk.reply([settled.seq], *PARTS) == []
    await desk.receive("still waits")
    await desk.store.bots.claim(BOT)
    with pytest.raises(Superseded):
        await desk.reply([settled.seq], *PARTS)
    assert await desk.states() == {"q": "context:takeover", "still waits": "waiting"}


async def test_an_answer_whose_first_part_is_stored_already_stands_as_it_is(desk: Desk) -> None:
    going = await answered(desk)
    again = await desk.receive("q2")
    assert await desk.reply([again.seq], Part("other", "one"), Part("more", "four")) == going
    assert list(await deliveries(desk)) == ["one", "two", "three"]


async def test_an_answer_in_parts_counts_once(desk: Desk) -> None:
    begun = desk.time() - timedelta(seconds=1)
    await answered(desk)
    assert await desk.store.outbox.answered(BOT, begun, 10) == [("anna", desk.time())]
    await answered(desk, Part("other", "other"))
    assert await desk.store.outbox.answered(BOT, begun, 10) == [("anna", desk.time())] * 2


@pytest.mark.parametrize("state", [FAILED, UNCERTAIN])
async def test_what_comes_behind_a_part_that_failed_fails_with_it(desk: Desk, state: DeliveryState) -> None:
    await answered(desk)
    await answered(desk, Part("another", "another"))
    await answered(desk, Part("elsewhere", "elsewhere"), chat="ben")
    await desk.store.outbox.sent(BOT, "one")
    assert await desk.store.outbox.failed(desk.claim, "two", state, "Refused")
    assert await deliveries(desk) == {
        "one": "sent",
        "two": f"{state}:Refused",
        "three": "failed:Refused",
        "another": "pending",
        "elsewhere": "pending",
    }
    assert not await desk.store.outbox.is_pending(desk.claim, "three")


async def test_what_comes_behind_a_part_that_was_sent_after_all_is_left_alone(desk: Desk) -> None:
    await answered(desk)
    await desk.store.outbox.sent(BOT, "one")
    assert not await desk.store.outbox.failed(desk.claim, "one", FAILED, "Refused")
    assert await deliveries(desk) == {"one": "sent", "two": "pending", "three": "pending"}


async def test_only_what_comes_behind_and_is_still_to_be_sent_fails_with_a_part(desk: Desk) -> None:
    await answered(desk)
    await desk.store.outbox.sending(desk.claim, "two")
    await desk.store.pauses.begin(desk.claim, Pause("anna", "paused", FOREVER))
    await desk.store.pauses.end(BOT, ["anna"])
    await answered(desk, *(Part(text, text) for text in ("1", "2", "3")))
    await desk.store.outbox.failed(desk.claim, "two", FAILED, "Refused")
    await desk.store.outbox.failed(desk.claim, "2", FAILED, "Refused")
    assert await deliveries(desk) == {
        "one": "withdrawn:paused",
        "two": "failed:Refused",
        "three": "withdrawn:paused",
        "1": "pending",
        "2": "failed:Refused",
        "3": "failed:Refused",
    }


async def test_a_crash_while_a_part_is_handed_over_holds_back_those_behind_it(desk: Desk) -> None:
    await answered(desk)
    await desk.store.outbox.sending(desk.claim, "one")
    assert await desk.store.outbox.interrupted(desk.claim) == 1
    assert await deliveries(desk) == {
        "one": "uncertain:interrupted",
        "two": "failed:interrupted",
        "three": "failed:interrupted",
    }


async def test_parts_that_failed_are_one_letter_and_are_sent_again_together_in_order(desk: Desk) -> None:
    due = desk.time() + timedelta(seconds=5)
    await answered(desk, *(Part(part.text, part.message_id, due) for part in PARTS))
    await desk.store.outbox.sent(BOT, "one")
    await desk.store.outbox.attempted(desk.claim, "two")
    await desk.store.outbox.failed(desk.claim, "two", UNCERTAIN, "timeout")
    desk.time.pass_by(days=2)
    [letter] = await desk.store.dead_letters.page(BOT)
    assert (letter.kind, letter.message, letter.answer) == (DeadLetterKind.ANSWER, "q", "two\nthree")
    assert (letter.delivery, letter.reason, letter.attempts) == (UNCERTAIN, "timeout", 1)
    assert (await desk.store.dead_letters.retry(BOT, letter.seq, WAITS)).letters == 1
    again = await desk.store.outbox.pending(BOT, "anna")
    assert [(part.message_id, part.attempts, part.due_at) for part in again] == [("two", 0, None), ("three", 0, None)]
    assert {part.created_at for part in again} == {desk.time()}
    assert await desk.store.dead_letters.page(BOT) == []


async def test_letters_in_parts_are_paged_retried_and_let_go_each_on_its_own(desk: Desk) -> None:
    for chat in ("anna", "ben"):
        await answered(desk, *(Part(f"{chat} {part.text}", f"{chat} {part.text}") for part in PARTS), chat=chat)
    for chat in ("anna", "ben"):
        await desk.store.outbox.failed(desk.claim, f"{chat} one", FAILED, "no")
    newest, oldest = await desk.store.dead_letters.page(BOT)
    assert (newest.conversation, oldest.answer) == ("ben", "anna one\nanna two\nanna three")
    assert await desk.store.dead_letters.page(BOT, before=newest.seq) == [oldest]
    await desk.store.dead_letters.remove(BOT, newest.seq)
    assert (await desk.store.dead_letters.retry_some(BOT, WAITS)).letters == 1
    assert await desk.store.dead_letters.page(BOT) == []
    assert [part.content for part in await desk.store.outbox.pending(BOT, "anna")] == [
        "anna one",
        "anna two",
        "anna three",
    ]
    assert await desk.store.outbox.pending(BOT, "ben") == []


async def test_new_rules_hold_back_the_parts_that_are_not_out(desk: Desk) -> None:
    await answered(desk)
    await desk.store.outbox.sent(BOT, "one")
    await desk.store.bots.update(BOT, {}, judge_as(MessageState.IGNORED, "not_allowed"))
    assert await deliveries(desk) == {
        "one": "sent",
        "two": "withdrawn:not_allowed",
        "three": "withdrawn:not_allowed",
    }


async def test_when_a_part_was_sent_is_written_down_once(desk: Desk) -> None:
    seq = (await desk.receive("q")).seq or 0
    due = desk.time() + timedelta(seconds=5)
    await desk.reply([seq], Part("one", "one", due), Part("two", "two"))
    desk.time.pass_by(seconds=7)
    at = desk.time()
    await desk.store.outbox.sent(BOT, "one")
    desk.time.pass_by(hours=1)
    await desk.store.outbox.sent(BOT, "one")
    decision = await desk.store.messages.decision(BOT, seq)
    assert decision is not None
    assert [(part.message_id, part.delivery, part.due_at, part.sent_at) for part in decision.parts] == [
        ("one", SENT, due, at),
        ("two", PENDING, None, None),
    ]


async def test_why_it_was_answered_is_kept_with_what_was_answered(desk: Desk) -> None:
    seqs = [(await desk.receive(text)).seq or 0 for text in ("1", "2")]
    other, silent = (await desk.receive("3")).seq or 0, (await desk.receive("4")).seq or 0
    await desk.reply(seqs, *PARTS, trace='{"n": 1}')
    for seq in seqs:
        decision = await desk.store.messages.decision(BOT, seq)
        assert decision is not None
        assert (decision.message.seq, decision.together, decision.trace) == (seq, tuple(seqs), '{"n": 1}')
        assert [part.message_id for part in decision.parts] == ["one", "two", "three"]
    await desk.store.messages.settle(
        desk.claim, [other, silent], Verdict(MessageState.FAILED, ForeignReason("no")), '{"n": 2}'
    )
    for seq in (other, silent):
        decision = await desk.store.messages.decision(BOT, seq)
        assert decision is not None
        assert (decision.together, decision.trace, decision.parts) == ((other, silent), '{"n": 2}', ())
    assert await desk.store.messages.decision("another", other) is None
    answer = (await desk.history())[-1]
    assert await desk.store.messages.decision(BOT, answer.seq) is None


async def test_why_it_failed_is_not_told_of_what_waits_once_more(desk: Desk) -> None:
    seq = (await desk.receive("q")).seq or 0
    await desk.store.messages.settle(desk.claim, [seq], Verdict(MessageState.FAILED, ForeignReason("no")), '{"n": 2}')
    await desk.store.dead_letters.retry(BOT, seq, WAITS)
    decision = await desk.store.messages.decision(BOT, seq)
    assert decision is not None
    assert decision.trace is None
