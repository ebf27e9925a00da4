"""What waits is taken when its time has come."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from imposter.contracts.config import Limits
from imposter.contracts.messages import Sender
from imposter.domain.messages import StoredMessage, Work
from tests.storage.desk import BOT, ROOMY, Desk


class Burst:
    """Due so many seconds after the last came in; the time to answer counts from `opens`, where it came before."""

    def __init__(self, seconds: float, opens: datetime | None = None) -> None:
        self._rest = timedelta(seconds=seconds)
        self._opens = opens
        self.asked: list[tuple[list[str], frozenset[str]]] = []

    def due_at(self, waits: Sequence[StoredMessage], known_ids: frozenset[str]) -> datetime:
        self.asked.append(([message.content for message in waits], known_ids))
        return waits[-1].received_at + self._rest

    def counts_from(self, message: StoredMessage, known_ids: frozenset[str]) -> datetime:
        self.asked.append(([message.content], known_ids))
        return max(message.received_at, self._opens or message.received_at)


async def test_what_comes_in_a_burst_is_taken_together_when_it_is_due(desk: Desk) -> None:
    burst = Burst(5)
    await desk.receive("1")
    desk.time.pass_by(seconds=4)
    await desk.receive("2")
    desk.time.pass_by(seconds=4)
    waits = await desk.early(burst)
    assert (waits.at, [message.content for message in waits.messages]) == (
        desk.time() + timedelta(seconds=1),
        ["1", "2"],
    )
    assert await desk.states() == {"1": "waiting", "2": "waiting"}
    desk.time.pass_by(seconds=1)
    work = await desk.take(timing=burst)
    assert work is not None
    assert [message.content for message in work.messages] == ["1", "2"]


async def test_without_a_timing_it_is_taken_at_once(desk: Desk) -> None:
    await desk.receive("1")
    work = await desk.take()
    assert work is not None
    assert work.known_ids == frozenset()


async def test_a_timing_is_asked_only_of_what_is_to_be_answered(desk: Desk) -> None:
    burst = Burst(0)
    assert await desk.take(timing=burst) is None
    old = await desk.receive("too old", age=timedelta(days=2))
    busy = await desk.receive("busy")
    assert await desk.take(timing=burst, queue=Limits(max_days=1), busy={busy.seq or 0}) is None
    assert burst.asked == []
    assert (old.verdict.state, await desk.states()) == (
        "waiting",
        {"too old": "evicted:max_days", "busy": "waiting"},
    )


async def test_a_timing_knows_every_id_of_who_wrote_the_last(desk: Desk) -> None:
    burst = Burst(60)
    await desk.receive("alone", "eve-lid", "eve")
    await desk.receive("from ben", group="team", sender=Sender("ben"))
    await desk.receive("from eve", group="team", sender=Sender("eve-lid"))
    await desk.early(burst, "team")
    assert burst.asked == [(["from ben", "from eve"], frozenset({"team", "eve-lid", "eve"}))]
    desk.time.pass_by(minutes=1)
    work = await desk.take("team", timing=burst)
    assert work is not None
    assert work.known_ids == {"team", "eve-lid", "eve"}


async def test_how_long_something_waits_counts_from_when_it_could_be_answered(desk: Desk) -> None:
    opens = desk.time() + timedelta(hours=8)
    night = Burst(0, opens)
    await desk.receive("at night", "eve-lid", "eve")
    desk.time.pass_by(hours=8, minutes=10)
    quarter = timedelta(minutes=15)
    work = await desk.take("eve-lid", timing=night, answer_within=quarter)
    assert work is not None
    assert ({known for _, known in night.asked}, desk.time() > opens) == ({frozenset({"eve-lid", "eve"})}, True)
    desk.time.pass_by(minutes=10)
    assert await desk.take("eve-lid", timing=night, answer_within=quarter) is None
    assert await desk.states() == {"at night": "context:too_old"}


async def test_taking_too_early_changes_nothing_for_others(desk: Desk) -> None:
    await desk.receive("1")
    await desk.receive("2", "ben")
    await desk.early(Burst(60))
    work = await desk.store.messages.take(BOT, "ben", ROOMY, timing=Burst(0))
    assert isinstance(work, Work)
