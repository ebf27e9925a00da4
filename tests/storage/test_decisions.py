"""What is on record of why a message was answered, or was not."""

from datetime import timedelta

import pytest

from imposter.contracts.messages import Message, Sender, Source
from imposter.domain.decisions import Decision
from imposter.domain.deliveries import DeliveryState, Part
from imposter.domain.messages import MessageState, Verdict
from imposter.domain.reasons import Reason
from tests.storage.desk import BOT, Desk, judge_as

SILENCED = Verdict(MessageState.CONTEXT, Reason.TAKEOVER)


async def decision(desk: Desk, seq: int | None) -> Decision:
    found = await desk.store.messages.decision(BOT, seq or 0)
    assert found is not None
    return found


def own(message: Message, known_ids: frozenset[str]) -> Verdict:
    return Verdict(MessageState.CONTEXT, Reason.OWNER, silence=timedelta(minutes=30))


async def owner_writes(desk: Desk) -> None:
    await desk.receive("I am here", source=Source.OWNER, sender=Sender("me"), judge=own)


async def test_all_that_one_answer_is_for_share_its_trace_and_its_parts(desk: Desk) -> None:
    seqs = [(await desk.receive(text)).seq for text in ("one", "two", "three")]
    due_at = desk.time() + timedelta(seconds=9)
    await desk.reply(seqs, Part("a", "a"), Part("b", "b", due_at), trace='{"turns":3}')
    desk.time.pass_by(seconds=2)
    await desk.store.outbox.sent(BOT, "a")
    for seq in seqs:
        found = await decision(desk, seq)
        assert (found.message.seq, list(found.together), found.trace) == (seq, seqs, '{"turns":3}')
        assert [(part.message_id, part.delivery, part.due_at, part.sent_at) for part in found.parts] == [
            ("a", DeliveryState.SENT, None, desk.time()),
            ("b", DeliveryState.PENDING, due_at, None),
        ]


async def test_what_was_given_up_keeps_its_trace_until_it_is_tried_again(desk: Desk) -> None:
    seqs = [(await desk.receive(text)).seq or 0 for text in ("one", "two")]
    await desk.store.messages.settle(
        desk.claim, seqs, Verdict(MessageState.FAILED, Reason.MODEL_REFUSED), '{"attempts":1}'
    )
    assert {(await decision(desk, seq)).trace for seq in seqs} == {'{"attempts":1}'}
    await desk.store.dead_letters.retry(BOT, seqs[-1], judge_as(MessageState.WAITING))
    assert {(await decision(desk, seq)).trace for seq in seqs} == {None}


async def test_only_of_what_waits_is_it_told_who_sent_it(desk: Desk) -> None:
    await desk.receive("by both names", "phone", "lid")
    waits = await desk.receive("by one", "lid")
    ignored = await desk.receive("later", "lid", judge=judge_as(MessageState.IGNORED, "empty"))
    assert (await decision(desk, waits.seq)).known_ids == {"phone", "lid"}
    assert (await decision(desk, ignored.seq)).known_ids == frozenset()


async def test_asking_changes_nothing(desk: Desk) -> None:
    seq = (await desk.receive("hello", "phone", "lid")).seq
    before = await desk.history()
    assert await decision(desk, seq) == await decision(desk, seq)
    assert await desk.history() == before
    assert (await desk.store.messages.unfinished(BOT)) == ["phone"]


async def test_where_the_owner_took_over_it_is_told_when_they_wrote_before_and_after(desk: Desk) -> None:
    start = desk.time()
    await owner_writes(desk)
    desk.time.pass_by(minutes=12)
    await desk.receive("a thumb", source=Source.OWNER, sender=Sender("me"), reacts_to="in-1")
    await desk.receive("elsewhere", "ben", source=Source.OWNER, sender=Sender("me"), judge=own)
    seq = (await desk.receive("hello")).seq or 0
    await desk.store.messages.settle(desk.claim, [seq], SILENCED, "{}")
    found = await decision(desk, seq)
    assert (found.owner_before, found.owner_after) == (start, None)
    desk.time.pass_by(minutes=3)
    await owner_writes(desk)
    found = await decision(desk, seq)
    assert (found.owner_before, found.owner_after) == (start, desk.time())


async def test_there_is_none_of_an_answer_of_ours_of_another_bot_and_of_nothing(desk: Desk) -> None:
    asked = await desk.receive("hello")
    await desk.answer(asked)
    answer = next(row.seq for row in await desk.history() if row.answers)
    assert await desk.store.messages.decision(BOT, answer) is None
    assert await desk.store.messages.decision("another", asked.seq or 0) is None
    assert await desk.store.messages.decision(BOT, 10**12) is None


@pytest.mark.parametrize("stored", [None, '{"turns":1}'])
async def test_it_says_when_it_was_read(desk: Desk, stored: str | None) -> None:
    seq = (await desk.receive("hello")).seq
    await desk.reply([seq], Part("a", "a"), trace=stored)
    desk.time.pass_by(minutes=5)
    found = await decision(desk, seq)
    assert (found.moment, found.trace) == (desk.time(), stored)
