"""Who has signed in."""

from datetime import timedelta

from imposter.storage import Store
from imposter.storage.owner.web_sessions import IDLE, LONGEST
from tests.storage.desk import Time


async def test_who_looks_now_and_then_stays_signed_in_and_not_for_ever(store: Store, time: Time) -> None:
    await store.sign_ins.begin("mark")
    ends = time() + LONGEST
    while time() + timedelta(days=6) <= ends:
        time.pass_by(days=6)
        assert await store.sign_ins.holds("mark")
    time.pass_by(days=1)
    assert not await store.sign_ins.holds("mark")


async def test_who_does_not_look_is_signed_out(store: Store, time: Time) -> None:
    await store.sign_ins.begin("mark")
    time.moment += IDLE
    assert await store.sign_ins.holds("mark")
    time.moment += IDLE + timedelta(seconds=1)
    assert not await store.sign_ins.holds("mark")


async def test_one_or_all_can_be_ended(store: Store) -> None:
    for mark in ("a", "b", "c"):
        await store.sign_ins.begin(mark)
    await store.sign_ins.end("a")
    assert [await store.sign_ins.holds(mark) for mark in "abc"] == [False, True, True]
    await store.sign_ins.end_all()
    assert not await store.sign_ins.holds("b")
