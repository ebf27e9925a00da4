"""One person, forgotten everywhere."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from imposter.contracts.errors import ContactNotFound
from imposter.contracts.messages import UNREADABLE, MessageKind, Sender, Source
from imposter.domain.deliveries import DeliveryState, Part
from imposter.domain.messages import MessageState, Verdict
from imposter.domain.pauses import Pause
from imposter.phone_numbers import plain_id
from imposter.secrets import Cipher
from imposter.storage import Store, open_store
from imposter.storage.database.engine import DATABASE_FILE, QUICKLY_REWRITTEN
from imposter.storage.upkeep.erasure import AT_ONCE
from tests.storage.desk import BOT, KEY, Desk, Time, judge_as
from tests.storage.traces import traces

DONE = judge_as(MessageState.CONTEXT)
NUMBER, LID, NAME, WORDS = "4915198765432", "99887766554433@lid", "Canary Smith", "canary-words-7c1e"
CANARIES = (NUMBER, LID, NAME, WORDS)
HER = Sender(LID, NAME, (NUMBER,))


async def forget(desk: Desk, contact: str = NUMBER) -> int:
    return (await desk.store.erasure.forget(desk.bot, contact, plain_id)).messages


async def talk(desk: Desk) -> None:
    """She writes alone, is answered, and speaks in a group with Ben, where both are answered at once."""
    for number in range(20):
        await desk.receive(f"{WORDS} {number} " + "x" * 300, LID, NUMBER, sender=HER, judge=DONE)
    await desk.answer(await desk.receive(WORDS, NUMBER, sender=HER), f"you said {WORDS}", message_id="OUT-1")
    await desk.receive(f"me to her: {WORDS}", LID, sender=Sender("me"), source=Source.OWNER, judge=DONE)
    seqs = [
        (await desk.receive(text, group="g", sender=who, quotes="IN-1")).seq or 0
        for text, who in ((WORDS, HER), ("and I", Sender("ben")))
    ]
    await desk.receive("\U0001f44d", group="g", sender=HER, judge=DONE, message_id=f"of {LID}", reacts_to="IN-1")
    await desk.reply(seqs, Part(f"both of you: {WORDS}", "OUT-2"), Part(f"and: {WORDS}", "OUT-3"), trace="{}")
    await desk.store.outbox.failed(desk.claim, "OUT-2", DeliveryState.FAILED, "Refused")
    await desk.receive("Ben alone", "ben", judge=DONE)


@pytest.mark.parametrize("contact", [NUMBER, LID, "+49 151 98765432"])
async def test_nothing_is_left_of_one_who_is_forgotten(
    database: str | None, tmp_path: Path, time: Time, contact: str
) -> None:
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, time)
        await talk(desk)
        assert traces(database, tmp_path, *CANARIES)
        assert await forget(desk, contact) == 20 + 2 + 1 + 2 + 2
        assert traces(database, tmp_path, *CANARIES) == []
        assert await desk.states() == {"and I": "failed:Refused", "Ben alone": "context"}
        assert [letter.message for letter in await store.dead_letters.page(BOT)] == ["and I"]
        with pytest.raises(ContactNotFound):
            await forget(desk, contact)
    assert traces(database, tmp_path, *CANARIES) == []


async def test_what_she_waits_for_never_comes_and_others_go_on(desk: Desk) -> None:
    hers = await desk.receive("hers", group="g", sender=HER)
    his = await desk.receive("his", group="g", sender=Sender("ben"))
    work = await desk.take("g")
    assert work is not None
    assert work.seqs == (hers.seq, his.seq)
    forgotten = await desk.store.erasure.forget(BOT, LID, plain_id)
    assert forgotten.conversations == {"g"}
    assert await desk.prompt("g") == ["his"]
    assert await desk.answer(hers, "too late") is None


@pytest.mark.parametrize("last", ["hers", "his"])
@pytest.mark.parametrize(
    ("delivery", "after"),
    [
        (DeliveryState.PENDING, "waiting"),
        (DeliveryState.SENDING, "failed:interrupted"),
        (DeliveryState.FAILED, "failed:no"),
        (DeliveryState.UNCERTAIN, "failed:no"),
        (DeliveryState.SENT, "answered"),
    ],
)
async def test_others_do_not_lose_the_answer_that_they_were_to_share_with_her(
    desk: Desk, delivery: DeliveryState, after: str, last: str
) -> None:
    texts = ["his too", "his", "hers"] if last == "hers" else ["hers", "his too", "his"]
    people = {"hers": HER, "his": Sender("ben"), "his too": Sender("ben")}
    seqs = [(await desk.receive(text, group="g", sender=people[text])).seq or 0 for text in texts]
    await desk.reply(seqs, Part("both", "OUT"))
    match delivery:
        case DeliveryState.SENDING:
            await desk.store.outbox.sending(desk.claim, "OUT")
        case DeliveryState.FAILED | DeliveryState.UNCERTAIN:
            await desk.store.outbox.failed(desk.claim, "OUT", delivery, "no")
        case DeliveryState.SENT:
            await desk.store.outbox.sent(BOT, "OUT")
    await forget(desk)
    assert await desk.states() == {"his too": after, "his": after}
    assert len(await desk.store.dead_letters.page(BOT)) == after.startswith("failed")
    if after.startswith("failed"):
        [letter] = await desk.store.dead_letters.page(BOT)
        await desk.store.dead_letters.retry(BOT, letter.seq, judge_as(MessageState.WAITING))
    if after != "answered":
        assert await desk.prompt("g") == ["his too", "his"]


@pytest.mark.parametrize("last", ["hers", "his"])
@pytest.mark.parametrize(
    ("sent", "failed", "after"),
    [
        (0, None, "waiting"),
        (1, None, "failed:interrupted"),
        (1, "two", "failed:no"),
        (2, None, "answered"),
    ],
)
async def test_of_an_answer_in_parts_others_get_another_unless_they_got_a_part(
    desk: Desk, sent: int, failed: str | None, after: str, last: str
) -> None:
    people = {"hers": HER, "his": Sender("ben")}
    texts = sorted(people, key=lambda text: text == last)
    seqs = [(await desk.receive(text, group="g", sender=people[text])).seq for text in texts]
    await desk.reply(seqs, Part("one", "one"), Part("two", "two"))
    for part in ("one", "two")[:sent]:
        await desk.store.outbox.sent(BOT, part)
    if failed is not None:
        await desk.store.outbox.failed(desk.claim, failed, DeliveryState.FAILED, "no")
    await forget(desk)
    assert await desk.states() == {"his": after}
    assert [letter.message for letter in await desk.store.dead_letters.page(BOT)] == ["his"] * ("failed" in after)


async def test_why_others_were_answered_goes_with_her_where_she_had_a_say(desk: Desk) -> None:
    """It holds a fingerprint of all that the model was told."""
    his, elsewhere = [
        (await desk.receive(f"his in {group}", group=group, sender=Sender("ben"))).seq or 0 for group in ("g", "other")
    ]
    await desk.receive("hers", group="g", sender=HER, judge=DONE)
    for seq in (his, elsewhere):
        await desk.reply([seq], Part("hi", f"OUT-{seq}"), trace="{}")
    await forget(desk)
    decisions = [await desk.store.messages.decision(BOT, seq) for seq in (his, elsewhere)]
    assert [decision and decision.trace for decision in decisions] == [None, "{}"]


async def test_an_answer_that_the_owners_rules_withdrew_stays_withdrawn(desk: Desk) -> None:
    seqs = [
        (await desk.receive(text, group="g", sender=who)).seq or 0
        for text, who in (("hers", HER), ("his", Sender("ben")))
    ]
    await desk.reply(seqs, Part("both", "OUT"))
    await desk.store.bots.update(BOT, {}, judge_as(MessageState.IGNORED, "not_allowed"))
    await forget(desk)
    assert await desk.states() == {"his": "answered"}


async def test_a_pause_is_forgotten_by_whatever_id_it_names_her(desk: Desk) -> None:
    await desk.receive("hello", LID, NUMBER, sender=HER)
    pauses, until = desk.store.pauses, desk.time() + timedelta(hours=1)
    for name in (LID, NUMBER, "ben"):
        await pauses.set(BOT, Pause(name, "loop", until))
    await forget(desk)
    assert await pauses.holding(BOT) == [Pause("ben", "loop", until)]


async def test_what_another_program_kept_in_the_files_goes_when_it_is_done(tmp_path: Path, time: Time) -> None:
    async with open_store(None, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, time)
        await talk(desk)
        with closing(sqlite3.connect(tmp_path / DATABASE_FILE)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM messages").fetchall()
            await forget(desk)
            assert not await store.erasure.is_scrubbed()
            assert traces(None, tmp_path, *CANARIES)
    async with open_store(None, tmp_path, Cipher(KEY), now=time) as store:
        assert await store.retention.tidy()
        assert await store.erasure.is_scrubbed()
        assert traces(None, tmp_path, *CANARIES) == []
        assert not await store.retention.tidy()


async def test_a_large_file_is_written_anew_when_nobody_waits_and_within_a_day(tmp_path: Path, time: Time) -> None:
    async with open_store(None, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, time)
        await talk(desk)
        await desk.receive("Ben goes on", "ben", judge=DONE)
        enlarge(tmp_path)
        await forget(desk)
        assert await desk.states() == {"and I": "failed:Refused", "Ben alone": "context", "Ben goes on": "context"}
        assert await store.retention.scrub_if_quiet()
        assert not await store.erasure.is_scrubbed(), "somebody wrote just now"
        time.pass_by(hours=23, minutes=59)
        await desk.receive("Ben again", "ben", judge=DONE)
        assert await store.retention.scrub_if_quiet()
        assert not await store.erasure.is_scrubbed()
        time.pass_by(minutes=1)
        await desk.receive("and again", "ben", judge=DONE)
        assert await store.retention.scrub_if_quiet()
        assert await store.erasure.is_scrubbed()
        assert traces(None, tmp_path, *CANARIES) == []
        await forget(desk, "ben")
        time.pass_by(minutes=2)
        assert await store.retention.scrub_if_quiet()
        assert await store.erasure.is_scrubbed()


def enlarge(folder: Path) -> None:
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as other, other:
        blobs = [(f"filler {number}",) for number in range(QUICKLY_REWRITTEN // 2**20 + 1)]
        other.executemany("INSERT INTO meta (name, value) VALUES (?, zeroblob(1048576))", blobs)


async def test_of_one_who_said_very_much_in_a_group_nothing_is_left_and_of_others_everything(desk: Desk) -> None:
    for number in range(AT_ONCE + 20):
        await desk.receive(f"{WORDS} {number}", group="g", sender=HER, judge=DONE)
    await desk.receive("and I", group="g", sender=Sender("ben"), judge=DONE)
    assert await forget(desk) == AT_ONCE + 20
    assert await desk.states() == {"and I": "context"}


async def test_she_is_found_by_ids_that_only_a_group_showed_to_be_hers(desk: Desk) -> None:
    await desk.answer(await desk.receive("alone", LID), "to her alone")
    await desk.receive("the owner to her", LID, sender=Sender("me"), source=Source.OWNER, judge=DONE)
    await desk.receive("in the group", group="g", sender=Sender(LID, NAME, (NUMBER,)))
    assert await forget(desk, NUMBER) == 4
    assert await desk.history() == []


async def test_only_this_bots_memory_of_her_is_touched(store: Store, desk: Desk) -> None:
    await store.bots.add("bot-2", "ben", {})
    other = Desk(store, desk.time, "bot-2")
    for each in (desk, other):
        await each.receive(WORDS, LID, NUMBER, sender=HER)
    before = await other.history()
    assert await forget(desk) == 1
    assert await other.history() == before
    assert (await other.receive("again", NUMBER)).conversation == LID


@pytest.mark.parametrize("spelling", ["+49 151 98765432", "0049 151 98765432"])
async def test_she_is_found_among_many_by_every_spelling_that_is_on_record(desk: Desk, spelling: str) -> None:
    crowd = [Sender("in the crowd", "", tuple(f"{place}{n:04}" for n in range(AT_ONCE))) for place in ("+48", "x")]
    for sender in crowd:
        await desk.receive("crowd", group="g", sender=sender)
    await desk.receive("alone", NUMBER)
    await desk.receive("spelled otherwise", group="g", sender=Sender(spelling))
    assert await forget(desk) == 2
    assert set(await desk.states()) == {"crowd"}


@pytest.mark.parametrize("contact", ["4915100000000", "h", NAME, ""])
async def test_a_name_that_nobody_has_by_right_finds_nobody(desk: Desk, contact: str) -> None:
    await talk(desk)
    before = await desk.history()
    with pytest.raises(ContactNotFound):
        await forget(desk, contact)
    assert await desk.history() == before


async def test_an_admins_early_deletion_does_not_name_who_is_forgotten(
    database: str | None, tmp_path: Path, time: Time
) -> None:
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, time)
        await desk.receive("hi", group="family", sender=Sender("canary-id"))
        early: dict[str, Any] = {"kind": MessageKind.DELETION, "changes": "G1", "by_admin": True}
        await desk.receive("", group="family", sender=Sender("admin"), changes_of="canary-id", **early)
        await store.erasure.forget(BOT, "canary-id", plain_id)
        assert traces(database, tmp_path, "canary-id") == []


async def test_a_group_goes_with_all_that_was_said_in_it_and_nothing_else(desk: Desk) -> None:
    await talk(desk)
    assert await forget(desk, "g") == 5
    assert "Ben alone" in await desk.states()
    assert (await desk.receive("again", NUMBER)).conversation == LID
    with pytest.raises(ContactNotFound):
        await forget(desk, "g")


async def test_she_is_a_stranger_when_she_writes_again(desk: Desk) -> None:
    for _ in range(3):
        await desk.receive("before", LID, NUMBER, sender=HER)
        await desk.receive("before", NUMBER)
    await forget(desk)
    seen: list[frozenset[str]] = []

    def judge(message: object, ids: frozenset[str]) -> Verdict:
        seen.append(ids)
        return Verdict(MessageState.WAITING)

    await desk.receive("after", NUMBER, judge=judge, age=timedelta())
    assert seen == [frozenset({NUMBER})]
    assert await desk.prompt(NUMBER) == ["after"]


async def test_what_comes_once_more_is_not_taken_for_something_new(desk: Desk) -> None:
    """As a platform hands over what it was not thanked for; by whichever of their ids."""

    async def hand_over() -> list[bool]:
        alone = await desk.receive(WORDS, LID, NUMBER, sender=HER, message_id="A")
        told = await desk.receive(f"me: {WORDS}", NUMBER, sender=Sender("me"), source=Source.OWNER, message_id="B")
        said = await desk.receive(WORDS, group="g", sender=Sender(NUMBER, NAME), message_id="C")
        return [each.duplicate for each in (alone, told, said)]

    assert await hand_over() == [False, False, False]
    await forget(desk)
    assert await hand_over() == [True, True, True]
    unread = await desk.receive("", NUMBER, sender=HER, message_id=f"A/{UNREADABLE}", kind=MessageKind.UNREADABLE)
    assert unread.duplicate
    assert await desk.history() == []
    with pytest.raises(ContactNotFound):
        await forget(desk)


async def test_who_gives_a_message_the_id_of_one_that_is_forgotten_is_heard(desk: Desk) -> None:
    await desk.receive(WORDS, NUMBER, sender=HER, message_id="A")
    await desk.receive(WORDS, group="g", sender=HER, message_id="B")
    await forget(desk)
    assert not (await desk.receive("from Ben", "ben", message_id="A")).duplicate
    assert not (await desk.receive("from Ben", group="g", sender=Sender("ben"), message_id="B")).duplicate
    assert not (await desk.receive("who are you?", NUMBER, sender=HER, message_id="A-2")).duplicate


async def test_a_late_echo_of_an_answer_that_is_forgotten_is_not_the_owners_word(desk: Desk) -> None:
    await desk.answer(await desk.receive(WORDS, NUMBER, sender=HER), f"you said {WORDS}", message_id="OUT-1")
    await forget(desk)
    echo = await desk.receive(f"you said {WORDS}", NUMBER, source=Source.OWNER, message_id="OUT-1")
    assert echo.duplicate
    assert await desk.history() == []


async def test_marks_of_what_is_forgotten_go_when_nobody_can_ask_for_them(desk: Desk, time: Time) -> None:
    await desk.receive(WORDS, NUMBER, sender=HER, message_id="A")
    await forget(desk)
    time.pass_by(days=44)
    await desk.store.retention.delete_some(time())
    assert (await desk.receive(WORDS, NUMBER, sender=HER, message_id="A")).duplicate
    time.pass_by(days=1)
    await desk.store.retention.delete_some(time())
    assert not (await desk.receive("again", NUMBER, sender=HER, message_id="A")).duplicate
