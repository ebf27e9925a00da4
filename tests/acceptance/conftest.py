"""One fake WhatsApp network for all acceptance tests; a model and a product for each test."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.product import Product, running
from tests.fakes.fixtures import anyio_backend as anyio_backend
from tests.fakes.fixtures import network as network
from tests.fakes.fixtures import phone as phone
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import AT_ONCE, HASTE

KEY = "sk-canary-model-key-1234567890"
SYSTEM = "You are {user_id}, {keep these braces}."


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer() as model:
        yield model


@pytest.fixture
def place(database: str | None) -> dict[str, str]:
    """What tells a server its database. Whatever uses it runs on both."""
    return {"IMPOSTER_DATABASE_URL": database} if database else {}


@pytest.fixture
def outside(network: WhatsAppNetwork, model: ModelServer) -> dict[str, str]:
    """What tells a server of the world around it."""
    return {"NODE_OPTIONS": network.node_options, "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": KEY}


@pytest.fixture
def environment(place: dict[str, str], outside: dict[str, str]) -> dict[str, str]:
    return place | outside


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
        "behaviour_config": AT_ONCE,
        "llm_provider_config": {
            "provider_name": "openAi",
            "provider_config": {"model": "gpt-4", "system": SYSTEM},
        },
        **more,
    }
