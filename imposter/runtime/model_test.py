"""A test of the model in a config: it is asked the questions of a chat before a bot depends on it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog

from imposter.behaviour.guard.leaks import Leak
from imposter.contracts.budget import Budget
from imposter.contracts.chat import Shared
from imposter.contracts.config import BotConfig, ModelChoice, ProviderChoice
from imposter.contracts.errors import InvalidConfig, ModelError, ModelRefused, ModelUnavailable, NotSupported
from imposter.contracts.messages import Source, Turn
from imposter.contracts.model import UNCHOSEN, Answer, NotTaken, Prompt
from imposter.contracts.url_guard import AddressGuard
from imposter.logs import trace_of
from imposter.runtime.costs.pricing import Pricing, TokenCount
from imposter.runtime.model_test_report import Judged, ModelTest
from imposter.runtime.provider_factory import ProviderFactory
from imposter.runtime.providers.config_validation import ReadSecret, check_model
from imposter.runtime.providers.discovery import Catalog, ProviderFile, ProviderKind
from imposter.runtime.providers.model_adapter import ModelAdapter
from imposter.runtime.providers.model_selection import ModelChain

log = structlog.get_logger()

DEADLINE = 45.0
"""Seconds for the whole test; its user is waiting in front of the page."""
MOST_QUESTIONS = 2
"""One for the answer, and one more: for the answer again if the model only reasoned, otherwise for a judgement."""
HARMLESS = "I am fine, thank you. How are you?"
"""An answer that commits the owner to nothing: a judge should let it pass."""

_SAID = (
    (Source.CONTACT, 3600.0, "Hi, did you see my message from yesterday?"),
    (Source.BOT, 3590.0, "Hi! Yes, I saw it."),
    (Source.OWNER, 3000.0, "I will read it properly tonight."),
    (Source.CONTACT, 9.0, "great, thanks"),
    (Source.CONTACT, 5.0, "how are you?"),
    (Source.CONTACT, 2.0, "and do you still know the number of my hotel room?"),
)
"""Author, age in seconds and text of each message. The last ones form one burst. The model does not know the number."""
BURST = tuple(text for _, ago, text in _SAID if ago < 60)


def conversation(now: datetime) -> list[Turn]:
    """Return the conversation that the model is shown."""
    return [Turn(source, text, said_at=now - timedelta(seconds=ago)) for source, ago, text in _SAID]


def config_of_model(
    choice: ProviderChoice, catalog: Catalog, secret: ReadSecret, addresses: AddressGuard, **more: Any
) -> BotConfig:
    """Return a bot's config in which only the model matters. Raises: InvalidConfig."""
    check_model(choice, catalog, secret, addresses)
    nobody = {"user_id": "me", "chat_provider_config": ProviderChoice(provider_name="none")}
    model = ModelChoice(provider_name=choice.provider_name, provider_config=choice.provider_config)
    return BotConfig(**{**nobody, "llm_provider_config": model, **more})


def with_some_model(choice: ProviderChoice, catalog: Catalog) -> ProviderChoice:
    """Return the choice with a placeholder for the model if none is chosen yet. Raises: InvalidConfig."""
    wants = catalog.find(ProviderKind.MODEL, choice.provider_name).config_model
    if wants is None or "model" not in wants.model_fields or choice.provider_config.get("model"):
        return choice
    return choice.model_copy(update={"provider_config": {**choice.provider_config, "model": UNCHOSEN}})


async def list_models(
    catalog: Catalog, shared: Shared, choice: ProviderChoice, now: Callable[[], datetime]
) -> list[str]:
    """Return the models of the server that `choice` names. Raises: InvalidConfig, NotSupported, ModelError."""
    some = with_some_model(choice, catalog)
    config = config_of_model(some, catalog, shared.secret, shared.addresses)
    model = await ProviderFactory(catalog, shared, 1, now).open_port("trial", config, config.llm_provider_config)
    async with _in_time(catalog.find(ProviderKind.MODEL, choice.provider_name), DEADLINE):
        return await model.models()


async def try_model(catalog: Catalog, shared: Shared, config: BotConfig, now: Callable[[], datetime]) -> ModelTest:
    """Test the model of a config. Raises: InvalidConfig."""
    file = catalog.find(ProviderKind.MODEL, config.llm_provider_config.provider_name)
    model = await ProviderFactory(catalog, shared, 1, now).open_port("trial", config, config.llm_provider_config)
    turns, loop = conversation(now()), asyncio.get_running_loop()
    begun = loop.time()
    try:
        async with _in_time(file, DEADLINE):
            answer = await model.reply(Prompt(turns))
    except ModelError as error:
        return ModelTest(error=str(error), not_taken=_not_taken(model), **await _spent(config, model, error.spent))
    seconds = loop.time() - begun
    judged, spent = await _judged(file, model, turns, DEADLINE - seconds)
    leak = ModelChain([model]).leaks.of(answer.text, [turn.content for turn in turns if turn.source is Source.BOT])
    return ModelTest(
        # An answer with secrets must not be shown on the page either.
        answer="" if leak is Leak.SECRET else answer.text.strip(),
        leaks=leak is not None,
        model=answer.model,
        seconds=seconds,
        unsure=answer.unsure,
        machinery=answer.machinery,
        reasoned=answer.reasoned,
        not_taken=_not_taken(model),
        told=answer.told,
        judged=judged,
        **await _spent(config, model, answer, spent),
    )


async def _judged(
    file: ProviderFile, model: ModelAdapter, turns: list[Turn], seconds: float
) -> tuple[Judged, Answer | None]:
    """Check that the model judges a harmless answer correctly. Also return the tokens that the judgement took."""
    if not model.judges:
        return Judged.CANNOT, None
    if model.questions >= MOST_QUESTIONS or seconds <= 0:
        return Judged.NOT_ASKED, None
    try:
        async with _in_time(file, seconds):
            judgement = await model.judge(turns, HARMLESS)
    except ModelError as error:
        return Judged.FAILED, error.spent
    return Judged.WRONGLY if judgement.binds else Judged.RIGHTLY, judgement.spent


async def _spent(config: BotConfig, model: ModelAdapter, *answers: Answer | None) -> dict[str, Any]:
    """Return the tokens of a test and their cost, as far as they are known."""
    budget = config.budget_config or Budget()
    prices = Pricing(budget, model.address)
    spent = [answer for answer in answers if answer is not None]
    counted: dict[str, Any] = {"currency": budget.currency}
    for name in ("prompt_tokens", "completion_tokens"):
        tokens = [getattr(answer, name) for answer in spent]
        counted[name] = None if not tokens or None in tokens else sum(tokens)
    costs = [
        await prices.cost(
            answer.model, TokenCount(answer.prompt_tokens, answer.completion_tokens, answer.cached_tokens)
        )
        for answer in spent
    ]
    counted["cost"] = None if not costs or None in costs else sum(filter(None, costs))
    known = [await prices.cost(answer.model, TokenCount(1, 1)) for answer in spent[:1]]
    counted["price_known"] = bool(known) and known[0] is not None
    return counted


def _not_taken(model: ModelAdapter) -> tuple[NotTaken, ...]:
    try:
        return tuple(model.not_taken)
    except Exception as error:  # noqa: BLE001 - a provider may raise anything, and the test itself succeeded
        log.error("a provider could not tell what its server does not take", **trace_of(error))
        return ()


@asynccontextmanager
async def _in_time(file: ProviderFile, seconds: float) -> AsyncIterator[None]:
    """Limit a call to `seconds`. Raises: InvalidConfig, NotSupported, ModelError (any other error, and the timeout)."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise ModelUnavailable(f"The model said nothing for {seconds:.0f} s.") from None
    except (InvalidConfig, ModelError, NotSupported):
        raise
    except Exception as error:  # noqa: BLE001 - a provider may raise anything; the caller is told the error's type
        log.error("a model that was tried failed", provider=file.name, **trace_of(error))
        raise ModelRefused(
            f"The model's provider failed ({type(error).__name__}); the server's log says more."
        ) from None
