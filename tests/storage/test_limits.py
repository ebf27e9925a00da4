"""The queue is bounded, and what falls out of it says why."""

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as some

from imposter.contracts.config import Limits
from imposter.domain.messages import MessageState, Verdict
from imposter.domain.reasons import Reason
from imposter.storage.queue.queue_limits import TOO_MANY, QueuedMessage, surplus
from tests.storage.desk import BOT, Desk, judge_as


async def test_the_oldest_goes_when_there_are_too_many(desk: Desk) -> None:
    limits = Limits(max_messages=2)
    first = await desk.receive("1", "anna", limits=limits)
    await desk.receive("2", "ben", limits=limits)
    third = await desk.receive("3", "carl", limits=limits)
    assert third.evicted == (first.seq,)
    assert await desk.states() == {"1": "evicted:max_messages", "2": "waiting", "3": "waiting"}


async def test_the_oldest_go_when_there_are_too_many_characters(desk: Desk) -> None:
    limits = Limits(max_characters=10)
    for text in ("aaaa", "bbbb", "cccccccccc"):
        await desk.receive(text, limits=limits)
    assert await desk.states() == {
        "aaaa": "evicted:max_characters",
        "bbbb": "evicted:max_characters",
        "cccccccccc": "waiting",
    }


async def test_what_grew_too_old_goes_when_the_next_one_comes(desk: Desk) -> None:
    limits = Limits(max_days=1)
    await desk.receive("old", limits=limits)
    desk.time.pass_by(hours=25)
    await desk.receive("new", limits=limits)
    assert await desk.states() == {"old": "evicted:max_days", "new": "waiting"}


async def test_a_message_that_comes_too_late_is_evicted_itself(desk: Desk) -> None:
    late = await desk.receive("late", age=timedelta(days=2), limits=Limits(max_days=1))
    assert late.verdict.state is MessageState.EVICTED
    assert late.evicted == (late.seq,)
    assert await desk.states() == {"late": "evicted:max_days"}


async def test_what_was_evicted_is_counted_whenever_it_was(desk: Desk) -> None:
    limits = Limits(max_messages=1, max_days=1)
    for text in ("1", "2", "3"):
        await desk.receive(text, limits=limits)
    assert desk.store.messages.evicted == 2
    desk.time.pass_by(hours=25)
    assert await desk.take(limits=limits) is None
    assert desk.store.messages.evicted == 3


async def test_what_is_being_answered_is_not_evicted(desk: Desk) -> None:
    limits = Limits(max_messages=1)
    first = await desk.receive("busy", limits=limits)
    second = await desk.receive("second", limits=limits, busy=lambda: {first.seq or 0})
    third = await desk.receive("third", limits=limits, busy=lambda: {first.seq or 0})
    assert (second.evicted, third.evicted) == ((), (second.seq,))
    assert await desk.states() == {"busy": "waiting", "second": "evicted:max_messages", "third": "waiting"}


async def test_only_what_waits_counts(desk: Desk) -> None:
    limits = Limits(max_messages=1)
    await desk.receive("note", limits=limits, judge=judge_as(MessageState.CONTEXT))
    await desk.answer(await desk.receive("asked", limits=limits), "told")
    await desk.receive("asked again", limits=limits)
    assert await desk.states() == {
        "note": "context",
        "asked": "answered",
        "told": "context",
        "asked again": "waiting",
    }
    assert await desk.store.messages.waiting_count(BOT) == 1


async def test_waiting_in_vain_ends_when_it_is_taken_too_late(desk: Desk) -> None:
    await desk.receive("old")
    desk.time.pass_by(hours=30)
    await desk.receive("new")
    day, month = Limits(max_days=1), Limits(max_days=30, max_characters=5000)
    work = await desk.take(limits=month, queue=day)
    assert work is not None
    assert [turn.content for turn in work.turns] == ["old", "new"]
    assert await desk.states() == {"old": "evicted:max_days", "new": "waiting"}


@given(
    sent=some.lists(some.tuples(some.sampled_from("ABC"), some.integers(0, 50)), max_size=20),
    most=some.integers(1, 10),
    room=some.integers(1, 200),
    spared=some.sets(some.integers(0, 19)),
)
def test_eviction_is_enough_never_more_than_needed_and_fair(
    sent: list[tuple[str, int]], most: int, room: int, spared: set[int]
) -> None:
    rows = [QueuedMessage(seq, length, chat) for seq, (chat, length) in enumerate(sent)]
    gone = surplus(rows, len(rows) - most, sum(row.characters for row in rows) - room, spared=spared)
    kept = [row for row in rows if row.seq not in gone]
    free = [row for row in kept if row.seq not in spared]
    assert not spared & gone.keys()
    assert (len(kept) <= most and sum(row.characters for row in kept) <= room) or len(free) <= 1
    if gone:
        last = rows[list(gone)[-1]]
        assert len(kept) + 1 > most or sum(row.characters for row in [*kept, last]) > room
    too_many = {seq for seq, why in gone.items() if why == TOO_MANY}
    left = Counter(row.conversation for row in rows if row.seq not in too_many)
    for loser in (rows[seq].conversation for seq in too_many):
        assert all(left[loser] + 1 >= left[row.conversation] for row in free)
    for seq in gone:
        older = {row.seq for row in free if row.conversation == rows[seq].conversation and row.seq < seq}
        assert not older, "within a conversation the oldest goes first"


async def test_who_sends_a_lot_takes_no_place_of_others(desk: Desk) -> None:
    limits = Limits(max_messages=10)
    await desk.receive("question", "vera", limits=limits)
    for number in range(30):
        await desk.receive(f"flood {number}", "fred", limits=limits)
    states = await desk.states()
    assert states.pop("question") == "waiting"
    assert [text for text, state in states.items() if state == "waiting"] == [f"flood {n}" for n in range(21, 30)]


async def test_nor_by_what_is_long(desk: Desk) -> None:
    limits = Limits(max_characters=100)
    await desk.receive("question", "vera", limits=limits)
    for letter in "abc":
        await desk.receive(letter * 60, "fred", limits=limits)
    await desk.receive("d" * 100, "fred", limits=limits)
    states = await desk.states()
    assert states.pop("question") == "waiting"
    assert set(states.values()) == {"evicted:max_characters"}


async def test_what_is_being_answered_counts_for_its_conversation(desk: Desk) -> None:
    limits = Limits(max_messages=3)
    busy = [(await desk.receive(text, "fred", limits=limits)).seq or 0 for text in ("1", "2")]
    await desk.receive("question", "vera", limits=limits, busy=lambda: busy)
    await desk.receive("3", "fred", limits=limits, busy=lambda: busy)
    assert await desk.states() == {
        "1": "waiting", "2": "waiting", "question": "waiting", "3": "evicted:max_messages",
    }  # fmt: skip


async def test_of_two_hundred_who_wrote_once_the_oldest_go(desk: Desk) -> None:
    limits = Limits(max_messages=10)
    for number in range(200):
        await desk.receive(f"{number}", f"contact {number}", limits=limits)
    states = await desk.states()
    assert [text for text, state in states.items() if state == "waiting"] == [f"{n}" for n in range(190, 200)]


async def test_what_the_owner_had_tried_again_is_bounded_by_nothing(desk: Desk) -> None:
    narrow = Limits(max_messages=1, max_days=1)
    old = [(await desk.receive(text)).seq or 0 for text in ("old", "older")]
    await desk.store.messages.settle(desk.claim, old, Verdict(MessageState.FAILED, Reason.MODEL_REFUSED))
    desk.time.pass_by(days=2)
    await desk.store.dead_letters.retry(desk.bot, old[-1], judge_as(MessageState.WAITING))
    await desk.receive("new", limits=narrow)
    await desk.receive("newer", limits=narrow)
    assert await desk.states() == {
        "old": "waiting:retried",
        "older": "waiting:retried",
        "new": "evicted:max_messages",
        "newer": "waiting",
    }
    assert await desk.prompt(limits=narrow) == ["old", "older", "newer"]
