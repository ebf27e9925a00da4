"""Exams on record: one at a time, never said to run where none does, and without the words of who is forgotten."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from imposter.contracts.errors import ContactNotFound
from imposter.contracts.messages import MessageKind, Sender, Source
from imposter.domain.claims import Claim
from imposter.domain.messages import MessageState
from imposter.phone_numbers import plain_id
from imposter.runtime.retention import delete_old
from imposter.secrets import Cipher
from imposter.storage import Store, open_store
from imposter.storage.learning.evaluations import EvaluationState
from imposter.storage.learning.voice import VoiceLine
from tests.house import Calendar
from tests.storage.desk import BOT, KEY, LEASE, ONE, TWO, Desk, Time, judge_as
from tests.storage.traces import traces

CANARY = "canary-words-41fa"
DONE = judge_as(MessageState.CONTEXT)
OWNER = judge_as(MessageState.CONTEXT, "owner")


def pair_of(contact: str, time: Time, words: str = "hello") -> dict[str, Any]:
    return {"contact": contact, "asked": words, "owner": words, "bot": words, "kept_since": time().isoformat()}


async def held(store: Store, score: float = 50, *pairs: dict[str, Any]) -> int:
    """A finished exam's number."""
    number = await store.evaluations.begin(BOT, len(pairs))
    assert number is not None
    assert await store.evaluations.end(BOT, number, EvaluationState.DONE, {"pairs": list(pairs)}, score)
    return number


async def test_one_is_held_at_a_time(desk: Desk) -> None:
    exams = desk.store.evaluations
    assert await exams.last(BOT) is None
    number = await exams.begin(BOT, 3)
    assert number is not None
    assert await exams.begin(BOT, 3) is None
    assert await exams.progress(BOT, number, 2)
    row = await exams.last(BOT)
    assert row is not None
    assert (row.state, row.done, row.total, row.score, row.ended_at) == (EvaluationState.RUNNING, 2, 3, None, None)
    assert await exams.end(BOT, number, EvaluationState.DONE, {"told": "x"}, 71.5)
    assert not await exams.progress(BOT, number, 3)
    assert not await exams.end(BOT, number, EvaluationState.CANCELLED, {})
    row = await exams.last(BOT)
    assert row is not None
    assert (row.state, row.score, row.body, row.ended_at) == (EvaluationState.DONE, 71.5, {"told": "x"}, desk.time())


async def test_the_score_of_the_last_that_was_finished_counts(desk: Desk) -> None:
    exams = desk.store.evaluations
    assert await exams.last_score(BOT) is None
    await held(desk.store, 60)
    number = await exams.begin(BOT, 1)
    assert number is not None
    await exams.end(BOT, number, EvaluationState.CANCELLED, {})
    row = await exams.last(BOT)
    assert row is not None
    assert (row.state, row.score, row.last_score) == (EvaluationState.CANCELLED, None, 60)
    assert await exams.last_score(BOT) == 60
    await held(desk.store, 40)
    assert await exams.last_score(BOT) == 40


async def test_a_server_that_was_ended_left_its_exam_behind(database: str | None, tmp_path: Path, time: Time) -> None:
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        await store.evaluations.begin(BOT, 1)
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        assert await store.evaluations.leave_behind() == 1
        row = await store.evaluations.last(BOT)
        assert row is not None
        assert row.state is EvaluationState.INTERRUPTED
        assert await store.evaluations.begin(BOT, 1) is not None


async def test_an_exam_ends_where_its_bot_goes_to_another_server(pair: tuple[Store, Store]) -> None:
    one, two = pair
    for store, name in ((one, ONE), (two, TWO)):
        await store.nodes.join(name, name, None, LEASE)
    await one.bots.add(BOT, "anna", {})
    number = await one.evaluations.begin(BOT, 2)
    assert number is not None
    row = await two.evaluations.last(BOT)
    assert row is not None
    assert row.state is EvaluationState.RUNNING
    await one.nodes.release(ONE, BOT)
    row = await two.evaluations.last(BOT)
    assert row is not None
    assert row.state is EvaluationState.INTERRUPTED
    assert not await one.evaluations.progress(BOT, number, 1)
    assert not await one.evaluations.end(BOT, number, EvaluationState.DONE, {}, 99.0)
    assert await two.nodes.take(TWO, 1)
    assert await two.evaluations.begin(BOT, 2) is not None


async def test_a_chat_is_read_with_what_was_imported_of_it(desk: Desk) -> None:
    await desk.receive("hi", "anna", "+49 1", judge=DONE)
    await desk.receive("no business of ours", "anna", judge=judge_as(MessageState.IGNORED, "not_allowed"))
    await desk.receive("hello", "anna", sender=Sender("me"), source=Source.OWNER, judge=OWNER)
    await desk.receive("!pause", "anna", source=Source.OWNER, judge=judge_as(MessageState.CONTEXT, "command"))
    await desk.receive("in a group", group="g", source=Source.OWNER, judge=OWNER)
    await desk.receive("nobody answered", "ben", judge=DONE)
    line = VoiceLine("then", ("now",), desk.time() - timedelta(days=9), 4.0)
    await desk.store.voice.replace(BOT, plain_id("+49 1"), [line])
    assert await desk.store.evaluations.chats(BOT) == (["anna"], [plain_id("+49 1")])
    talk = await desk.store.evaluations.talk(BOT, "anna", plain_id)
    assert [(each.source, each.content) for each in talk.said] == [
        (Source.CONTACT, "hi"),
        (Source.CONTACT, ""),
        (Source.OWNER, "hello"),
    ]
    assert [(each.question, each.bubbles, each.after) for each in talk.imported] == [("then", ("now",), 4.0)]
    assert {"anna", plain_id("+49 1")} <= talk.ids


async def test_nothing_is_left_of_one_who_is_forgotten_but_the_score(
    database: str | None, tmp_path: Path, time: Time
) -> None:
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, time)
        await desk.receive("hi", "canary-lid", "canary-number", judge=DONE)
        await desk.receive("hi", "ben", judge=DONE)
        await held(store, 66, pair_of("canary-lid", time, CANARY), pair_of("ben", time))
        assert traces(database, tmp_path, CANARY)
        await store.erasure.forget(BOT, "canary-number", plain_id)
        assert traces(database, tmp_path, CANARY, "canary-lid") == []
        row = await store.evaluations.last(BOT)
        assert row is not None
        assert ([pair["contact"] for pair in row.body["pairs"]], row.body["removed"]) == (["ben"], 1)
        assert row.score == row.last_score == 66
    assert traces(database, tmp_path, CANARY) == []


async def test_two_who_turned_out_to_be_one_are_forgotten_together(desk: Desk) -> None:
    for chat in (["lid"], ["number"], ["lid", "number"]):
        await desk.receive("hi", *chat, judge=DONE)
        if chat == ["number"]:
            await held(desk.store, 50, pair_of("lid", desk.time), pair_of("number", desk.time))
    await desk.store.erasure.forget(BOT, "number", plain_id)
    row = await desk.store.evaluations.last(BOT)
    assert row is not None
    assert row.body["pairs"] == []


async def test_who_is_only_in_an_exam_can_be_forgotten(desk: Desk) -> None:
    await held(desk.store, 50, pair_of(plain_id("+49 7"), desk.time))
    await desk.store.erasure.forget(BOT, "+49 7", plain_id)
    with pytest.raises(ContactNotFound):
        await desk.store.erasure.forget(BOT, "+49 7", plain_id)


async def test_what_is_too_old_to_be_kept_goes_and_the_score_stays(
    database: str | None, tmp_path: Path, time: Time
) -> None:
    clock = Calendar()
    time.moment = clock.now()
    async with open_store(database, tmp_path, Cipher(KEY), now=clock.now) as store:
        await store.bots.add(BOT, "anna", {})
        old = pair_of("anna", time, CANARY) | {"kept_since": (clock.now() - timedelta(days=8)).isoformat()}
        await held(store, 66, old, pair_of("ben", time))
        await delete_old(store, clock, timedelta(days=9))
        assert traces(database, tmp_path, CANARY)
        await delete_old(store, clock, timedelta(days=7))
        row = await store.evaluations.last(BOT)
        assert row is not None
        assert ([pair["contact"] for pair in row.body["pairs"]], row.last_score) == (["ben"], 66)
        clock.pass_by(days=2)
        await delete_old(store, clock, timedelta(days=30))
    assert traces(database, tmp_path, CANARY) == []


async def test_another_account_has_not_passed(desk: Desk, tmp_path: Path, database: str | None) -> None:
    await held(desk.store, 66, pair_of("anna", desk.time, CANARY))
    await desk.store.state.clear(Claim(BOT, 0))
    assert await desk.store.evaluations.last(BOT) is None
    assert await desk.store.evaluations.last_score(BOT) is None


async def test_a_bot_takes_its_exams_along(database: str | None, tmp_path: Path, time: Time) -> None:
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        await held(store, 66, pair_of("anna", time, CANARY))
        await store.bots.delete(BOT)
        assert traces(database, tmp_path, CANARY) == []


async def examined(desk: Desk) -> tuple[int, list[dict[str, Any]]]:
    """An exam that is under way, and its two pairs: one of each chat."""
    pairs = []
    for chat in ("anna", "ben"):
        await desk.receive(f"my PIN is 4711, {chat}", chat, message_id=f"Q-{chat}", judge=DONE)
        await desk.receive("noted", chat, message_id=f"A-{chat}", source=Source.OWNER, judge=OWNER)
        talk = await desk.store.evaluations.talk(BOT, chat, plain_id)
        pairs.append(pair_of(chat, desk.time, "4711") | {"wordings": [each.wording for each in talk.said]})
    number = await desk.store.evaluations.begin(BOT, 2)
    assert number is not None
    return number, pairs


async def change(desk: Desk, kind: MessageKind, message_id: str, **more: Any) -> None:
    judge = judge_as(MessageState.IGNORED, kind.value)
    await desk.receive("my PIN is ...", kind=kind, changes=message_id, judge=judge, **more)


async def whose(store: Store) -> tuple[list[str], int]:
    row = await store.evaluations.last(BOT)
    assert row is not None
    return [pair["contact"] for pair in row.body["pairs"]], row.body.get("removed", 0)


@pytest.mark.parametrize("kind", [MessageKind.EDIT, MessageKind.DELETION])
async def test_an_exam_keeps_no_words_that_were_edited_or_deleted(desk: Desk, kind: MessageKind) -> None:
    number, pairs = await examined(desk)
    await desk.store.evaluations.end(BOT, number, EvaluationState.DONE, {"pairs": pairs}, 66)
    assert await whose(desk.store) == (["anna", "ben"], 0)
    await change(desk, kind, "Q-anna")
    assert await whose(desk.store) == (["ben"], 1)
    await change(desk, kind, "A-ben", source=Source.OWNER, sender=Sender("me"))
    assert await whose(desk.store) == (["ben"], 1), "that is another chat"
    assert await desk.store.evaluations.last_score(BOT) == 66


@pytest.mark.parametrize("kind", [MessageKind.EDIT, MessageKind.DELETION])
async def test_nor_one_that_was_under_way(desk: Desk, kind: MessageKind) -> None:
    number, pairs = await examined(desk)
    await change(desk, kind, "Q-anna")
    await desk.store.evaluations.end(BOT, number, EvaluationState.DONE, {"pairs": pairs}, 66)
    assert await whose(desk.store) == (["ben"], 1)
