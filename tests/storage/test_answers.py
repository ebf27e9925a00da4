"""Taking a message, answering it, and sending the answer."""

from datetime import timedelta

import pytest

from imposter.contracts.chat import SentMessage
from imposter.contracts.config import Limits
from imposter.contracts.messages import Sender, Source
from imposter.domain.claims import Superseded
from imposter.domain.deliveries import DeliveryState, Part
from imposter.domain.messages import MessageState, Verdict
from imposter.domain.reasons import Reason
from tests.storage.desk import BOT, Desk, judge_as


async def test_all_that_waits_in_a_conversation_is_taken_together_oldest_first(desk: Desk) -> None:
    await desk.receive("said before", judge=judge_as(MessageState.CONTEXT))
    await desk.receive("1")
    await desk.receive("elsewhere", "ben")
    await desk.receive("2")
    work = await desk.take()
    assert work is not None
    assert [message.content for message in work.messages] == ["1", "2"]
    assert [turn.content for turn in work.turns] == ["said before", "1", "2"]


async def test_one_answer_is_for_all_that_was_taken_together(desk: Desk) -> None:
    seqs = [(await desk.receive(text)).seq or 0 for text in ("1", "2", "3")]
    later = await desk.receive("4")
    assert len(await desk.reply(seqs, Part("a", "OUT"))) == 1
    assert await desk.states() == {"1": "answered", "2": "answered", "3": "answered", "4": "waiting", "a": "context"}
    assert [row.joined for row in await desk.history()] == [seqs[2], seqs[2], None, None, None]
    assert await desk.prompt() == ["1", "2", "3", "a", "4"]
    await desk.answer(later, "b")
    assert (await desk.history())[-1].answers == later.seq


async def test_what_waited_for_too_long_is_kept_but_no_longer_answered(desk: Desk) -> None:
    await desk.receive("old")
    desk.time.pass_by(minutes=16)
    await desk.receive("new")
    work = await desk.take(answer_within=timedelta(minutes=15))
    assert work is not None
    assert [message.content for message in work.messages] == ["new"]
    assert [turn.content for turn in work.turns] == ["old", "new"]
    assert await desk.states() == {"old": "context:too_old", "new": "waiting"}


async def test_what_is_busy_is_passed_over(desk: Desk) -> None:
    first = await desk.receive("1")
    await desk.receive("2")
    work = await desk.take(limits=Limits(), busy={first.seq or 0})
    assert work is not None
    assert [turn.content for turn in work.turns] == ["1", "2"]


async def test_nothing_waits_nothing_is_taken(desk: Desk) -> None:
    await desk.receive("note", judge=judge_as(MessageState.CONTEXT))
    assert await desk.take() is None
    assert await desk.take("stranger") is None


async def test_an_answer_stands_behind_what_it_answers(desk: Desk) -> None:
    first, second = await desk.receive("q1"), await desk.receive("q2")
    await desk.receive("q3")
    await desk.answer(second, "a2")
    await desk.answer(first, "a1")
    assert await desk.prompt() == ["q1", "a1", "q2", "a2", "q3"]


async def test_a_model_sees_the_conversation_but_not_what_was_ignored_or_never_sent(desk: Desk) -> None:
    await desk.receive("ignored", judge=judge_as(MessageState.IGNORED, "group"))
    await desk.receive("owner", source=Source.OWNER, sender=Sender("me"), judge=judge_as(MessageState.CONTEXT))
    refused = await desk.receive("refused")
    await desk.answer(refused, "not sent", message_id="R")
    await desk.store.outbox.failed(desk.claim, "R", DeliveryState.FAILED, "blocked")
    unsure = await desk.receive("unsure")
    await desk.answer(unsure, "perhaps sent", message_id="U")
    await desk.store.outbox.failed(desk.claim, "U", DeliveryState.UNCERTAIN, "timeout")
    given_up = await desk.receive("given up")
    await desk.store.messages.settle(desk.claim, [given_up.seq or 0], Verdict(MessageState.FAILED, Reason.MODEL_SILENT))
    await desk.receive("now")
    assert await desk.prompt() == ["owner", "refused", "unsure", "perhaps sent", "given up", "now"]


@pytest.mark.parametrize(
    ("limits", "seen"),
    [
        (Limits(max_messages=2), ["bb", "cc"]),
        (Limits(max_messages=1), ["cc"]),
        (Limits(max_characters=5), ["bb", "cc"]),
        (Limits(max_characters=4), ["bb", "cc"]),
        (Limits(max_characters=1), ["cc"]),
        (Limits(max_days=1), ["bb", "cc"]),
        (Limits(max_days=9), ["aa", "bb", "cc"]),
    ],
)
async def test_the_context_is_bounded_newest_first(desk: Desk, limits: Limits, seen: list[str]) -> None:
    await desk.receive("aa", age=timedelta(hours=30), judge=judge_as(MessageState.CONTEXT))
    await desk.receive("bb", age=timedelta(hours=12), judge=judge_as(MessageState.CONTEXT))
    await desk.receive("cc")
    assert await desk.prompt(limits=limits) == seen


async def test_whatever_the_bounds_of_the_context_no_message_is_answered_unseen(desk: Desk) -> None:
    await desk.receive("said before", judge=judge_as(MessageState.CONTEXT))
    for text in ("a", "b", "c"):
        await desk.receive(text, age=timedelta(days=3))
    assert await desk.prompt(limits=Limits(max_messages=4, max_days=9)) == ["said before", "a", "b", "c"]
    assert await desk.prompt(limits=Limits(max_messages=1, max_characters=1, max_days=9)) == ["a", "b", "c"]


async def test_an_answer_goes_to_the_outbox_in_the_same_commit(desk: Desk) -> None:
    question = await desk.receive("q", group="team", sender=Sender("eve"))
    outgoing = await desk.answer(question, "a\x00", message_id="OUT")
    assert outgoing is not None
    assert (outgoing.recipient, outgoing.conversation, outgoing.content) == ("team", "team", "a\ufffd")
    assert (outgoing.state, outgoing.attempts) == (DeliveryState.PENDING, 0)
    assert await desk.store.outbox.pending(BOT, "team") == [outgoing]
    assert await desk.store.messages.sent(BOT, "OUT", ["team"]) == SentMessage("a\ufffd")
    assert await desk.store.messages.sent(BOT, "other", ["team"]) is None
    asked, answered = await desk.history()
    assert asked.state is MessageState.ANSWERED
    assert (answered.source, answered.state, answered.answers) == (Source.BOT, MessageState.CONTEXT, asked.seq)
    assert (answered.group_id, answered.delivery) == ("team", DeliveryState.PENDING)


async def test_a_message_is_answered_once(desk: Desk) -> None:
    question = await desk.receive("q")
    assert await desk.answer(question, "first", "ONE") is not None
    assert await desk.answer(question, "second", "TWO") is None
    assert [row.content for row in await desk.history()] == ["q", "first"]


async def test_of_two_answers_with_one_id_the_first_stands(desk: Desk) -> None:
    first = await desk.answer(await desk.receive("q1"), "first", "SAME")
    assert await desk.answer(await desk.receive("q2"), "second", "SAME") == first
    assert await desk.states() == {"q1": "answered", "first": "context", "q2": "answered"}


async def test_what_was_evicted_or_settled_is_no_longer_answered(desk: Desk) -> None:
    settled = await desk.receive("settled")
    silent = Verdict(MessageState.CONTEXT, Reason.MODEL_SILENT)
    assert await desk.store.messages.settle(desk.claim, [settled.seq or 0], silent)
    assert not await desk.store.messages.settle(desk.claim, [settled.seq or 0], Verdict(MessageState.FAILED))
    assert await desk.answer(settled) is None
    late = await desk.receive("late", age=timedelta(days=2), limits=Limits(max_days=1))
    assert await desk.answer(late) is None
    assert await desk.states() == {"settled": "context:model_silent", "late": "evicted:max_days"}


async def test_a_delivery_goes_through_its_states(desk: Desk) -> None:
    outbox, key = desk.store.outbox, (desk.claim, "OUT")
    await desk.answer(await desk.receive(), "a", message_id="OUT")

    async def delivery() -> tuple[str | None, str | None]:
        row = (await desk.history())[-1]
        return row.delivery, row.delivery_reason

    await outbox.sending(*key)
    assert await delivery() == ("sending", None)
    assert [await outbox.attempted(*key), await outbox.attempted(*key)] == [1, 2]
    [pending] = await outbox.pending(BOT, "anna")
    assert (pending.state, pending.attempts) == (DeliveryState.PENDING, 2)
    await outbox.failed(*key, DeliveryState.FAILED, "blocked")
    assert await delivery() == ("failed", "blocked")
    assert await outbox.pending(BOT, "anna") == []
    await outbox.sent(BOT, "OUT")
    assert await delivery() == ("sent", None)


async def test_a_run_whose_bot_was_claimed_by_another_does_nothing_more(desk: Desk) -> None:
    store, question = desk.store, await desk.receive("q")
    await desk.answer(await desk.receive("before"), "a", message_id="OUT")
    new = await store.bots.claim(BOT)
    for stale in (
        store.messages.answer(desk.claim, [question.seq or 0], [Part("late", "LATE")]),
        store.messages.settle(desk.claim, [question.seq or 0], Verdict(MessageState.FAILED)),
        store.outbox.is_pending(desk.claim, "OUT"),
        store.outbox.sending(desk.claim, "OUT"),
        store.outbox.attempted(desk.claim, "OUT"),
        store.outbox.failed(desk.claim, "OUT", DeliveryState.FAILED, "late"),
        store.outbox.interrupted(desk.claim),
        store.state.write(desk.claim, [("creds", "creds", b"late")]),
    ):
        with pytest.raises(Superseded):
            await stale
    assert await desk.states() == {"q": "waiting", "before": "answered", "a": "context"}
    assert await store.state.read(BOT, "creds") == {}
    assert await store.outbox.is_pending(new, "OUT")
    assert await store.messages.answer(new, [question.seq or 0], [Part("mine", "MINE")])


async def test_sent_stays_sent(desk: Desk) -> None:
    await desk.answer(await desk.receive(), "a", message_id="OUT")
    await desk.store.outbox.sent(BOT, "OUT")
    await desk.store.outbox.failed(desk.claim, "OUT", DeliveryState.UNCERTAIN, "timeout")
    await desk.store.outbox.attempted(desk.claim, "OUT")
    await desk.store.outbox.sending(desk.claim, "OUT")
    assert (await desk.history())[-1].delivery is DeliveryState.SENT


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (DeliveryState.PENDING, True),
        (DeliveryState.SENDING, True),
        (DeliveryState.SENT, False),
        (DeliveryState.FAILED, False),
        (DeliveryState.UNCERTAIN, False),
    ],
)
async def test_an_answer_is_pending_until_its_delivery_has_an_end(
    desk: Desk, state: DeliveryState, expected: bool
) -> None:
    outbox, key = desk.store.outbox, (desk.claim, "OUT")
    await desk.answer(await desk.receive(), "a", message_id="OUT")
    if state is DeliveryState.SENDING:
        await outbox.sending(*key)
    elif state is DeliveryState.SENT:
        await outbox.sent(BOT, "OUT")
    elif state is not DeliveryState.PENDING:
        await outbox.failed(*key, state, "why")
    assert (await desk.history())[-1].delivery is state
    assert await outbox.is_pending(*key) is expected
    assert not await outbox.is_pending(desk.claim, "unknown")


async def test_a_send_that_a_crash_interrupted_is_uncertain(desk: Desk) -> None:
    await desk.answer(await desk.receive("1"), "a1", message_id="A")
    await desk.answer(await desk.receive("2"), "a2", message_id="B")
    await desk.store.outbox.sending(desk.claim, "A")
    assert await desk.store.outbox.interrupted(desk.claim) == 1
    first, second = [row for row in await desk.history() if row.source is Source.BOT]
    assert (first.delivery, first.delivery_reason) == (DeliveryState.UNCERTAIN, "interrupted")
    assert second.delivery is DeliveryState.PENDING


async def test_unfinished_conversations_are_found_again_oldest_first(desk: Desk) -> None:
    done = await desk.receive("1", "done")
    await desk.receive("2", "waits")
    unsent = await desk.receive("3", "unsent")
    await desk.answer(done, message_id="D")
    await desk.store.outbox.sent(BOT, "D")
    await desk.answer(unsent)
    await desk.receive("4", "note", judge=judge_as(MessageState.CONTEXT))
    assert await desk.store.messages.unfinished(BOT) == ["waits", "unsent"]


async def test_a_text_is_read_again_only_for_the_chat_that_it_was_sent_to(desk: Desk) -> None:
    sent = desk.store.messages.sent
    await desk.receive("hello", "eve")
    await desk.answer(await desk.receive("q", "ann@lid", "49151@s"), "a secret", message_id="OUT")
    assert [await sent(BOT, "OUT", chat) for chat in (["ann@lid"], ["49151@s"], ["x@lid", "49151@s"])] == (
        [SentMessage("a secret")] * 3
    )
    assert [await sent(BOT, "OUT", chat) for chat in (["eve"], ["nobody"], [])] == [None] * 3
    await desk.store.outbox.failed(desk.claim, "OUT", DeliveryState.FAILED, "refused")
    assert await sent(BOT, "OUT", ["ann@lid"]) is None


async def test_a_receipt_counts_in_the_chat_that_the_message_was_sent_to(desk: Desk) -> None:
    await desk.receive("hello", "eve")
    await desk.answer(await desk.receive("q", "ann@lid", "49151@s"), "a", message_id="OUT")
    assert not await desk.store.outbox.sent(BOT, "OUT", ["eve"])
    assert [row.delivery for row in await desk.history()][-1] is DeliveryState.PENDING
    assert await desk.store.outbox.sent(BOT, "OUT", ["49151@s"])
    assert [row.delivery for row in await desk.history()][-1] is DeliveryState.SENT


async def test_a_run_answers_no_message_of_another_bot_whatever_its_number(desk: Desk) -> None:
    """After a fail-over to an older copy a number may be given again."""
    await desk.store.bots.add("bot-2", "ben", {})
    other = Desk(desk.store, desk.time, "bot-2")
    assert await desk.answer(await other.receive("hello")) is None
    assert await other.states() == {"hello": "waiting"}
