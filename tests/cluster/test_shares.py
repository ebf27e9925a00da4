"""Nodes that join take their part, and a node whose clock is wrong is a node like any other."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster, Node, dummy, open_nodes
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.postgres import PostgresServer

BOTS = 9
FALSE_CLOCK = Path(__file__).parent / "false_clock"


def false_clock(node: Node, seconds: int) -> dict[str, str]:
    """What makes this node see a time of day that is so far ahead, in Python and in its helper."""
    preload = f"--import {(FALSE_CLOCK / 'preload.mjs').as_uri()}?seconds={seconds}"
    return {
        "PYTHONPATH": str(FALSE_CLOCK),
        "FALSE_CLOCK": str(seconds),
        "NODE_OPTIONS": f"{node.environment['NODE_OPTIONS']} {preload}",
    }


async def test_nodes_that_join_one_by_one_each_get_their_share(
    tmp_path: Path, network: WhatsAppNetwork, postgres: PostgresServer, phone: object
) -> None:
    url = postgres.new_database()
    async with ModelServer() as model, open_nodes(tmp_path, network, model, postgres, url) as nodes:
        cluster = Cluster(postgres, url, network, model, nodes, str)
        one, two, three = nodes
        await one.start()
        bots = await one.put(*(dummy(f"user {number}") for number in range(BOTS)))
        await is_shared(cluster, {"one": 9})
        await two.start()
        await is_shared(cluster, {"one": 5, "two": 4})
        await three.start()
        await is_shared(cluster, {"one": 3, "two": 3, "three": 3})
        for bot in bots:
            for node in nodes:
                await node.until_status(bot, "connected")
        await one.stop()
        await is_shared(cluster, {"two": 5, "three": 4}, {"two": 4, "three": 5})


async def is_shared(cluster: Cluster, *wanted: dict[str, int]) -> None:
    async def shares() -> dict[str | None, int]:
        owners = list((await cluster.owners()).values())
        return {name: owners.count(name) for name in owners}

    await cluster.until(shares, lambda found: found in wanted, f"shares {wanted}")


@pytest.fixture
async def wrong_clocks(tmp_path: Path, cluster: Cluster) -> AsyncIterator[list[Node]]:
    """Two more nodes, a minute ahead and a minute behind."""
    names = {"ahead": 60, "behind": -60}
    async with open_nodes(
        tmp_path, cluster.network, cluster.model, cluster.postgres, cluster.url, names=tuple(names)
    ) as nodes:
        before = cluster.nodes
        for node in nodes:
            node.add_to_environment(false_clock(node, names[node.name]))
            await node.start()
        cluster.nodes = (*before, *nodes)
        yield list(nodes)
        for node in nodes:
            await node.stop()
        cluster.nodes = before
    await cluster.settle()


async def test_a_clock_that_is_a_minute_off_changes_nothing(cluster: Cluster, wrong_clocks: list[Node]) -> None:
    await cluster.settle()
    for node in wrong_clocks:
        [instance_id] = await node.put(dummy(f"made by {node.name}"))
        since = datetime.fromisoformat((await cluster.nodes[0].status(instance_id))["since"])
        assert abs(since - datetime.now(UTC)) < timedelta(seconds=20)
        await node.api.delete(f"/chatbot/{instance_id}")
    phones = list(cluster.accounts.values())
    async with cluster.talk():
        for node in cluster.nodes:
            if node not in wrong_clocks:
                await node.stop()
        owners = await cluster.owners()
        assert set(owners.values()) <= {"ahead", "behind", None}
        await cluster.until(lambda: online(cluster), lambda found: found == sorted(phones), "all accounts there")
    logs = [node.output.read_text() for node in cluster.nodes]
    assert not any("lease lost" in log for log in logs[-2:])
    assert await cluster.fights() == 0


async def online(cluster: Cluster) -> list[str]:
    phones = await cluster.network.phones()
    return sorted(phone for phone in cluster.accounts.values() if phones[phone].online)
