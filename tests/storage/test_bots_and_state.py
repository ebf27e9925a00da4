"""Bots, and what their providers keep."""

from datetime import timedelta

import pytest

from imposter.contracts.errors import BotNotFound, StorageError
from imposter.domain.claims import Claim
from imposter.domain.pauses import Pause
from imposter.storage import DuplicateUser, Store
from tests.storage.desk import BOT, Desk, Time


async def test_a_bot_is_found_again_as_it_was_made(store: Store, time: Time) -> None:
    config = {"user_id": "Anna ✓", "llm": {"api_key": "sk-1", "numbers": [1, 2.5, None, True]}}
    made = await store.bots.add("one", "Anna ✓", config, wanted=False)
    assert (made.config, made.wanted, made.created_at, made.updated_at) == (config, False, time(), time())
    assert await store.bots.all() == [made]


async def test_bots_come_in_the_order_in_which_they_were_made(store: Store) -> None:
    for name in ("zoe", "anna", "max"):
        await store.bots.add(name, name, {})
    assert [row.user_id for row in await store.bots.all()] == ["zoe", "anna", "max"]


async def test_a_user_has_one_bot(store: Store) -> None:
    await store.bots.add("one", "anna", {"n": 1})
    with pytest.raises(DuplicateUser):
        await store.bots.add("two", "anna", {"n": 2})
    assert [row.config for row in await store.bots.all()] == [{"n": 1}]


async def test_a_bot_is_changed_in_place(store: Store, time: Time) -> None:
    made = await store.bots.add("one", "anna", {"n": 1})
    time.pass_by(hours=1)
    await store.bots.update("one", {"n": 2})
    await store.bots.set_wanted("one", False)
    [row] = await store.bots.all()
    assert (row.config, row.wanted, row.created_at, row.updated_at) == ({"n": 2}, False, made.created_at, time())


async def test_changing_a_bot_that_is_not_there_says_so(store: Store) -> None:
    with pytest.raises(BotNotFound):
        await store.bots.update("nobody", {})
    with pytest.raises(BotNotFound):
        await store.bots.set_wanted("nobody", True)


async def test_deleting_a_bot_deletes_everything_of_it_and_nothing_else(store: Store, desk: Desk) -> None:
    await store.bots.add("bot-2", "ben", {})
    other = Desk(store, desk.time, "bot-2")
    for each in (desk, other):
        await each.answer(await each.receive("q"), "a", message_id="OUT")
        await store.state.write(each.claim, [("creds", "me", b"1")])
    await store.bots.delete(BOT)
    await store.bots.add(BOT, "anna", {})
    assert await desk.history() == []
    assert await store.state.read(BOT, "creds") == {}
    assert await store.messages.sent(BOT, "OUT", ["anna"]) is None
    assert [row.content for row in await other.history()] == ["q", "a"]
    assert await store.state.read("bot-2", "creds") == {"me": b"1"}


async def test_a_number_is_never_given_twice(store: Store, desk: Desk) -> None:
    late = await desk.receive("q")
    await store.bots.delete(BOT)
    await store.bots.add(BOT, "anna", {})
    await desk.receive("another question")
    assert await desk.answer(late, "a late answer") is None


async def test_a_provider_finds_what_it_kept(store: Store, desk: Desk) -> None:
    await store.state.write(desk.claim, [("session", "a", b"1"), ("session", "b", b""), ("key", "a", b"\x00\xff")])
    await store.state.write(desk.claim, [("session", "a", b"2"), ("session", "c", b"3"), ("session", "gone", None)])
    assert await store.state.read(BOT, "session") == {"a": b"2", "b": b"", "c": b"3"}
    assert await store.state.read(BOT, "session", ["c", "missing"]) == {"c": b"3"}
    assert await store.state.read(BOT, "session", []) == {}
    assert await store.state.read(BOT, "key") == {"a": b"\x00\xff"}


async def test_of_one_write_the_last_value_counts(store: Store, desk: Desk) -> None:
    await store.state.write(desk.claim, [("k", "a", b"1"), ("k", "a", b"2"), ("k", "b", b"1"), ("k", "b", None)])
    await store.state.write(desk.claim, [])
    assert await store.state.read(BOT, "k") == {"a": b"2"}


async def test_what_a_provider_removes_is_gone(store: Store, desk: Desk) -> None:
    await store.state.write(desk.claim, [("k", "a", b"1"), ("k", "b", b"2")])
    await store.state.write(desk.claim, [("k", "a", None)])
    assert await store.state.read(BOT, "k") == {"b": b"2"}
    await store.state.clear(await store.bots.claim(BOT))
    assert await store.state.read(BOT, "k") == {}


async def test_with_the_credentials_goes_all_that_was_that_accounts_own(store: Store, desk: Desk) -> None:
    await store.state.write(desk.claim, [("k", "a", b"1")])
    await desk.receive("waits")
    await store.pauses.set(BOT, Pause("", "refused", desk.time() + timedelta(hours=1)))
    await store.state.clear(await store.bots.claim(BOT))
    assert await store.state.read(BOT, "k") == {}
    assert await desk.states() == {"waits": "context:unlinked"}
    assert await store.pauses.holding(BOT) == []


async def test_nothing_is_kept_for_a_bot_that_is_not_there(store: Store) -> None:
    with pytest.raises(StorageError):
        await store.state.write(Claim("nobody", 0), [("k", "a", b"1")])
