"""One fake WhatsApp network and one fake model for all acceptance tests; a product for each test."""

from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.product import Product, running
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import HASTE

KEY = "sk-canary-model-key-1234567890"
SYSTEM = "You are {user_id}, {keep these braces}."

_numbers = count(4915100000001)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
async def network() -> AsyncIterator[WhatsAppNetwork]:
    async with WhatsAppNetwork() as network:
        yield network


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer() as model:
        yield model


@pytest.fixture
def phone() -> Callable[[], str]:
    """Numbers of phones that nobody else has."""
    return lambda: str(next(_numbers))


@pytest.fixture
def environment(network: WhatsAppNetwork, model: ModelServer, database: str | None) -> dict[str, str]:
    """Whatever uses it runs on both databases."""
    where = {"IMPOSTER_DATABASE_URL": database} if database else {}
    return where | {"NODE_OPTIONS": network.node_options, "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": KEY}


@pytest.fixture
async def product(tmp_path: Path, environment: dict[str, str]) -> AsyncIterator[Product]:
    async with running(tmp_path, environment) as product:
        yield product


def bot(user_id: str = "anna", *, chat: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A WhatsApp bot with a real model client, as the contract's first example."""
    return {
        "user_id": user_id,
        "chat_provider_config": {"provider_name": "whatsAppBaileyes", "provider_config": chat or {}},
        "queue_config": {"max_messages": 100, "max_characters": 10_000, "max_days": 1},
        "limits_config": HASTE,
        "llm_provider_config": {
            "provider_name": "openAi",
            "provider_config": {"model": "gpt-4", "system": SYSTEM},
        },
        **more,
    }
