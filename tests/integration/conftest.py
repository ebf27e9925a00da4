"""A linked account on a fake WhatsApp network, for the tests of the sidecar."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.integration.whatsapp_desk import Desk, Server, open_server


@pytest.fixture(name="network")
async def _network_of_the_test(network: WhatsAppNetwork) -> WhatsAppNetwork:
    """As if it had just started."""
    await network.reset()
    return network


@pytest.fixture
async def server(network: WhatsAppNetwork) -> AsyncIterator[Server]:
    async with open_server(network) as server:
        yield server


@pytest.fixture
async def desk(network: WhatsAppNetwork, server: Server) -> Desk:
    desk = server.desk()
    await desk.link(network)
    return desk
