"""For tests of the whole product: one fake WhatsApp network for all tests of a kind, and phones that nobody else has.

A kind that wants it imports these in its conftest; all its tests run on one event loop then, the network's.
"""

from collections.abc import AsyncIterator, Callable
from itertools import count

import pytest

from tests.fakes.whatsapp_network import WhatsAppNetwork

_numbers = count(4915100000001)


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
    return new_phone


def new_phone() -> str:
    return str(next(_numbers))
