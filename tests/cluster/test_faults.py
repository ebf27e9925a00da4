"""Whatever happens to a node, every message is answered once and in order, and no account has two connections.

Contacts keep writing all the while. The seconds are facts for whoever reads the report; nothing here depends on them.
"""

import asyncio
import json
import time
from collections.abc import Callable

import pytest

from tests.cluster.cluster import LEASE, Cluster, Node
from tests.durability.plan import Target

Record = Callable[[str, object], None]

ROUNDS = 3
FIRST_WAIT = 1.0
"""Seconds at most, until a helper is started again that has only just failed."""
HALF_AN_ANSWER = b"e answer "
"""How the journal's begin."""


async def taken_over(cluster: Cluster, phones: list[str], since: float, record_property: Record) -> float:
    """Seconds until all of these accounts were connected again."""
    seconds = max([await cluster.login_after(phone, since) for phone in phones], default=0.0)
    record_property("seconds_to_next_owner", round(seconds, 2))
    return seconds


async def test_a_killed_node(cluster: Cluster, record_property: Record) -> None:
    node, phones = await cluster.an_account()
    async with cluster.talk():
        node.hit(Target.PYTHON)
        await taken_over(cluster, phones, time.time(), record_property)
    assert await cluster.fights() == 0


@pytest.mark.parametrize("target", [Target.PYTHON, Target.BOTH])
async def test_a_node_that_stands_still(cluster: Cluster, target: Target, record_property: Record) -> None:
    """For longer than its lease; then it goes on as if nothing had happened."""
    node, phones = await cluster.an_account()
    async with cluster.talk():
        node.freeze(target)
        await taken_over(cluster, phones, time.time(), record_property)
        if target is Target.PYTHON:
            await cluster.until(lambda: _helpers(node), lambda there: not there, "the end of its helper")
        node.thaw()
    fights = await cluster.fights()
    record_property("connections_that_were_replaced", fights)
    # A helper that runs ends itself in time; of one that stands still, too, nobody closes the connections.
    assert fights <= (0 if target is Target.PYTHON else len(phones))


@pytest.mark.parametrize("how", ["cut", "hold"])
async def test_a_node_without_the_database(cluster: Cluster, how: str, record_property: Record) -> None:
    """It closes its accounts' connections before others open theirs."""
    node, phones = await cluster.an_account()
    async with cluster.talk():
        getattr(node.database, how)()
        try:
            await taken_over(cluster, phones, time.time(), record_property)
            await cluster.until(lambda: _readiness(node), lambda ready: not ready, "a node that says it has no lease")
            await cluster.everybody_is_answered()  # by the others
        finally:
            node.database.heal()
    assert await cluster.fights() == 0


async def test_a_node_that_is_cut_off_in_the_middle_of_a_statement_holds_nothing_up(
    cluster: Cluster, record_property: Record
) -> None:
    """PostgreSQL has half of an answer, and for its sake the row of its bot; by itself it waits for the other half."""
    node, phones = await cluster.an_account()
    async with cluster.talk():
        node.database.hold_behind(HALF_AN_ANSWER)
        try:
            await cluster.until(lambda: _holds(node), bool, "an answer of which half is stored")
            await taken_over(cluster, phones, time.time(), record_property)
            await cluster.everybody_is_answered()  # by the others
            assert node.database.holds
        finally:
            node.database.heal()
    assert await cluster.fights() == 0


@pytest.mark.parametrize("how", ["cut", "hold"])
async def test_a_node_without_whatsapp(cluster: Cluster, how: str) -> None:
    node, phones = await cluster.an_account()
    bots = [bot for bot, phone in cluster.accounts.items() if phone in phones]
    async with cluster.talk():
        getattr(node.whatsapp, how)()
        try:
            if how == "cut":
                for other in cluster.nodes:
                    for bot in bots:
                        await other.until_status(bot, "reconnecting")
            else:
                await asyncio.sleep(LEASE)  # nobody can know; it is the time that a node would need to be given up
        finally:
            node.whatsapp.heal()


async def test_a_database_that_is_restarted(cluster: Cluster) -> None:
    async with cluster.talk():
        await asyncio.to_thread(cluster.postgres.restart)


async def test_a_database_that_is_away_for_longer_than_the_lease(cluster: Cluster) -> None:
    async with cluster.talk():
        await asyncio.to_thread(cluster.postgres.halt, "KILL")
        await cluster.until(lambda: _online(cluster), lambda online: not online, "accounts that were let go")
        await asyncio.to_thread(cluster.postgres.start)


async def test_trouble_again_and_again_with_all_back_in_between(cluster: Cluster) -> None:
    """The helpers of the last time come back as soon as those of the first."""
    before = {node.name: len(_helpers_ended(node)) for node in cluster.nodes}
    async with cluster.talk():
        for _ in range(ROUNDS):
            await asyncio.to_thread(cluster.postgres.halt, "KILL")
            await cluster.until(lambda: _online(cluster), lambda online: not online, "accounts that were let go")
            await asyncio.to_thread(cluster.postgres.start)
            await cluster.settle()
            node, _ = await cluster.an_account()
            ended = len(_helpers_ended(node))
            node.hit(Target.NODE)
            await cluster.until(lambda: _ended(node), lambda now: now > ended, "the end of its helper")  # noqa: B023
            await cluster.settle()
    waits = [wait for node in cluster.nodes for wait in _helpers_ended(node)[before[node.name] :]]
    assert len(waits) >= 2 * ROUNDS
    assert max([wait for wait in waits if wait is not None], default=0) <= FIRST_WAIT, waits


async def test_a_restart_of_one_after_the_other(cluster: Cluster, record_property: Record) -> None:
    async with cluster.talk():
        for node in cluster.nodes:
            owners = await cluster.owners()
            phones = [phone for bot, phone in cluster.accounts.items() if owners[bot] == node.name]
            asked = time.time()
            await node.stop()
            record_property(f"seconds_to_end_of_{node}", round(time.time() - asked, 2))
            try:
                await taken_over(cluster, phones, asked, record_property)
            finally:
                await node.start()
            await cluster.settle()
    assert await cluster.fights() == 0


async def _holds(node: Node) -> bool:
    return node.database.holds


async def _helpers(node: Node) -> list[int]:
    return node.pids(Target.NODE)


async def _online(cluster: Cluster) -> list[str]:
    phones = await cluster.network.phones()
    return [phone for phone in cluster.accounts.values() if phones[phone].online]


async def _readiness(node: Node) -> bool:
    return (await node.api.get("/readyz")).status_code == 200


async def _ended(node: Node) -> int:
    return len(_helpers_ended(node))


def _helpers_ended(node: Node) -> list[float | None]:
    """What the node waited after each end of a helper; None where there was no account to start another one for."""
    lines = [line for line in node.output.read_text().splitlines() if '"whatsapp helper ended"' in line]
    return [json.loads(line)["again_in"] for line in lines]
