"""One real question to the model that a config names, before anybody depends on it."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from imposter.contracts.chat import Shared
from imposter.contracts.config import BotConfig
from imposter.contracts.errors import ImposterError, ModelRefused, ModelUnavailable
from imposter.contracts.messages import Source, Turn
from imposter.contracts.model import Answer, Prompt
from imposter.logs import trace_of
from imposter.runtime.discovery import Catalog
from imposter.runtime.parts import Parts

log = structlog.get_logger()

QUESTION = "Hi, how are you?"
DEADLINE = 45.0
"""Seconds; somebody looks at a button."""


async def try_model(catalog: Catalog, shared: Shared, config: BotConfig, now: Callable[[], datetime]) -> Answer:
    """What the model says to QUESTION. Raises: InvalidConfig, ModelError; with a sentence for the owner."""
    model = await Parts(catalog, shared, 1, now).open_model("trial", config, config.llm_provider_config)

    async def took(answer: Answer, address: str | None) -> None:
        """No bot pays for it."""

    try:
        async with asyncio.timeout(DEADLINE):
            return (await model.reply(Prompt([Turn(Source.CONTACT, QUESTION)]), took)).answer
    except TimeoutError:
        raise ModelUnavailable(f"The model said nothing for {DEADLINE:.0f} s.") from None
    except ImposterError:
        raise
    except Exception as error:  # noqa: BLE001 - a provider may raise anything; whoever asked is told its name
        log.error("a model that was tried failed", provider=config.llm_provider_config.provider_name, **trace_of(error))
        raise ModelRefused(
            f"The model's provider failed ({type(error).__name__}); the server's log says more."
        ) from None
