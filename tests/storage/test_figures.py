"""What happened in each piece of time."""

from datetime import timedelta

from imposter.domain.deliveries import Part
from imposter.domain.messages import MessageState, Verdict
from imposter.domain.reasons import Reason
from imposter.storage import Store
from tests.storage.desk import BOT, Desk, Time


async def test_answers_count_once_however_many_parts_they_have_and_where_they_were_made(
    desk: Desk, store: Store, time: Time
) -> None:
    begins = [time() - timedelta(hours=1), time(), time() + timedelta(hours=1)]
    seq = (await desk.receive("one")).seq
    assert seq is not None
    going = await store.messages.answer(desk.claim, [seq], [Part("a", "A1"), Part("b", "A2")], '{"attempts": 1}')
    time.pass_by(seconds=5)
    for each in going:
        await store.outbox.sent(BOT, each.message_id)
    lost = (await desk.receive("two")).seq
    assert lost is not None
    await store.messages.settle(desk.claim, [lost], Verdict(MessageState.FAILED, Reason.MODEL_REFUSED))
    time.pass_by(hours=2)
    pieces = await store.figures.pieces([BOT, "nobody"], begins)
    assert [(piece.answers, piece.evicted, piece.failed) for piece in pieces] == [(0, 0, 0), (1, 0, 1), (0, 0, 0)]
    [answered] = pieces[1].looked_at
    assert answered.sent_at - answered.received_at == timedelta(seconds=5)
    assert answered.trace == '{"attempts": 1}'
    assert [piece.answers for piece in await store.figures.pieces(["nobody"], begins)] == [0, 0, 0]


async def test_what_waited_at_the_end_of_each_piece_is_told_also_where_it_was_answered_since(
    desk: Desk, store: Store, time: Time
) -> None:
    begins = [time() + timedelta(hours=number) for number in range(3)]
    time.pass_by(minutes=50)
    seq = (await desk.receive("one", "ben")).seq
    assert seq is not None
    time.pass_by(minutes=20)
    await store.messages.answer(desk.claim, [seq], [Part("a", "A1")])
    time.pass_by(minutes=40)
    await desk.receive("two", "eve")
    time.pass_by(minutes=40)
    assert [piece.queued for piece in await store.figures.pieces([BOT], begins)] == [1, 1, 1]
    assert [piece.queued for piece in await store.figures.pieces(["nobody"], begins)] == [0, 0, 0]


async def test_what_happens_meanwhile_is_seen_within_seconds_and_what_is_long_over_within_minutes(
    desk: Desk, store: Store, time: Time
) -> None:
    begins = [time()]
    first = (await desk.receive("one")).seq
    assert first is not None
    [one] = await store.messages.answer(desk.claim, [first], [Part("a", "A1")])
    await store.outbox.sent(BOT, one.message_id)
    time.pass_by(seconds=1)
    assert [piece.answers for piece in await store.figures.pieces([BOT], begins)] == [1]
    second = (await desk.receive("two")).seq
    assert second is not None
    [two] = await store.messages.answer(desk.claim, [second], [Part("b", "A2")])
    time.pass_by(seconds=20)
    assert [piece.answers for piece in await store.figures.pieces([BOT], begins)] == [1]
    await store.outbox.sent(BOT, two.message_id)
    time.pass_by(seconds=20)
    assert [piece.answers for piece in await store.figures.pieces([BOT], begins)] == [2]
    over = [begins[0], time()]
    time.pass_by(hours=2)
    third = (await desk.receive("three")).seq
    assert third is not None
    assert [piece.answers for piece in await store.figures.pieces([BOT], over)] == [2, 0]
    [three] = await store.messages.answer(desk.claim, [third], [Part("c", "A3")])
    await store.outbox.sent(BOT, three.message_id)
    time.pass_by(minutes=11)
    assert [piece.answers for piece in await store.figures.pieces([BOT], over)] == [2, 1]
