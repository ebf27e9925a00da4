"""What tests of the whole product share in a process, for to start it takes longer than most of them.

A fake WhatsApp network, on which each test has phones that nobody else has, a model, and a server for each database.
"""

from collections.abc import AsyncIterator, Callable
from itertools import count

import pytest

from tests.acceptance.shared_servers import SharedServers
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.postgres import new_database

_numbers = count(4915100000001)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
async def network() -> AsyncIterator[WhatsAppNetwork]:
    async with WhatsAppNetwork(quick=True) as network:
        yield network


@pytest.fixture(scope="session")
async def shared_model() -> AsyncIterator[ModelServer]:
    async with ModelServer() as model:
        yield model


@pytest.fixture
def model(shared_model: ModelServer) -> ModelServer:
    """As if it had just started."""
    shared_model.reset()
    return shared_model


@pytest.fixture(scope="session")
async def shared_servers(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str, network: WhatsAppNetwork, shared_model: ModelServer
) -> AsyncIterator[SharedServers]:
    servers = SharedServers(lambda: tmp_path_factory.mktemp("shared"), lambda: new_database(postgres_url))
    yield servers
    await servers.close()


@pytest.fixture
def phone() -> Callable[[], str]:
    """Numbers of phones that nobody else has."""
    return new_phone


def new_phone() -> str:
    return str(next(_numbers))
