"""The providers, models and rules of a bot, created from its config."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from imposter.contracts.chat import ChatContext, Shared
from imposter.contracts.config import BotConfig, ModelChoice, ProviderChoice, inheriting
from imposter.contracts.errors import FieldProblem, ImposterError, InvalidConfig
from imposter.contracts.model import ModelContext
from imposter.logs import trace_of
from imposter.runtime.policy.eligibility import EligibilityPolicy
from imposter.runtime.providers.chat_adapter import ChatAdapter, canonical_ids, has_own_chat
from imposter.runtime.providers.discovery import Catalog, ProviderFile, ProviderKind
from imposter.runtime.providers.model_adapter import ModelAdapter
from imposter.runtime.providers.model_selection import ModelChain, ModelSelection

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ProviderFactory:
    """A factory of providers, models and rules, which uses the provider files of this server."""

    catalog: Catalog
    shared: Shared
    model_calls_at_once: int
    now: Callable[[], datetime]

    def chat_file(self, config: BotConfig) -> ProviderFile:
        return self.catalog.find(ProviderKind.CHAT, config.chat_provider_config.provider_name)

    def rules(self, config: BotConfig) -> EligibilityPolicy:
        """Create the rules of a bot. Raises: InvalidConfig."""
        file = self.chat_file(config)
        try:
            return EligibilityPolicy.of(config, canonical_ids(file), own_chat=has_own_chat(file))
        except Exception as error:  # noqa: BLE001 - a provider's own spelling of ids may raise anything
            told = f"the provider cannot read an entry: {type(error).__name__}"
            raise InvalidConfig(FieldProblem("respond_to_whitelist", told)) from None

    async def open_chat(self, config: BotConfig, queue: object, context: ChatContext) -> ChatAdapter:
        """Open the chat provider. Raises: any error of the provider's constructor."""
        choice = dict(config.chat_provider_config.provider_config)
        return await ChatAdapter.open(self.chat_file(config), config.user_id, choice, {config.user_id: queue}, context)

    async def new_models(self, instance_id: str, config: BotConfig) -> ModelSelection:
        """Open the models for a config that is new. If the budget limits money, the price of each model must be known.

        Raises: InvalidConfig.
        """
        models = await self.open_models(instance_id, config)
        budget = config.budget_config
        if budget is not None and budget.bounds_money and (name := await models.unpriced(budget)) is not None:
            example = f'{{"{name}": {{"input": 2.5, "output": 10}}}}'
            told = f"must say what a million tokens of {name} cost, which no price list knows: {example}, 0 for nothing"
            raise InvalidConfig(FieldProblem("budget_config.prices", told))
        return models

    async def open_models(self, instance_id: str, config: BotConfig) -> ModelSelection:
        """Open the models of a stored config. Raises: InvalidConfig."""
        others: dict[str, ModelChain] = {}
        for place, contact in enumerate(config.contacts):
            if (choice := config.model_towards(contact)) is not None:
                field = f"contacts.{place}.llm_provider_config"
                others[contact.id] = await self.open_model(instance_id, config, choice, field)
        return ModelSelection(await self.open_model(instance_id, config, config.llm_provider_config), others)

    async def open_model(
        self, instance_id: str, config: BotConfig, choice: ModelChoice, field: str = "llm_provider_config"
    ) -> ModelChain:
        """Open a model and its fallbacks. Raises: InvalidConfig (naming `field`, the path of the choice)."""
        ports = [await self.open_port(instance_id, config, choice, field)]
        for place, other in enumerate(choice.fallbacks):
            other = inheriting(other, choice)
            ports.append(await self.open_port(instance_id, config, other, f"{field}.fallbacks.{place}"))
        return ModelChain(ports)

    async def open_port(
        self, instance_id: str, config: BotConfig, choice: ProviderChoice, field: str = "llm_provider_config"
    ) -> ModelAdapter:
        """Open one model without its fallbacks. Raises: InvalidConfig."""
        file = self.catalog.find(ProviderKind.MODEL, choice.provider_name)
        zone = None if config.time_zone is None else ZoneInfo(config.time_zone)
        context = ModelContext(instance_id, self.shared, lambda: self.now().astimezone(zone))
        settings, names = dict(choice.provider_config), config.behaviour_config.names
        try:
            return await ModelAdapter.open(file, config.user_id, settings, context, self.model_calls_at_once, names)
        except Exception as error:  # noqa: BLE001 - any error of a constructor means that it refused the config
            if not isinstance(error, ImposterError):
                log.error("model provider was not made", bot=instance_id, provider=file.name, **trace_of(error))
            told = str(error) if isinstance(error, ImposterError) else f"{type(error).__name__}, see the server's log"
            raise InvalidConfig(FieldProblem(field, f"the provider refused it: {told}")) from None
