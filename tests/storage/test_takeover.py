"""The owner writes in a chat themselves, or asks for silence: what waits there ends, and nothing more goes out."""

from datetime import timedelta
from typing import Any

import pytest

from imposter.contracts.messages import Message, Sender, Source
from imposter.domain.claims import Claim, Superseded
from imposter.domain.deliveries import DeliveryState, Part
from imposter.domain.messages import Accepted, MessageState, Verdict
from imposter.domain.pauses import FOREVER, OWNER_PAUSE, TAKEOVER, Pause
from imposter.domain.reasons import ForeignReason, Reason
from tests.storage.desk import BOT, WAITS, Desk

HALF_AN_HOUR = timedelta(minutes=30)


def own(message: Message, known_ids: frozenset[str]) -> Verdict:
    return Verdict(MessageState.CONTEXT, Reason.OWNER, silence=HALF_AN_HOUR)


async def owner_writes(desk: Desk, chat: str = "anna", **more: Any) -> Accepted:
    return await desk.receive("I am here", chat, source=Source.OWNER, sender=Sender("me"), **{"judge": own, **more})


async def deliveries(desk: Desk) -> dict[str, str]:
    return {
        row.content: ":".join(filter(None, (row.delivery, row.delivery_reason)))
        for row in await desk.history()
        if row.delivery
    }


async def test_the_bot_is_silent_where_its_owner_writes_from_when_they_wrote(desk: Desk) -> None:
    accepted = await owner_writes(desk, age=timedelta(minutes=10))
    pause = Pause("anna", TAKEOVER, desk.time() + timedelta(minutes=20))
    assert accepted.pause == pause
    assert await desk.store.pauses.holding(BOT) == [pause]


async def test_what_waits_there_ends_and_nothing_more_goes_out(desk: Desk) -> None:
    await desk.reply([(await desk.receive("q1")).seq], *(Part(text, text) for text in ("sent", "sending", "unsent")))
    await desk.store.outbox.sent(BOT, "sent")
    await desk.store.outbox.sending(desk.claim, "sending")
    asked = await desk.receive("q2")
    await desk.reply([(await desk.receive("q3", "ben")).seq], Part("to ben", "to ben"))
    await desk.receive("q4", "ben")
    await owner_writes(desk)
    assert await desk.states() == {
        "q1": "answered",
        "sent": "context",
        "sending": "context",
        "unsent": "context",
        "q2": "context:takeover",
        "q3": "answered",
        "to ben": "context",
        "q4": "waiting",
        "I am here": "context:owner",
    }
    assert await deliveries(desk) == {
        "sent": "sent",
        "sending": "sending",
        "unsent": "withdrawn:takeover",
        "to ben": "pending",
    }
    assert await desk.reply([asked.seq], Part("late", "late")) == [], "the model was still being asked"
    assert await desk.store.messages.unfinished(BOT) == ["ben"]


async def test_what_the_owner_wrote_long_ago_ends_nothing(desk: Desk) -> None:
    await desk.receive("q")
    accepted = await owner_writes(desk, age=HALF_AN_HOUR)
    assert accepted.pause is None
    assert await desk.store.pauses.holding(BOT) == []
    assert await desk.states() == {"q": "waiting", "I am here": "context:owner"}


async def test_a_clock_that_is_ahead_makes_no_longer_silence(desk: Desk) -> None:
    accepted = await owner_writes(desk, age=-timedelta(days=400))
    assert accepted.pause == Pause("anna", TAKEOVER, desk.time() + HALF_AN_HOUR)


async def test_an_echo_of_an_answer_is_no_takeover(desk: Desk) -> None:
    seq = (await desk.receive("q")).seq or 0
    await desk.reply([seq], Part("one", "one"), Part("two", "two"))
    desk.time.pass_by(seconds=3)
    assert (await owner_writes(desk, message_id="one")).pause is None
    assert await deliveries(desk) == {"one": "sent", "two": "pending"}
    decision = await desk.store.messages.decision(BOT, seq)
    assert decision is not None
    assert [part.sent_at for part in decision.parts] == [desk.time(), None]


async def test_what_is_told_twice_is_one_takeover(desk: Desk) -> None:
    await owner_writes(desk, message_id="own")
    await desk.store.pauses.clear(BOT)
    assert (await owner_writes(desk, message_id="own")).pause is None
    assert await desk.store.pauses.holding(BOT) == []


async def test_only_a_verdict_with_silence_makes_one(desk: Desk) -> None:
    await desk.receive("q")
    quiet = Verdict(MessageState.CONTEXT, Reason.OWNER)
    assert (await owner_writes(desk, judge=lambda *_: quiet)).pause is None
    assert await desk.prompt() == ["q"]


@pytest.mark.parametrize("minutes", [20, 60])
async def test_of_two_pauses_the_one_that_ends_later_holds(desk: Desk, minutes: int) -> None:
    earlier = Pause("anna", "loop", desk.time() + timedelta(minutes=minutes))
    await desk.receive("q")
    await desk.store.pauses.set(BOT, earlier)
    accepted = await owner_writes(desk)
    holds = max(earlier, Pause("anna", TAKEOVER, desk.time() + HALF_AN_HOUR), key=lambda pause: pause.until)
    assert accepted.pause == holds
    assert await desk.store.pauses.holding(BOT) == [holds]
    assert (await desk.states())["q"] == "context:takeover"


async def test_who_goes_on_writing_stays_in_charge(desk: Desk) -> None:
    await owner_writes(desk)
    desk.time.pass_by(minutes=20)
    await owner_writes(desk)
    assert [pause.until for pause in await desk.store.pauses.holding(BOT)] == [desk.time() + HALF_AN_HOUR]


async def test_a_takeover_holds_in_the_conversation_that_its_chat_turns_out_to_be(desk: Desk) -> None:
    for chat in ("phone", "lid"):
        await desk.receive(f"by {chat}", chat)
    accepted = await desk.receive("I am here", "lid", "phone", source=Source.OWNER, sender=Sender("me"), judge=own)
    assert (accepted.absorbed, accepted.pause and accepted.pause.conversation) == (("lid",), "phone")
    assert await desk.states() == {
        "by phone": "context:takeover",
        "by lid": "context:takeover",
        "I am here": "context:owner",
    }


async def test_a_run_that_was_taken_over_from_begins_no_silence(desk: Desk) -> None:
    old = desk.claim
    await desk.receive("q")
    await desk.store.bots.claim(BOT)
    with pytest.raises(Superseded):
        await owner_writes(desk, claim=old)
    assert await desk.store.pauses.holding(BOT) == []
    assert await desk.prompt() == ["q"]


@pytest.mark.parametrize(("conversation", "left"), [("anna", ["ben"]), ("", [])])
async def test_silence_by_request_ends_what_waits_and_what_is_not_out(
    desk: Desk, conversation: str, left: list[str]
) -> None:
    for chat in ("anna", "ben"):
        await desk.reply([(await desk.receive("q", chat)).seq], Part(f"to {chat}", f"to {chat}"))
        await desk.receive(f"of {chat}", chat)
    forever = Pause(conversation, OWNER_PAUSE, FOREVER)
    assert await desk.store.pauses.begin(desk.claim, forever) == forever
    assert await desk.store.pauses.holding(BOT) == [forever]
    assert await desk.store.messages.unfinished(BOT) == left
    assert (await desk.states())["of anna"] == "context:paused"
    assert (await deliveries(desk))["to anna"] == f"{DeliveryState.WITHDRAWN}:paused"


async def test_silence_is_the_newest_runs_to_begin(desk: Desk) -> None:
    await desk.receive("q")
    await desk.store.bots.claim(BOT)
    with pytest.raises(Superseded):
        await desk.store.pauses.begin(desk.claim, Pause("", OWNER_PAUSE, FOREVER))
    assert await desk.prompt() == ["q"]


async def test_what_the_owner_had_tried_again_is_a_dead_letter_again(desk: Desk) -> None:
    seq = (await desk.receive("q")).seq or 0
    await desk.store.messages.settle(desk.claim, [seq], Verdict(MessageState.FAILED, ForeignReason("no")))
    await desk.store.dead_letters.retry(BOT, seq, WAITS)
    await owner_writes(desk)
    assert [letter.reason for letter in await desk.store.dead_letters.page(BOT)] == [TAKEOVER]


async def test_one_pause_ends_and_the_others_hold(desk: Desk) -> None:
    pauses, until = desk.store.pauses, desk.time() + timedelta(minutes=5)
    anna, account = Pause("anna", TAKEOVER, until), Pause("", OWNER_PAUSE, until + timedelta(minutes=1))
    for pause in (anna, account):
        await pauses.set(BOT, pause)
    assert not await pauses.end(BOT, ["ben"])
    assert not await pauses.end("another", ["anna"])
    assert await pauses.end(BOT, [""])
    assert await pauses.holding(BOT) == [anna]
    assert await pauses.end(BOT, ["anna"])
    assert await pauses.holding(BOT) == []


async def test_what_was_sent_before_a_pause_is_over_is_not_answered_however_late_it_comes(desk: Desk) -> None:
    await owner_writes(desk)
    await desk.store.pauses.begin(desk.claim, Pause("ben", OWNER_PAUSE, desk.time() + HALF_AN_HOUR))
    desk.time.pass_by(minutes=40)
    assert await desk.store.pauses.holding(BOT) == []
    await desk.receive("late", age=timedelta(minutes=15))
    await desk.receive("late to ben", "ben", age=timedelta(minutes=15))
    await desk.receive("new")
    states = await desk.states()
    assert (states["late"], states["late to ben"], states["new"]) == ("context:takeover", "context:paused", "waiting")


async def test_the_owner_s_late_word_ends_what_was_sent_before_its_silence_was_over(desk: Desk) -> None:
    await desk.receive("before", age=timedelta(minutes=50))
    await desk.receive("behind", age=timedelta(minutes=5))
    accepted = await owner_writes(desk, age=timedelta(minutes=45))
    assert accepted.pause is None
    states = await desk.states()
    assert (states["before"], states["behind"]) == ("context:takeover", "waiting")


async def test_a_pause_makes_none_shorter_and_ends_what_waits_with_it(desk: Desk) -> None:
    locked = Pause("anna", "reach_out_locked", desk.time() + timedelta(hours=24))
    await desk.receive("q")
    await desk.store.pauses.set(BOT, locked)
    short = Pause("anna", OWNER_PAUSE, desk.time() + timedelta(minutes=1))
    assert await desk.store.pauses.begin(desk.claim, short) == locked
    assert await desk.store.pauses.holding(BOT) == [locked]
    assert (await desk.states())["q"] == "context:paused"
    with pytest.raises(Superseded):
        await desk.store.pauses.begin(Claim(BOT, 7), short)
