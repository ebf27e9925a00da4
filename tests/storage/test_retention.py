"""What has grown old goes, in small portions; what is not finished stays."""

from datetime import timedelta
from pathlib import Path

from imposter.contracts.messages import Message, Sender
from imposter.domain.deliveries import Part
from imposter.domain.messages import MessageState, Verdict
from imposter.domain.pauses import Pause
from imposter.runtime.retention import delete_old
from imposter.secrets import Cipher
from imposter.storage import Store, open_store
from imposter.storage.upkeep.retention import AT_ONCE
from tests.storage.desk import BOT, KEY, Desk, Time, judge_as
from tests.storage.traces import traces

DONE = judge_as(MessageState.CONTEXT)


class At:
    """A clock that stands at the test's time."""

    def __init__(self, time: Time) -> None:
        self.now = time

    def monotonic(self) -> float:
        return self.now().timestamp()

    async def sleep(self, seconds: float) -> None:
        self.now.pass_by(seconds=seconds)


async def round_of(desk: Desk, **keep: float) -> int:
    return await delete_old(desk.store, At(desk.time), timedelta(**keep))


async def test_what_is_older_than_the_bound_goes_with_its_answers(desk: Desk) -> None:
    await desk.answer(await desk.receive("old"), "old answer", message_id="OUT")
    await desk.store.outbox.sent(BOT, "OUT")
    desk.time.pass_by(days=10)
    await desk.receive("young", judge=DONE)
    assert await round_of(desk, days=11) == 0
    assert await round_of(desk, days=10) == 0
    assert await round_of(desk, days=9) == 2
    assert await desk.states() == {"young": "context"}
    assert await desk.store.messages.sent(BOT, "OUT", ["anna"]) is None


async def test_a_part_that_is_not_out_stays_with_what_it_answers(desk: Desk) -> None:
    await desk.reply([(await desk.receive("asked")).seq], Part("sent", "OUT-1"), Part("unsent", "OUT-2"), trace="{}")
    await desk.store.outbox.sent(BOT, "OUT-1")
    desk.time.pass_by(days=10)
    assert await round_of(desk, days=1) == 1
    assert await desk.states() == {"asked": "answered", "unsent": "context"}
    await desk.store.outbox.sent(BOT, "OUT-2")
    assert await round_of(desk, days=1) == 2


async def test_what_waits_or_is_on_its_way_stays_with_what_it_answers(desk: Desk) -> None:
    await desk.receive("waits")
    await desk.answer(await desk.receive("asked", "ben"), "unsent", message_id="OUT")
    await desk.receive("done", judge=DONE)
    desk.time.pass_by(days=10)
    assert await round_of(desk, days=1) == 1
    assert await desk.states() == {"waits": "waiting", "asked": "answered", "unsent": "context"}
    await desk.store.outbox.sending(desk.claim, "OUT")
    assert await round_of(desk, days=1) == 0
    await desk.store.outbox.sent(BOT, "OUT")
    assert await round_of(desk, days=1) == 2
    assert await desk.states() == {"waits": "waiting"}


async def test_more_than_one_portion_goes_whatever_stands_before_it(desk: Desk) -> None:
    for number in range(AT_ONCE + 5):
        await desk.receive(f"waits {number}", f"w{number}")
    for number in range(AT_ONCE + 5):
        await desk.receive(f"done {number}", judge=DONE)
    desk.time.pass_by(days=10)
    assert await round_of(desk, days=1) == AT_ONCE + 5
    assert len(await desk.history()) == AT_ONCE + 5


async def test_one_of_whom_nothing_is_left_is_forgotten_and_the_others_stay_one_person(desk: Desk) -> None:
    await desk.receive("old", "anna-phone", "anna-lid", judge=DONE)
    await desk.receive("old too", "ben-phone", "ben-lid", judge=DONE)
    await desk.receive("old, in a group", group="g", sender=Sender("ben-lid"), judge=DONE)
    await desk.receive("old, by one id", "anna-lid", judge=DONE)
    desk.time.pass_by(days=10)
    await desk.receive("in a group", group="g", sender=Sender("ben-lid"), judge=DONE)
    assert await round_of(desk, days=1) == 4
    place = await desk.receive("again", "anna-lid", judge=DONE)
    assert place.conversation == "anna-lid", "nobody knows her other id any more"
    seen: list[frozenset[str]] = []

    def judge(message: Message, ids: frozenset[str]) -> Verdict:
        seen.append(ids)
        return DONE(message, ids)

    await desk.receive("again", group="g", sender=Sender("ben-lid"), judge=judge)
    assert seen == [frozenset({"g", "ben-phone", "ben-lid"})]


async def test_no_word_of_it_is_left_once_the_day_is_over(database: str | None, tmp_path: Path, time: Time) -> None:
    canary = "canary-9f3a"
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, time)
        for number in range(50):
            await desk.receive(f"{canary} {number} " + "x" * 500, "anna", judge=DONE)
        await desk.receive("kept", judge=DONE)
        assert traces(database, tmp_path, canary)
        time.pass_by(days=10)
        await desk.receive("young", judge=DONE)
        time.pass_by(hours=1)
        await round_of(desk, days=1)
        assert not traces(database, tmp_path, canary)
        assert await desk.states() == {"young": "context"}


async def test_a_pause_that_is_long_over_goes_though_its_bot_stands_still(
    database: str | None, tmp_path: Path, time: Time
) -> None:
    canary = "canary-9f3a"
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        for name, days in ((canary, 1), ("ben", 33)):
            await store.pauses.set(BOT, Pause(name, "loop", time() + timedelta(days=days)))
        time.pass_by(days=32)
        await round_of(Desk(store, time), days=365)
        assert not traces(database, tmp_path, canary)
        assert [pause.conversation for pause in await store.pauses.holding(BOT)] == ["ben"]


async def test_the_files_are_not_written_anew_more_than_once_a_day(store: Store, desk: Desk) -> None:
    async def scrubbed() -> bool:
        desk.time.pass_by(hours=1)
        await desk.receive("old", judge=DONE)
        desk.time.pass_by(hours=2)
        await store.retention.delete_some(desk.time() - timedelta(hours=1))
        return await store.retention.tidy()

    assert await scrubbed()
    assert not await store.retention.tidy(), "nothing was deleted since"
    assert [await scrubbed() for _ in range(8)] == [False] * 7 + [True]


async def test_a_busy_server_is_left_alone_for_a_day_more(store: Store, desk: Desk) -> None:
    async def tidied_while_busy() -> bool:
        await store.retention.delete_some(desk.time() - timedelta(hours=1))
        await desk.receive("just now", judge=DONE)
        return await store.retention.tidy()

    await desk.receive("old", judge=DONE)
    desk.time.pass_by(hours=2)
    await store.retention.delete_some(desk.time() - timedelta(hours=1))
    assert await store.retention.tidy()
    desk.time.pass_by(hours=30)
    await desk.receive("old", judge=DONE)
    assert not await tidied_while_busy()
    desk.time.pass_by(hours=17)
    assert not await tidied_while_busy()
    desk.time.pass_by(hours=2)
    assert await tidied_while_busy()


async def test_notes_go_when_nobody_has_changed_them_and_when_nothing_is_left_of_their_chat(desk: Desk) -> None:
    await desk.receive("hello", judge=judge_as(MessageState.WAITING))
    await desk.store.summaries.write(BOT, "anna", "Anna has the tent.")
    await desk.store.summaries.write(BOT, "nobody", "Of a chat that an older program forgot.")
    await round_of(desk, days=9)
    assert await desk.store.summaries.read(BOT, "nobody") is None
    kept = await desk.store.summaries.read(BOT, "anna")
    assert kept is not None
    assert kept.text == "Anna has the tent."
    desk.time.pass_by(days=10)
    await round_of(desk, days=9)
    assert await desk.store.summaries.read(BOT, "anna") is None
