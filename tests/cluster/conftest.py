"""One cluster of three nodes for all tests that want one: to start it takes longer than most of them."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.cluster.cluster import Cluster, dummy, open_nodes
from tests.fakes.fixtures import new_phone
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.postgres import PostgresServer


@pytest.hookimpl(tryfirst=True)  # before the workers read which tests belong together
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "started" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("cluster"))


@pytest.fixture(scope="package")
def postgres() -> Iterator[PostgresServer]:
    """A server of its own, for it is stopped and started."""
    server = PostgresServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="package")
async def started(
    tmp_path_factory: pytest.TempPathFactory, network: WhatsAppNetwork, postgres: PostgresServer
) -> AsyncIterator[Cluster]:
    url = postgres.new_database()
    async with (
        ModelServer() as model,
        open_nodes(tmp_path_factory.mktemp("cluster"), network, model, postgres, url) as nodes,
    ):
        cluster = Cluster(postgres, url, network, model, nodes, new_phone)
        await asyncio.gather(*(node.start() for node in nodes))
        for node in nodes:
            await cluster.link(node)
            await node.put(dummy(f"dummy of {node.name}"))
        yield cluster


@pytest.fixture
async def cluster(started: Cluster) -> Cluster:
    """Three nodes at rest, each with its share of three linked accounts and three that say nothing."""
    await started.settle()
    await started.fights()
    return started
