"""A linked account on a fake WhatsApp network, for the tests of the sidecar."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.integration.whatsapp_desk import Desk, Server, open_server


@pytest.fixture
async def network() -> AsyncIterator[WhatsAppNetwork]:
    async with WhatsAppNetwork() as network:
        yield network


@pytest.fixture
async def server(network: WhatsAppNetwork) -> AsyncIterator[Server]:
    async with open_server(network) as server:
        yield server


@pytest.fixture
async def desk(network: WhatsAppNetwork, server: Server) -> Desk:
    desk = server.desk()
    await desk.link(network)
    return desk
