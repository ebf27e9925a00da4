from collections.abc import AsyncIterator, Callable
from itertools import count

import pytest

from tests.fakes.whatsapp_network import WhatsAppNetwork

_numbers = count(4915300000001)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
async def network() -> AsyncIterator[WhatsAppNetwork]:
    async with WhatsAppNetwork() as network:
        yield network


@pytest.fixture
def phone() -> Callable[[], str]:
    """Numbers of phones that nobody else has."""
    return lambda: str(next(_numbers))
