"""The config of one bot, as `PUT /chatbot` takes it.

Validation is strict: an unknown field, text in place of a number, or a number out of range is refused, and the error
names the field.
"""

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, model_validator

from imposter.contracts.base_model import StrictModel, printable
from imposter.contracts.behaviour import Behaviour, ContactBehaviour, TimeZone
from imposter.contracts.budget import Budget

__all__ = ["BotConfig", "ContactConfig", "Limits", "ModelChoice", "ProviderChoice", "SafetyLimits", "StrictModel"]

DAY_SECONDS = 86_400


def _not_null(value: object) -> object:
    if value is None:
        raise ValueError("must be a list; leave it out to answer everyone, or give [] to answer nobody")
    return value


UserId = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(printable)]
ProviderName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(printable)]
ContactId = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(printable)]
MOST_FALLBACKS = 5
MOST_INSTRUCTIONS = 4_000
"""Characters of the instructions about one contact."""


class Limits(StrictModel):
    """Limits on a queue or a context. The oldest messages are removed first; in a queue, those of the fullest chat."""

    max_messages: int = Field(default=10, ge=1, le=100_000)
    max_characters: int = Field(default=1000, ge=1, le=10_000_000)
    max_days: float = Field(default=1, gt=0, le=3650)
    max_characters_single_message: int | None = Field(
        default=None, ge=1, le=10_000_000, description="A longer message is cut; default: max_characters."
    )

    @model_validator(mode="after")
    def _single_fits(self) -> Self:
        if self.max_characters_single_message is not None and self.max_characters_single_message > self.max_characters:
            raise ValueError("max_characters_single_message must not be larger than max_characters")
        return self

    @property
    def single(self) -> int:
        """The number of characters that one message may have."""
        return self.max_characters_single_message or self.max_characters

    @property
    def max_age_seconds(self) -> float:
        return self.max_days * DAY_SECONDS


class ContextLimits(Limits):
    """Limits on the context that the model sees, wide enough to follow the conversation."""

    max_messages: int = Field(default=40, ge=1, le=100_000)
    max_characters: int = Field(default=12_000, ge=1, le=10_000_000)
    max_days: float = Field(default=30, gt=0, le=3650)


Bound = Annotated[int, Field(ge=1, le=100_000)]


class SafetyLimits(StrictModel):
    """Limits that keep an account from looking automated. null removes a limit."""

    answers_per_minute: Bound | None = Field(default=30, description="All chats together; over it answers wait.")
    answers_per_hour: Bound | None = Field(default=400, description="The same for an hour.")
    answers_per_day: Bound | None = Field(default=2000, description="The same for 24 hours.")
    answers_per_contact_per_minute: Bound | None = Field(default=10, description="In one chat; over it they wait.")
    answers_per_contact_per_hour: Bound | None = Field(default=120, description="The same for an hour.")
    automatic_turns: Bound | None = Field(
        default=3,
        description="So many messages in a row that come faster than a person types, or from another bot of this "
        "server, pause the chat.",
    )
    loop_pause_minutes: float = Field(default=60, gt=0, le=10_080, description="How long such a chat is paused.")
    answer_within_minutes: float | None = Field(
        default=15, gt=0, le=525_600, description="What waited longer is kept but no longer answered."
    )


class ProviderChoice(StrictModel):
    """A provider's name and its settings."""

    provider_name: ProviderName
    provider_config: dict[str, JsonValue] = Field(default_factory=dict)


class ModelChoice(ProviderChoice):
    """A model provider and its fallbacks."""

    fallbacks: list[ProviderChoice] = Field(
        default=[], max_length=MOST_FALLBACKS, description="Asked in this order where the ones before give no answer."
    )


PERSONA = "system"
"""The provider setting that holds the bot's persona."""
ADDRESS = ("preset", "base_url", "api_version", "api_key")
"""Settings that belong together: an API key must only be sent to its own address."""


def inheriting(choice: ProviderChoice, main: ProviderChoice) -> ProviderChoice:
    """Return `choice` with the persona of `main`, and with the address and key of `main` if it sets none of its own.

    This applies only if both use the same provider, because other providers have other settings.
    """
    if choice.provider_name != main.provider_name:
        return choice
    names = [PERSONA, *(() if any(name in choice.provider_config for name in ADDRESS) else ADDRESS)]
    taken = {name: main.provider_config[name] for name in names if name in main.provider_config}
    return choice.model_copy(update={"provider_config": taken | choice.provider_config})


class ContactConfig(ContactBehaviour):
    """Settings for one person or group that differ from the bot's, and instructions to the model about them."""

    name: Annotated[str, Field(min_length=1, max_length=128), AfterValidator(printable)] | None = Field(
        default=None, description="What the owner calls them, for the model."
    )
    instructions: str | None = Field(
        default=None,
        max_length=MOST_INSTRUCTIONS,
        description="What the model is told about them, in their own chat alone.",
    )
    llm_provider_config: ModelChoice | None = Field(
        default=None, description="Another model for them; left out: the bot's."
    )


class BotConfig(StrictModel):
    """The config of one bot."""

    user_id: UserId
    respond_to_whitelist: Annotated[
        list[ContactId] | None,
        BeforeValidator(_not_null, json_schema_input_type=list[ContactId]),
        Field(default=None, max_length=100_000),
    ]
    """The ids that may get an answer: phone numbers, full ids and group ids, compared exactly.

    None (left out): everyone. Empty: nobody."""
    chat_provider_config: ProviderChoice
    queue_config: Limits = Field(default_factory=Limits)
    context_config: ContextLimits | None = None
    """Limits on the conversation that the model sees, including the messages that wait for an answer. Left out: the
    defaults, or the limits of `queue_config` where they are wider.

    Waiting messages are always shown; `queue_config` limits them."""
    limits_config: SafetyLimits = Field(default_factory=SafetyLimits)
    behaviour_config: Behaviour = Field(default_factory=Behaviour)
    contacts: list[ContactConfig] = Field(default=[], max_length=1000)
    """Contacts with their own settings. If several entries name the same conversation, the first one counts."""
    budget_config: Budget | None = None
    """Limits on the model's cost. Left out: tokens are counted, cost is not, and nothing is limited."""
    llm_provider_config: ModelChoice
    time_zone: TimeZone | None = None
    """The owner's time zone, such as Europe/Berlin; left out: the server's."""

    @property
    def stored(self) -> dict[str, Any]:
        """The values that were given, without defaults, because a default may change between versions."""
        return self.model_dump(mode="json", exclude_unset=True)

    @property
    def context_limits(self) -> Limits:
        if self.context_config is not None:
            return self.context_config
        queue, context = self.queue_config, ContextLimits()
        return Limits(
            max_messages=max(queue.max_messages, context.max_messages),
            max_characters=max(queue.max_characters, context.max_characters),
            max_days=max(queue.max_days, context.max_days),
        )

    @property
    def budget(self) -> Budget | None:
        """The budget, with a share for each chat unless only one contact may be answered."""
        budget, listed = self.budget_config, self.respond_to_whitelist
        return budget.shared() if budget is not None and (listed is None or len(listed) > 1) else budget

    def model_towards(self, contact: ContactConfig) -> ModelChoice | None:
        """Return the contact's own model, completed from the bot's; None if the contact uses the bot's."""
        own = contact.llm_provider_config
        if own is None:
            return None
        settings = inheriting(own, self.llm_provider_config).provider_config
        return own.model_copy(update={"provider_config": settings})

    def asks_other_models(self, before: "BotConfig") -> bool:
        """Return whether models must be opened again after a change from the config `before`."""

        def opened(config: BotConfig) -> object:
            others = [(contact.id, contact.llm_provider_config) for contact in config.contacts]
            return config.llm_provider_config, others, config.time_zone, config.behaviour_config.names

        return opened(self) != opened(before)

    @property
    def allow_group_messages(self) -> bool:
        """True only if the chat provider's config has exactly `true`."""
        return self._chat("allow_group_messages") is True

    @property
    def answer_within(self) -> timedelta | None:
        """The age from which a waiting message gets no answer; None: no limit, also with `process_offline_messages`."""
        minutes = self.limits_config.answer_within_minutes
        if minutes is None or self._chat("process_offline_messages") is True:
            return None
        return timedelta(minutes=minutes)

    def _chat(self, name: str) -> Any:
        return self.chat_provider_config.provider_config.get(name)
