"""What ends a wait early: new rules, and an account that is gone."""

from typing import Any

import pytest

from imposter.contracts.errors import BotNotFound
from imposter.contracts.messages import Message, Sender, Source
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import Judge, MessageState, Verdict
from imposter.domain.reasons import Reason
from imposter.storage import Store
from tests.storage.desk import BOT, WAITS, Desk, judge_as

REFUSED = Verdict(MessageState.IGNORED, Reason.NOT_ALLOWED)


def refuse(*ids: str) -> Judge:
    """A judge that turns away whoever is known under one of `ids`."""
    return lambda message, known_ids: REFUSED if known_ids & {*ids} else Verdict(MessageState.WAITING)


async def deliveries(desk: Desk) -> dict[str, tuple[DeliveryState | None, str | None]]:
    """What became of each answer, and why."""
    return {
        row.content: (row.delivery, row.delivery_reason) for row in await desk.history() if row.source is Source.BOT
    }


async def config(store: Store) -> dict[str, Any]:
    return (await store.bots.all())[0].config


async def test_new_rules_end_the_waiting_of_whom_they_no_longer_allow(desk: Desk) -> None:
    await desk.receive("from eve", "eve-lid", "eve")
    await desk.receive("in the team", group="team", sender=Sender("eve-lid"))
    await desk.receive("from ben", "ben")
    await desk.store.bots.update(BOT, {}, refuse("eve"))
    assert await desk.states() == {
        "from eve": "ignored:not_allowed",
        "in the team": "ignored:not_allowed",
        "from ben": "waiting",
    }


async def test_new_rules_hold_back_an_answer_that_is_not_sent_yet(desk: Desk) -> None:
    for sender in ("eve", "ben"):
        await desk.answer(await desk.receive(f"from {sender}", f"{sender}-lid", sender), f"to {sender}")
    await desk.store.bots.update(BOT, {}, refuse("eve"))
    assert await deliveries(desk) == {
        "to eve": (DeliveryState.WITHDRAWN, "not_allowed"),
        "to ben": (DeliveryState.PENDING, None),
    }
    assert await desk.store.outbox.pending(BOT, "eve-lid") == []
    assert await desk.store.messages.unfinished(BOT) == ["ben-lid"]


async def test_an_answer_is_judged_by_the_question_behind_it(desk: Desk) -> None:
    heard: list[tuple[str, Source, bool]] = []

    def judge(message: Message, known_ids: frozenset[str]) -> Verdict:
        heard.append((message.content, message.source, message.group is not None))
        return Verdict(MessageState.WAITING)

    await desk.answer(await desk.receive("asked", group="team", sender=Sender("eve")), "answered")
    await desk.store.bots.update(BOT, {}, judge)
    assert heard == [("asked", Source.CONTACT, True)]


async def test_new_rules_do_not_touch_what_is_on_its_way_or_was_sent(desk: Desk) -> None:
    for name in ("sending", "sent", "uncertain"):
        await desk.answer(await desk.receive(), name, message_id=name)
    await desk.store.outbox.sending(desk.claim, "sending")
    await desk.store.outbox.sent(BOT, "sent")
    await desk.store.outbox.failed(desk.claim, "uncertain", DeliveryState.UNCERTAIN, "timeout")
    before = await deliveries(desk)
    await desk.store.bots.update(BOT, {}, judge_as(MessageState.IGNORED, "groups_off"))
    assert await deliveries(desk) == before


async def test_a_config_is_stored_together_with_what_follows_from_it(store: Store, desk: Desk) -> None:
    await desk.receive("waits", "eve")
    await desk.answer(await desk.receive("asked", "eve"), "unsent")
    await store.bots.update(BOT, {"n": 2}, refuse("eve"))
    assert await config(store) == {"n": 2}
    assert await desk.states() == {
        "waits": "ignored:not_allowed",
        "asked": "answered",
        "unsent": "context",
    }
    assert await deliveries(desk) == {"unsent": (DeliveryState.WITHDRAWN, "not_allowed")}


async def test_where_judging_fails_the_config_stays_as_it_was(store: Store, desk: Desk) -> None:
    def broken(message: Message, known_ids: frozenset[str]) -> Verdict:
        if message.content == "second":
            raise ZeroDivisionError
        return REFUSED

    await desk.receive("first")
    await desk.receive("second")
    with pytest.raises(ZeroDivisionError):
        await store.bots.update(BOT, {"n": 2}, broken)
    assert await config(store) == {}
    assert await desk.states() == {"first": "waiting", "second": "waiting"}


async def test_a_config_without_a_judge_leaves_the_queue_alone(store: Store, desk: Desk) -> None:
    await desk.receive("waits")
    await store.bots.update(BOT, {"n": 2})
    assert await desk.states() == {"waits": "waiting"}
    with pytest.raises(BotNotFound):
        await store.bots.update("nobody", {}, WAITS)


async def test_nothing_of_an_account_that_is_gone_is_answered(store: Store, desk: Desk) -> None:
    await desk.receive("note", judge=judge_as(MessageState.IGNORED, "groups_off"))
    for name in ("pending", "sending", "sent"):
        await desk.answer(await desk.receive("asked"), name, message_id=name)
    late = await desk.receive("waits")
    await store.outbox.sending(desk.claim, "sending")
    await store.outbox.sent(BOT, "sent")
    assert await store.state.clear(desk.claim) == 3
    assert await desk.states() == {
        "note": "ignored:groups_off",
        "asked": "answered",
        "pending": "context",
        "sending": "context",
        "sent": "context",
        "waits": "context:unlinked",
    }
    assert await deliveries(desk) == {
        "pending": (DeliveryState.WITHDRAWN, "unlinked"),
        "sending": (DeliveryState.WITHDRAWN, "unlinked"),
        "sent": (DeliveryState.SENT, None),
    }
    assert await desk.answer(late) is None
    assert await store.messages.unfinished(BOT) == []
    assert await store.outbox.interrupted(desk.claim) == 0


async def test_another_platform_is_taken_up_in_the_commit_that_ends_what_waited_on_the_first(
    store: Store, desk: Desk
) -> None:
    await desk.receive("waits")
    await desk.answer(await desk.receive("asked"), "failed", message_id="failed")
    await store.outbox.failed(desk.claim, "failed", DeliveryState.FAILED, "Refused")
    await store.bots.update(BOT, {"n": 2}, WAITS, abandoned="platform_changed")
    assert (await desk.states())["waits"] == "context:platform_changed"
    assert await deliveries(desk) == {"failed": (DeliveryState.WITHDRAWN, "platform_changed")}
    assert await config(store) == {"n": 2}


async def test_what_ends_for_one_bot_goes_on_for_another(store: Store, desk: Desk) -> None:
    await store.bots.add("bot-2", "ben", {})
    other = Desk(store, desk.time, "bot-2")
    await other.receive("waits")
    await other.answer(await other.receive("asked"), "unsent")
    refuses = judge_as(MessageState.IGNORED, "not_allowed")
    assert await store.state.clear(await store.bots.claim(BOT)) == 0
    await store.bots.update(BOT, {}, refuses)
    assert await other.states() == {"waits": "waiting", "asked": "answered", "unsent": "context"}
    assert await deliveries(other) == {"unsent": (DeliveryState.PENDING, None)}
