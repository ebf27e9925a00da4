"""A message comes in."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from imposter.contracts.config import Limits
from imposter.contracts.errors import StorageError
from imposter.contracts.messages import UNREADABLE, Group, Message, Sender, Source
from imposter.domain.claims import Superseded
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import MessageState, Verdict
from imposter.domain.reasons import Reason
from imposter.storage import Store
from tests.storage.desk import BOT, ROOMY, WAITS, Desk, judge_as


async def test_a_message_is_kept_as_it_came(desk: Desk) -> None:
    message = Message(
        message_id="M1",
        content="What time? 🕰",
        sender=Sender("123@lid", "Eve", ("49151@s",)),
        source=Source.CONTACT,
        sent_at=datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=1))),
        reply_to="team@g",
        chat=("team@g",),
        group=Group("team@g", "The team"),
    )
    accepted = await desk.store.messages.add(BOT, message, ROOMY, WAITS, tuple)
    [row] = await desk.history()
    assert accepted.seq == row.seq
    assert accepted.conversation == row.conversation == "team@g"
    assert (row.message_id, row.content, row.source) == ("M1", "What time? 🕰", Source.CONTACT)
    assert (row.sender_id, row.sender_name) == ("123@lid", "Eve")
    assert (row.group_id, row.group_name, row.reply_to) == ("team@g", "The team", "team@g")
    assert row.sent_at == datetime(2026, 3, 1, 11, 30, tzinfo=UTC)
    assert row.sent_at.tzinfo is UTC
    assert row.received_at == desk.time()
    assert (row.state, row.reason) == (MessageState.WAITING, None)
    assert (row.truncated_from, row.answers, row.delivery, row.delivery_reason) == (None, None, None, None)


async def test_the_verdict_is_kept_with_its_reason(desk: Desk) -> None:
    accepted = await desk.receive("no", judge=judge_as(MessageState.IGNORED, "not_allowed"))
    assert accepted.verdict == Verdict(MessageState.IGNORED, Reason.NOT_ALLOWED)
    assert await desk.states() == {"no": "ignored:not_allowed"}


async def test_a_message_with_the_same_id_is_stored_once(desk: Desk) -> None:
    await desk.receive("first", message_id="M1")
    again = await desk.receive("again", message_id="M1")
    elsewhere = await desk.receive("elsewhere", "ben", message_id="M1")
    assert (again.duplicate, again.seq, again.conversation) == (True, None, "anna")
    assert not elsewhere.duplicate
    assert list(await desk.states()) == ["first", "elsewhere"]


@pytest.mark.parametrize("first", ["read", "unread"])
async def test_what_was_read_is_not_listed_as_unreadable_too(desk: Desk, first: str) -> None:
    """It came again although it had been read, or it could not be read at first."""
    unread = judge_as(MessageState.IGNORED, UNREADABLE)
    for turn in (first, "unread" if first == "read" else "read"):
        if turn == "read":
            await desk.receive("hello", message_id="M1")
        else:
            await desk.receive("[?]", message_id=f"M1/{UNREADABLE}", judge=unread)
    await desk.receive("[?] of ben", "ben", message_id=f"M1/{UNREADABLE}", judge=unread)
    await desk.receive("[?] 2", message_id=f"M2/{UNREADABLE}", judge=unread)
    assert list(await desk.states()) == ["hello", "[?] of ben", "[?] 2"]


async def test_a_long_message_is_cut_and_says_how_long_it_was(desk: Desk) -> None:
    await desk.receive("x" * 50, limits=Limits(max_characters=100, max_characters_single_message=20))
    await desk.receive("y" * 20, limits=Limits(max_characters=100, max_characters_single_message=20))
    cut, whole = await desk.history()
    assert (cut.content, cut.truncated_from) == ("x" * 20, 50)
    assert (whole.content, whole.truncated_from) == ("y" * 20, None)


async def test_what_no_database_can_store_is_replaced(desk: Desk) -> None:
    await desk.receive("a\x00b\ud83dc", "anna\x00", sender=Sender("anna\x00", "\udc00Eve"))
    [row] = await desk.history()
    assert row.content == "a\ufffdb\ufffdc"
    assert (row.conversation, row.sender_name) == ("anna\ufffd", "\ufffdEve")


async def test_what_a_message_refers_to_is_kept_and_judged_anew_with_it(desk: Desk) -> None:
    heard: list[tuple[bool, str | None, str | None]] = []

    def judge(message: Message, known_ids: frozenset[str]) -> Verdict:
        heard.append((message.addressed, message.quotes, message.reacts_to))
        return Verdict(MessageState.WAITING)

    await desk.receive("yes", judge=judge, addressed=True, quotes="M\x001")
    await desk.receive("!", judge=judge, reacts_to="M2\x00")
    await desk.receive("plain", judge=judge)
    told = [(True, "M\ufffd1", None), (False, None, "M2\ufffd"), (False, None, None)]
    assert heard == told
    assert [(row.addressed, row.quotes, row.reacts_to) for row in await desk.history()] == told
    await desk.store.bots.update(BOT, {}, judge)
    assert heard == told * 2


async def test_our_own_answer_reported_back_is_an_echo_and_proves_it_was_sent(desk: Desk) -> None:
    await desk.answer(await desk.receive(), "hi", message_id="OUT")
    await desk.store.outbox.failed(desk.claim, "OUT", DeliveryState.UNCERTAIN, "timeout")
    echo = await desk.receive("hi", message_id="OUT", source=Source.OWNER)
    assert (echo.seq, echo.duplicate, echo.verdict.reason) == (None, True, "echo")
    question, answer = await desk.history()
    assert (question.content, answer.content) == ("hello", "hi")
    assert (answer.delivery, answer.delivery_reason) == (DeliveryState.SENT, None)


async def test_what_the_owner_typed_is_no_echo(desk: Desk) -> None:
    accepted = await desk.receive("me", source=Source.OWNER, judge=judge_as(MessageState.CONTEXT))
    assert not accepted.duplicate
    assert await desk.states() == {"me": "context"}


async def test_a_judge_that_fails_fails_its_message_alone(desk: Desk) -> None:
    def broken(message: Message, known_ids: frozenset[str]) -> Verdict:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await desk.receive("bad", judge=broken)
    await desk.receive("good")
    assert list(await desk.states()) == ["good"]


async def test_a_message_for_a_bot_that_is_gone_is_refused_without_its_words(store: Store, desk: Desk) -> None:
    await store.bots.delete(BOT)
    with pytest.raises(StorageError) as refusal:
        await desk.receive("top secret")
    assert "top secret" not in str(refusal.value)
    assert "anna" not in str(refusal.value)


async def test_bots_do_not_see_each_others_messages(store: Store, desk: Desk) -> None:
    await store.bots.add("bot-2", "ben", {})
    other = Desk(store, desk.time, "bot-2")
    await desk.receive("mine", message_id="M1")
    await other.receive("yours", message_id="M1")
    assert list(await desk.states()) == ["mine"]
    assert await other.prompt() == ["yours"]


async def test_pages_go_back_in_time(desk: Desk) -> None:
    for number in range(5):
        await desk.receive(str(number), "anna" if number % 2 == 0 else "ben")
    newest = await desk.store.messages.page(BOT, limit=2)
    older = await desk.store.messages.page(BOT, before=newest[-1].seq, limit=2)
    of_anna = await desk.store.messages.page(BOT, conversation="anna", before=newest[0].seq)
    assert [row.content for row in newest + older] == ["4", "3", "2", "1"]
    assert [row.content for row in of_anna] == ["2", "0"]


async def test_a_members_message_is_not_lost_because_another_used_its_id(desk: Desk) -> None:
    ann, eve = Sender("ann@lid", "Ann", ("49151@s",)), Sender("eve@lid")
    await desk.receive("eve was first", group="team", sender=eve, message_id="M1")
    accepted = await desk.receive("ann's own", group="team", sender=ann, message_id="M1")
    assert (accepted.duplicate, accepted.verdict.state) == (False, MessageState.WAITING)
    for known_as in (ann, Sender("49151@s"), eve):
        again = await desk.receive("once more", group="team", sender=known_as, message_id="M1")
        assert again.duplicate
    assert [row.content for row in await desk.history()] == ["eve was first", "ann's own"]


async def test_a_run_that_lost_its_bot_leaves_nothing_of_a_new_contact(desk: Desk, store: Store) -> None:
    old = await store.bots.claim(BOT)
    await store.bots.claim(BOT)
    with pytest.raises(Superseded):
        await desk.receive("hello", "carl", sender=Sender("carl", "Carl"), claim=old)
    assert await store.names.some(BOT, ["carl"]) == {}
