"""What the benchmarks share: a server to measure, its bots, and people who link and talk."""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from tests.acceptance.product import ROOT, Product
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import HASTE

PATIENCE = 120.0
"""Seconds after which a fact that does not come true ends the run."""
POLL_SECONDS = 0.002

Config = dict[str, Any]
T = TypeVar("T")

_numbers = count(4915200000001)

FAKE_MODEL = {"provider_name": "fakeLlm", "provider_config": {}}
OPENAI_MODEL = {"provider_name": "openAi", "provider_config": {"model": "gpt-4", "system": "You are {user_id}."}}
NO_LIMITS = {**HASTE, "answer_within_minutes": None}
"""A limits_config that holds nothing up: what is measured here talks faster than people."""
AT_ONCE = {"debounce_seconds": 0, "pace": "off", "takeover_minutes": 0, "group_trigger": "always"}
"""A behaviour_config that neither waits nor takes its time, which would be all that is measured."""


def phone() -> str:
    """The number of a phone that nobody else has."""
    return str(next(_numbers))


def bot(user_id: str, chat: Mapping[str, Any], model: Mapping[str, Any] = FAKE_MODEL, **more: Any) -> Config:
    return {
        "user_id": user_id,
        "chat_provider_config": chat,
        "llm_provider_config": model,
        "limits_config": NO_LIMITS,
        "behaviour_config": AT_ONCE,
        **more,
    }


def whatsapp_bot(user_id: str, model: Mapping[str, Any] = FAKE_MODEL, **more: Any) -> Config:
    return bot(user_id, {"provider_name": "whatsAppBaileyes", "provider_config": {}}, model, **more)


def dummy_bot(user_id: str, dummy: Mapping[str, Any], model: Mapping[str, Any] = FAKE_MODEL, **more: Any) -> Config:
    """`dummy` is the provider's own config."""
    return bot(user_id, {"provider_name": "dummy", "provider_config": dummy}, model, **more)


@asynccontextmanager
async def server(environment: Mapping[str, str] | None = None) -> AsyncIterator[Product]:
    """The product, ready, as it runs in production; afterwards it and its data are gone."""
    async with folder() as place:
        product = Product(place, {"IMPOSTER_LOG_LEVEL": "info", **(environment or {})})
        try:
            await product.start()
            yield product
        finally:
            await product.stop()
            await product.kill()
            await product.api.aclose()


@asynccontextmanager
async def folder() -> AsyncIterator[Path]:
    """On the disk that the checkout is on, where a flush costs what it costs there."""
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=build) as place:
        yield Path(place)


@asynccontextmanager
async def model_server() -> AsyncIterator[str]:
    """The fake model in a process of its own, so that its work is not on the benchmark's loop. Gives its base URL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.model_server", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())["base_url"]
    finally:
        process.terminate()
        await process.wait()


def model_environment(base_url: str) -> dict[str, str]:
    return {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "sk-not-a-real-key-of-anyone"}


async def link(product: Product, network: WhatsAppNetwork, config: Config) -> tuple[str, str]:
    """Put this bot and have a phone of its own scan its QR. Gives the instance id and the phone."""
    [instance_id] = await product.put(config)
    number = phone()
    await network.scan(await product.qr(instance_id), number)
    await product.until_status(instance_id, "connected")
    return instance_id, number


async def until(ask: Callable[[], Awaitable[T]], holds: Callable[[T], bool], every: float = POLL_SECONDS) -> T:
    """The first answer that is as wanted. Raises: TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while not holds(answer := await ask()):  # noqa: ASYNC110 - the facts come from another process
            await asyncio.sleep(every)
        return answer


class Stopwatch:
    """Runs from its making on."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began
