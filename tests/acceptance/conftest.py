"""The product from outside: a server that other tests have used and left without bots, or one of the test's own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.product import Product, running
from tests.acceptance.shared_servers import SharedServers
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import AT_ONCE, HASTE

KEY = "sk-canary-model-key-1234567890"
SYSTEM = "You are {user_id}, {keep these braces}."


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """Which database. Whatever uses it runs on both."""
    return str(request.param)


@pytest.fixture
def database(backend: str, request: pytest.FixtureRequest) -> str | None:
    """The URL of an empty database, for a server of the test's own: None is SQLite in its data folder."""
    return None if backend == "sqlite" else str(request.getfixturevalue("postgres_database"))


@pytest.fixture
def place(database: str | None) -> dict[str, str]:
    """What tells a server its database."""
    return {"IMPOSTER_DATABASE_URL": database} if database else {}


@pytest.fixture
def outside(network: WhatsAppNetwork, model: ModelServer) -> dict[str, str]:
    """What tells a server of the world around it."""
    return {"NODE_OPTIONS": network.node_options, "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": KEY}


@pytest.fixture
def environment(place: dict[str, str], outside: dict[str, str]) -> dict[str, str]:
    return place | outside


@pytest.fixture
async def product(shared_servers: SharedServers, backend: str, outside: dict[str, str]) -> AsyncIterator[Product]:
    """A server without bots. Others have used it: what is found in its files and its log may be of their tests."""
    async with shared_servers.lend(backend, outside) as product:
        yield product


@pytest.fixture
async def own_product(tmp_path: Path, environment: dict[str, str]) -> AsyncIterator[Product]:
    """A server that nobody has used."""
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
