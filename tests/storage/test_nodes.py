"""Nodes that share a database: whose lease runs, and whose each bot is. What a node that lost a bot still does."""

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text

from imposter.contracts.errors import BotNotFound
from imposter.domain.bots import BotRow
from imposter.domain.claims import Claim, Superseded
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import MessageState, Verdict
from imposter.domain.nodes import LeaseRenewal
from imposter.secrets import Cipher
from imposter.storage import Store, open_store
from imposter.storage.database.engine import open_engine
from imposter.storage.migrations import NEWEST
from tests.house import until
from tests.storage.desk import BOT, KEY, LEASE, ONE, TWO, Desk, Named, Time
from tests.timeouts import FACT

SHORT = timedelta(milliseconds=50)
Pair = tuple[Store, Store]


async def join(pair: Pair) -> None:
    for store, node_id, name in zip(pair, (ONE, TWO), ("one", "two"), strict=True):
        await store.nodes.join(node_id, name, None, LEASE)


async def renew(store: Store, node_id: str) -> LeaseRenewal:
    renewed = await store.nodes.renew(node_id, {}, LEASE)
    assert renewed
    return renewed


async def owners(store: Store) -> dict[str, str | None]:
    return {row.instance_id: row.owner for row in await store.bots.all()}


async def move(pair: Pair) -> None:
    """The bot goes from node one to node two."""
    one, two = pair
    await one.nodes.release(ONE, BOT)
    assert [row.instance_id for row in await two.nodes.take(TWO, 1)] == [BOT]


async def test_nodes_see_one_another(pair: Pair) -> None:
    one, two = pair
    await join(pair)
    await one.bots.add(BOT, "anna", {})
    await two.nodes.renew(TWO, {"load": 0.5}, LEASE)
    renewed = await renew(one, ONE)
    assert [(node.node_id, node.name, node.bots, node.report) for node in renewed.nodes] == [
        (ONE, "one", 1, {}),
        (TWO, "two", 0, {"load": 0.5}),
    ]
    assert {(node.revision, node.leaving) for node in renewed.nodes} == {(NEWEST, False)}
    assert all(node.until > renewed.now for node in renewed.nodes)
    assert (renewed.free, renewed.lost) == (0, ())
    assert await two.nodes.all() == list(renewed.nodes)


async def test_a_lease_is_renewed_as_long_as_it_runs_and_never_after(pair: Pair) -> None:
    one, two = pair
    await one.nodes.join(ONE, "one", None, LEASE)
    [before] = await two.nodes.all()
    await renew(one, ONE)
    [after] = await two.nodes.all()
    assert after.until > before.until
    await one.nodes.renew(ONE, {}, SHORT)
    await until(lambda: has_ended(two, ONE))
    assert await one.nodes.renew(ONE, {}, LEASE) is None
    assert await two.nodes.renew("nobody", {}, LEASE) is None


async def test_the_bots_of_a_node_whose_lease_has_ended_are_free(pair: Pair) -> None:
    one, two = pair
    await two.nodes.join(TWO, "two", None, LEASE)
    await one.nodes.join(ONE, "one", None, SHORT)
    await one.bots.add(BOT, "anna", {})
    await until(lambda: has_ended(two, ONE))
    renewed = await renew(two, TWO)
    assert (renewed.lost, renewed.free, [node.node_id for node in renewed.nodes]) == (("one",), 1, [TWO])
    assert await owners(two) == {BOT: None}
    [row] = await two.nodes.take(TWO, 10)
    assert (row.instance_id, row.owner) == (BOT, TWO)
    assert (await renew(two, TWO)).lost == ()


async def test_bots_without_nodes_are_free_for_the_first_that_comes(
    stored_database: str, tmp_path: Path, time: Time
) -> None:
    """Those of before there were nodes, and what was added by one whose lease ended that very moment."""
    async with AsyncExitStack() as stack:
        stores = [
            await stack.enter_async_context(
                open_store(
                    stored_database,
                    tmp_path / str(name),
                    Cipher(KEY),
                    now=time,
                    identity=Named(name) if name else None,
                )
            )
            for name in (None, "gone", ONE)
        ]
        before, gone, one = stores
        await before.bots.add("old", "anna", {})
        await gone.bots.add("late", "ben", {})
        await one.nodes.join(ONE, "one", None, LEASE)
        assert (await renew(one, ONE)).free == 2
        assert [row.instance_id for row in await one.nodes.take(ONE, 10)] == ["old", "late"]


async def test_those_that_are_to_run_are_taken_first_then_the_oldest(pair: Pair, time: Time) -> None:
    one, two = pair
    await join(pair)
    made = [
        await one.bots.add(name, name, {"n": name}, wanted=wanted)
        for name, wanted in (("a", False), ("b", True), ("c", True))
    ]
    await one.nodes.leave(ONE)
    taken: list[BotRow] = []
    for most in (1, 1, 5):
        taken += await two.nodes.take(TWO, most)
    assert [row.instance_id for row in taken] == ["b", "c", "a"]
    assert [(row.config, row.wanted, row.user_id) for row in sorted(taken, key=lambda row: row.user_id)] == [
        (row.config, row.wanted, row.user_id) for row in made
    ]


async def test_each_bot_is_taken_by_one_of_those_who_want_it(pair: Pair) -> None:
    one, two = pair
    await join(pair)
    names = [f"bot-{number}" for number in range(60)]
    await asyncio.gather(*(one.bots.add(name, name, {}) for name in names))
    await asyncio.gather(*(one.nodes.release(ONE, name) for name in names))
    rounds = [store.nodes.take(node, 3) for _ in range(30) for store, node in ((one, ONE), (two, TWO))]
    taken = [row.instance_id for rows in await asyncio.gather(*rounds) for row in rows]
    assert sorted(taken) == sorted(names)
    assert {node.bots for node in await one.nodes.all()} != {0, 60}


async def test_a_bot_of_which_somebody_holds_the_row_is_neither_freed_nor_taken_and_nobody_waits_for_it(
    pair: Pair, stored_database: str, tmp_path: Path
) -> None:
    one, two = pair
    await two.nodes.join(TWO, "two", None, LEASE)
    for name in (BOT, "other"):
        await one.bots.add(name, name, {})
    with open_engine(stored_database, tmp_path).connect() as stopped:
        hold(stopped, BOT)
        assert (await asyncio.wait_for(renew(two, TWO), FACT)).free == 1
        assert [row.instance_id for row in await asyncio.wait_for(two.nodes.take(TWO, 10), FACT)] == ["other"]
    assert (await renew(two, TWO)).free == 1
    with open_engine(stored_database, tmp_path).connect() as stopped:
        hold(stopped, BOT)
        assert await asyncio.wait_for(two.nodes.take(TWO, 10), FACT) == []
    assert [row.instance_id for row in await two.nodes.take(TWO, 10)] == [BOT]


async def test_a_commit_that_waits_for_somebody_does_not_cost_the_lease(
    pair: Pair, stored_database: str, tmp_path: Path
) -> None:
    one, two = pair
    await join(pair)
    await one.bots.add(BOT, "anna", {})
    with open_engine(stored_database, tmp_path).connect() as stopped:
        hold(stopped, BOT)
        commit = one.bots.set_wanted(BOT, wanted=False)
        assert await renew(one, ONE)
        assert {node.node_id for node in await two.nodes.all()} == {ONE, TWO}
        assert not commit.done()
    await commit


def hold(connection: Connection, bot: str) -> None:
    """As a node's commit does that guards a write."""
    connection.execute(text("SELECT number FROM bots WHERE instance_id = :bot FOR SHARE"), {"bot": bot})


async def test_who_holds_a_place_ends_the_node_that_was_there(pair: Pair) -> None:
    one, two = pair
    await one.nodes.join(ONE, "one", "boot:1:2", LEASE)
    await one.nodes.join("elsewhere", "elsewhere", "boot:1:3", LEASE)
    await one.nodes.join("nowhere", "nowhere", None, LEASE)
    await one.bots.add(BOT, "anna", {})
    await two.nodes.join(TWO, "two", "boot:1:2", LEASE)
    assert [node.node_id for node in await two.nodes.all()] == ["elsewhere", "nowhere", TWO]
    assert [row.instance_id for row in await two.nodes.take(TWO, 10)] == [BOT]
    await two.nodes.join("again", "again", None, LEASE)
    assert "nowhere" in [node.node_id for node in await two.nodes.all()]


async def test_who_is_leaving_takes_nothing_and_who_has_left_has_nothing(pair: Pair) -> None:
    one, two = pair
    await join(pair)
    await one.bots.add(BOT, "anna", {})
    await one.nodes.leaving(ONE)
    assert [(node.node_id, node.leaving) for node in (await renew(two, TWO)).nodes] == [(ONE, True), (TWO, False)]
    await one.nodes.release(ONE, BOT)
    assert await one.nodes.take(ONE, 10) == []
    await two.nodes.take(TWO, 10)
    await one.nodes.leave(ONE)
    assert await owners(one) == {BOT: TWO}
    await two.nodes.leave(TWO)
    assert await owners(one) == {BOT: None}
    assert await one.nodes.all() == []


async def test_who_is_no_node_takes_nothing(pair: Pair) -> None:
    one, two = pair
    await one.nodes.join(ONE, "one", None, LEASE)
    await one.bots.add(BOT, "anna", {})
    await one.nodes.release(ONE, BOT)
    assert await two.nodes.take(TWO, 10) == []
    await two.nodes.join(TWO, "two", None, SHORT)
    await until(lambda: has_ended(one, TWO))
    assert await two.nodes.take(TWO, 10) == []


async def test_only_the_owner_releases_changes_deletes_and_claims_a_bot(pair: Pair) -> None:
    one, two = pair
    await join(pair)
    await one.bots.add(BOT, "anna", {})
    await two.nodes.release(TWO, BOT)
    for change in (
        two.bots.update(BOT, {"n": 2}),
        two.bots.set_wanted(BOT, False),
        two.bots.claim(BOT),
        two.bots.delete(BOT),
    ):
        with pytest.raises(Superseded):
            await change
    for change in (two.bots.update("nobody", {}), two.bots.claim("nobody"), two.bots.delete("nobody")):
        with pytest.raises(BotNotFound):
            await change
    row = await two.bots.one(BOT)
    assert (row.config, row.wanted, row.owner, row.epoch) == ({}, True, ONE, 0)
    assert await one.bots.claim(BOT) == Claim(BOT, 1)
    assert (await one.bots.one(BOT)).epoch == 1
    await one.bots.delete(BOT)
    assert await two.bots.all() == []


async def test_bots_are_deleted_on_two_nodes_at_once(pair: Pair, stored_database: str) -> None:
    one, two = pair
    await one.bots.add("of-one", "anna", {})
    await two.bots.add("of-two", "ben", {})
    with psycopg.connect(stored_database) as meanwhile, psycopg.connect(stored_database, autocommit=True) as watch:
        meanwhile.execute("LOCK TABLE meta")  # so that both are at it
        deletions = [asyncio.create_task(store.bots.delete(bot)) for store, bot in ((one, "of-one"), (two, "of-two"))]
        waiting = (
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
            " WHERE NOT granted AND datname = current_database()"
        )
        await until(lambda: watch.execute(waiting).fetchone() == (len(deletions),))
        meanwhile.rollback()
        await asyncio.gather(*deletions)
    assert await one.bots.all() == []


async def test_a_bot_is_found_by_its_name_and_by_its_user(store: Store) -> None:
    made = await store.bots.add(BOT, "anna", {"n": 1})
    assert await store.bots.one(BOT) == made
    assert await store.bots.of_user("anna") == made
    assert await store.bots.of_user("ben") is None
    with pytest.raises(BotNotFound):
        await store.bots.one("nobody")


async def test_who_was_superseded_stores_nothing_more(pair: Pair, time: Time) -> None:
    one, two = pair
    await join(pair)
    await one.bots.add(BOT, "anna", {})
    old, new = Desk(one, time), Desk(two, time)
    old.claim = await one.bots.claim(BOT)
    waits = await old.receive("first", claim=old.claim)
    assert waits.seq is not None
    await one.state.write(old.claim, [("creds", "me", b"1")])
    await move(pair)
    await old.receive("while nobody had it", claim=old.claim)
    new.claim = await two.bots.claim(BOT)
    late: list[Awaitable[Any]] = [
        old.receive("late", "ben", "ben's other id", message_id="LATE", claim=old.claim),
        old.receive("first", message_id="in-1", claim=old.claim),
        old.answer(waits),
        one.messages.settle(old.claim, [waits.seq], Verdict(MessageState.FAILED)),
        one.state.write(old.claim, [("creds", "me", b"2")]),
        one.state.clear(old.claim),
        one.statuses.publish(old.claim, {}),
        one.bots.claim(BOT),
    ]
    for refused in await asyncio.gather(*late, return_exceptions=True):
        assert isinstance(refused, Superseded)
    assert await new.prompt() == ["first", "while nobody had it"]
    assert await two.state.read(BOT, "creds") == {"me": b"1"}
    assert await two.statuses.all() == {}
    assert (await new.receive("here", "ben's other id", claim=new.claim)).conversation == "ben's other id"
    assert await two.state.clear(new.claim) == 3


async def test_with_its_claim_a_run_takes_in_each_message_once(store: Store, desk: Desk) -> None:
    claim = await store.bots.claim(BOT)
    assert (await desk.receive("hello", message_id="SAME", claim=claim)).seq is not None
    assert (await desk.receive("hello", message_id="SAME", claim=claim)).duplicate
    group = await desk.receive("in a group", group="g", claim=claim)
    assert group.seq is not None
    await store.bots.claim(BOT)
    for message_id in ("SAME", "NEW"):
        with pytest.raises(Superseded):
            await desk.receive("hello", message_id=message_id, claim=claim)
    assert await desk.states() == {"hello": "waiting", "in a group": "waiting"}


async def test_what_arrived_is_known_whoever_says_so(pair: Pair, time: Time) -> None:
    one, two = pair
    await join(pair)
    await one.bots.add(BOT, "anna", {})
    old = Desk(one, time)
    old.claim = await one.bots.claim(BOT)
    await old.answer(await old.receive(claim=old.claim), "hi", message_id="OUT")
    await move(pair)
    await two.bots.claim(BOT)
    assert await one.outbox.sent(BOT, "OUT")
    assert [row.delivery for row in await Desk(two, time).history()] == [None, DeliveryState.SENT]


async def test_who_gets_a_bot_back_knows_whom_another_node_met_meanwhile(pair: Pair, time: Time) -> None:
    one, two = pair
    await join(pair)
    await one.bots.add(BOT, "anna", {})
    here, there = Desk(one, time), Desk(two, time)
    here.claim = await one.bots.claim(BOT)
    for _ in range(2):
        assert (await here.receive("to lid", "lid", claim=here.claim)).conversation == "lid"
    for _ in range(2):  # the second time from memory
        assert (await here.receive("to phone", "phone", claim=here.claim)).conversation == "phone"
    await move(pair)
    there.claim = await two.bots.claim(BOT)
    assert (await there.receive("both", "phone", "lid", message_id="B", claim=there.claim)).conversation == "lid"
    await two.nodes.release(TWO, BOT)
    await one.nodes.take(ONE, 1)
    here.claim = await one.bots.claim(BOT)
    assert (await here.receive("to phone", "phone", claim=here.claim)).conversation == "lid"


async def test_nodes_that_write_all_they_can_do_not_hold_each_other_up(pair: Pair, time: Time) -> None:
    """Both renew, take, claim, store and release in commits of many bots, as fast as they can."""
    await join(pair)
    names = [f"bot-{number}" for number in range(12)]
    await asyncio.gather(*(pair[0].bots.add(name, name, {}) for name in names))
    await asyncio.gather(*(pair[0].nodes.release(ONE, name) for name in names))

    async def live(store: Store, node_id: str) -> int:
        stored = 0
        for _ in range(15):
            await renew(store, node_id)
            rows = await store.nodes.take(node_id, 8)
            desks = [Desk(store, time, row.instance_id) for row in rows]
            for desk, claim in zip(desks, await claim_all(store, desks), strict=True):
                desk.claim = claim
            received = [desk.receive(claim=desk.claim, message_id=f"{node_id}-{n}") for desk in desks for n in range(5)]
            stored += sum(accepted.seq is not None for accepted in await asyncio.gather(*received))
            await asyncio.gather(*(store.nodes.release(node_id, desk.bot) for desk in desks))
        return stored

    async with asyncio.timeout(FACT):
        counts = await asyncio.gather(live(pair[0], ONE), live(pair[1], TWO))
    assert sum(counts) == sum([len(await Desk(pair[0], time, name).history()) for name in names])


async def claim_all(store: Store, desks: list[Desk]) -> list[Claim]:
    return await asyncio.gather(*(store.bots.claim(desk.bot) for desk in desks))


async def has_ended(store: Store, node_id: str) -> bool:
    return node_id not in [node.node_id for node in await store.nodes.all()]
