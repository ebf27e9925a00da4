"""What contacts did not get: listed, tried again, let go."""

import asyncio

import pytest

from imposter.contracts.errors import DeadLetterNotFound, InvalidState
from imposter.contracts.messages import Sender
from imposter.domain.dead_letters import DeadLetter, DeadLetterKind
from imposter.domain.deliveries import DeliveryState, Part
from imposter.domain.messages import MessageState, Verdict
from imposter.domain.reasons import Reason
from imposter.storage import Store
from imposter.storage.queue.dead_letters import AT_ONCE
from tests.storage.desk import BOT, ROOMY, WAITS, Desk, judge_as

REFUSES = judge_as(MessageState.IGNORED, "not_allowed")


async def letters(desk: Desk) -> list[DeadLetter]:
    return await desk.store.dead_letters.page(desk.bot)


async def undelivered(
    desk: Desk, text: str = "hi", chat: str = "anna", state: DeliveryState = DeliveryState.FAILED
) -> None:
    """An answer that came to nothing."""
    await desk.answer(await desk.receive("q", chat), text, message_id=text)
    await desk.store.outbox.attempted(desk.claim, text)
    await desk.store.outbox.failed(desk.claim, text, state, "Refused")


async def unanswered(desk: Desk, *texts: str, chat: str = "anna") -> None:
    """Messages that the model was asked about together, and said nothing to."""
    seqs = [(await desk.receive(text, chat)).seq or 0 for text in texts]
    await desk.store.messages.settle(desk.claim, seqs, Verdict(MessageState.FAILED, Reason.MODEL_REFUSED))


async def test_what_a_contact_did_not_get_is_listed_newest_first_and_nothing_else(desk: Desk) -> None:
    await desk.receive("waits")
    await desk.answer(await desk.receive("sent"), "sent", message_id="sent")
    await desk.store.outbox.sent(BOT, "sent")
    await undelivered(desk, "refused")
    await unanswered(desk, "one", "two")
    await undelivered(desk, "perhaps", state=DeliveryState.UNCERTAIN)
    seen = [
        (each.kind, each.message, each.answer, each.delivery, each.reason, each.attempts)
        for each in await letters(desk)
    ]
    assert seen == [
        (DeadLetterKind.ANSWER, "q", "perhaps", DeliveryState.UNCERTAIN, "Refused", 1),
        (DeadLetterKind.MESSAGE, "two", None, None, "ModelRefused", 0),
        (DeadLetterKind.ANSWER, "q", "refused", DeliveryState.FAILED, "Refused", 1),
    ]
    newest, second, oldest = await letters(desk)
    assert await desk.store.dead_letters.page(BOT, limit=2) == [newest, second]
    assert await desk.store.dead_letters.page(BOT, before=second.seq) == [oldest]


async def test_what_the_owner_withdrew_is_no_dead_letter(desk: Desk) -> None:
    await desk.answer(await desk.receive("q"), "unsent")
    await desk.store.bots.update(BOT, {}, REFUSES)
    assert await letters(desk) == []


async def test_an_answer_is_sent_again_as_the_same_message(desk: Desk) -> None:
    await undelivered(desk, "hi")
    desk.time.pass_by(days=3)
    [letter] = await letters(desk)
    retried = await desk.store.dead_letters.retry(BOT, letter.seq, WAITS)
    assert retried.conversations == {"anna"}
    [outgoing] = await desk.store.outbox.pending(BOT, "anna")
    assert (outgoing.message_id, outgoing.content, outgoing.attempts) == ("hi", "hi", 0)
    assert outgoing.created_at == desk.time(), "what grew too old would fail again at once"
    assert await letters(desk) == []


async def test_messages_that_failed_together_wait_together_again_however_old_they_are(desk: Desk) -> None:
    await unanswered(desk, "one", "two")
    await unanswered(desk, "other", chat="ben")
    desk.time.pass_by(days=40)
    [_, letter] = await letters(desk)
    assert (await desk.store.dead_letters.retry(BOT, letter.seq, WAITS)).letters == 1
    assert await desk.states() == {"one": "waiting:retried", "two": "waiting:retried", "other": "failed:ModelRefused"}
    work = await desk.take()
    assert work is not None
    assert [message.content for message in work.messages] == ["one", "two"]
    assert await desk.reply(work.seqs, Part("at last", "OUT"))


async def test_of_two_retries_at_once_one_counts(desk: Desk) -> None:
    await undelivered(desk)
    [letter] = await letters(desk)
    retry = desk.store.dead_letters.retry
    outcomes = await asyncio.gather(
        retry(BOT, letter.seq, WAITS), retry(BOT, letter.seq, WAITS), return_exceptions=True
    )
    assert [type(outcome).__name__ for outcome in outcomes] == ["Retried", "DeadLetterNotFound"]
    await desk.store.outbox.sent(BOT, "hi")
    with pytest.raises(DeadLetterNotFound):
        await retry(BOT, letter.seq, WAITS)


async def test_whom_todays_rules_leave_out_gets_nothing(desk: Desk) -> None:
    await undelivered(desk)
    await unanswered(desk, "asked")
    before = await letters(desk)
    for letter in before:
        with pytest.raises(InvalidState, match="not_allowed"):
            await desk.store.dead_letters.retry(BOT, letter.seq, REFUSES)
    assert (await desk.store.dead_letters.retry_some(BOT, REFUSES)).refused == 2
    assert await letters(desk) == before


async def test_of_a_group_only_those_are_answered_whom_the_rules_let_in(desk: Desk) -> None:
    seqs = [(await desk.receive(f"of {name}", group="g", sender=Sender(name))).seq or 0 for name in ("ben", "carl")]
    await desk.store.messages.settle(desk.claim, seqs, Verdict(MessageState.FAILED, Reason.MODEL_REFUSED))
    [letter] = await letters(desk)

    async def retry() -> None:
        await desk.store.dead_letters.retry(
            BOT,
            letter.seq,
            lambda message, ids: Verdict(MessageState.WAITING if "ben" in ids else MessageState.IGNORED),
        )

    await retry()
    assert await desk.states() == {"of ben": "waiting:retried", "of carl": "failed:ModelRefused"}


async def test_all_are_retried_in_portions(desk: Desk) -> None:
    for number in range(AT_ONCE):
        await unanswered(desk, f"{number}", chat=f"c{number}")
    await undelivered(desk, "the last", "dora")
    first = await desk.store.dead_letters.retry_some(BOT, WAITS)
    assert (first.letters, first.refused, len(first.conversations)) == (AT_ONCE, 0, AT_ONCE)
    assert first.last is not None
    rest = await desk.store.dead_letters.retry_some(BOT, WAITS, first.last)
    assert (rest.letters, rest.conversations, rest.last) == (1, frozenset({"dora"}), None)
    assert await letters(desk) == []


async def test_a_letter_can_be_let_go_and_stays_on_record(desk: Desk) -> None:
    await undelivered(desk)
    await unanswered(desk, "one", "two")
    for letter in await letters(desk):
        await desk.store.dead_letters.remove(BOT, letter.seq)
    assert await letters(desk) == []
    assert await desk.states() == {
        "q": "answered",
        "hi": "context",
        "one": "context:removed",
        "two": "context:removed",
    }
    assert (await desk.history())[1].delivery is DeliveryState.WITHDRAWN


async def test_a_letter_is_reached_through_its_own_bot_only(store: Store, desk: Desk) -> None:
    await undelivered(desk)
    await store.bots.add("bot-2", "ben", {})
    [letter] = await letters(desk)
    assert await store.dead_letters.page("bot-2") == []
    for refused in (
        store.dead_letters.retry("bot-2", letter.seq, WAITS),
        store.dead_letters.remove("bot-2", letter.seq),
    ):
        with pytest.raises(DeadLetterNotFound):
            await refused
    assert await letters(desk) == [letter]


async def test_nothing_is_sent_again_from_another_account(desk: Desk) -> None:
    await undelivered(desk)
    await undelivered(desk, "perhaps", state=DeliveryState.UNCERTAIN)
    await unanswered(desk, "asked")
    await desk.store.state.clear(await desk.store.bots.claim(BOT))
    assert await letters(desk) == []
    assert await desk.take(limits=ROOMY) is None
