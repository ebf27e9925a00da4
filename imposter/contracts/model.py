"""The interface of a model provider: `__init__(user_id, config)` and `reply(turns) -> text or Answer`.

A provider is one file in `llm_providers/`. `reply` may be plain or async; a plain method runs in its own thread. The
system prompt is part of `config` and the provider applies it. `{user_id}` in it stands for the bot's user_id; all
other braces stay as they are.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from imposter.contracts.answer import LONGEST_NAME as LONGEST_NAME
from imposter.contracts.answer import Answer as Answer
from imposter.contracts.chat import Shared
from imposter.contracts.messages import Turn

LONGEST_ANSWER = 16_384
"""Characters, about six pages. Nobody sends a longer answer in a chat, so it counts as a failed call."""
LONGEST_SUMMARY = 2_000
"""Characters of a conversation's summary."""
UNSURE = "[[unsure]]"
"""A model writes this marker, in any spelling, where it doubts its answer. It sets `Answer.unsure` and is removed from
the text."""
BINDS = "[[binds]]"
"""The same kind of marker for an answer that would commit the owner to something unsettled: it sets `Answer.binds`."""


class ModelProvider(Protocol):
    def __init__(self, user_id: str, config: dict[str, Any]) -> None: ...

    def reply(self, turns: Sequence[Turn]) -> Awaitable[str | Answer] | str | Answer:
        """Return the answer to the last turn, which is a contact's. The earlier turns are the conversation so far.

        An empty text means that the bot stays silent. A text over LONGEST_ANSWER counts as a failed call.

        Raises: ModelUnavailable (the call is tried again), ModelRefused (it is not). Any other exception counts as
        ModelRefused. A ModelError may report the tokens of the failed call in its `spent`.

        Two optional attributes: `deadline` is the time limit of one call in seconds (default: two minutes). `address`
        is the server's URL, by which prices are looked up in the price list; without it, a budget knows only the
        prices in its config.
        """


@dataclass(frozen=True)
class ModelContext:
    """Values passed once, before the first `reply`, to a model provider that has the ability `attach(context)`."""

    instance_id: str
    shared: Shared
    now: Callable[[], datetime] | None = None
    """Returns the owner's local time; None if it is not known."""


@runtime_checkable
class AttachesModel(Protocol):
    def attach(self, context: ModelContext) -> None: ...


@dataclass(frozen=True, slots=True)
class Private:
    """Texts that no contact may read. An answer that repeats one of them is held for the owner."""

    instructions: tuple[str, ...] = field(default=(), repr=False)
    """Texts such as the system prompt."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Texts such as API keys."""


@runtime_checkable
class TellsPrivate(Protocol):
    def private(self) -> Private:
        """Return the private texts. Called once, after `attach`."""
        ...


@dataclass(frozen=True, slots=True)
class Example:
    """An earlier question to the owner and their reply, from the chat that is being answered and no other."""

    asked: str = field(repr=False)
    answered: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Guidance:
    """A description of how the owner writes, so that the model can imitate it."""

    style: str = field(repr=False)
    """Sentences for the model's instructions. They are ours and quote nothing that a contact wrote."""
    examples: tuple[Example, ...] = ()
    """Examples with contacts' words in them: show them as data, never as instructions."""


@dataclass(frozen=True, slots=True)
class Contact:
    """The recipient of the answer: a person or a group."""

    name: str = field(default="", repr=False)
    """The name from the bot's config or the owner's address book. It comes from the owner and can be trusted."""
    own_name: str = field(default="", repr=False)
    """The name that the contact, or a group's members, chose. It is untrusted: show it as data."""
    is_group: bool = False
    instructions: str = field(default="", repr=False)
    """The owner's instructions about this contact, from the config. They come from the owner and can be trusted."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request to a model: the turns and everything known about them."""

    turns: Sequence[Turn]
    guidance: Guidance | None = None
    """None if too little is known about how the owner writes."""
    contact: Contact | None = None
    summary: str = field(default="", repr=False)
    """A model's summary of the conversation before the first turn: show it as data."""


@runtime_checkable
class TakesPrompt(Protocol):
    def reply_to(self, prompt: Prompt) -> Awaitable[str | Answer] | str | Answer:
        """Return the answer to `prompt.turns`. Called in place of `reply`, with the same results and errors."""
        ...


@runtime_checkable
class Summarises(Protocol):
    def summarise(self, turns: Sequence[Turn], before: str) -> Awaitable[str | Answer] | str | Answer:
        """Return a summary of `turns` and of the earlier summary `before`, in at most LONGEST_SUMMARY characters.

        Raises: the same errors as `reply`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Judgement:
    """A model's verdict on an answer.

    `binds` says whether the answer would commit the owner. `spent` holds the tokens of the check; its text is empty.
    """

    binds: bool
    spent: Answer | None = None


@runtime_checkable
class Judges(Protocol):
    def judge(self, turns: Sequence[Turn], answer: str) -> Awaitable[Judgement] | Judgement:
        """Return whether `answer` commits the owner.

        An answer does so if it states or promises something that is not in `turns`, or agrees to something that the
        owner left open.

        Raises: the same errors as `reply` (the answer is then held for the owner).
        """
        ...


MOST_MODELS = 1_000
"""Models of one server that are listed; the rest is left out."""


@runtime_checkable
class ListsModels(Protocol):
    def models(self) -> Awaitable[Sequence[str]] | Sequence[str]:
        """Return the names of the server's models, for a user to choose from. At most MOST_MODELS are shown.

        If the config has no `model` yet, the provider is constructed with UNCHOSEN in its place.

        Raises: the same errors as `reply`.
        """
        ...


UNCHOSEN = "not-chosen-yet"


@dataclass(frozen=True, slots=True)
class Preset:
    """A known model service with the settings to fill in for it. Unknown values are None or empty."""

    name: str
    """The value of `preset` in the config."""
    title: str
    base_url: str
    """The service's URL. A `{` in it marks a pattern that the user replaces with their own address."""
    key_url: str = ""
    """The page where a user gets an API key."""
    needs_key: bool = True
    system: bool | None = None
    """Whether messages with the role `system` are accepted; None if it depends on the model."""
    highest_temperature: float | None = None
    max_tokens: str = ""
    """The name of the setting that limits the tokens of an answer."""
    notes: str = ""

    @property
    def is_pattern(self) -> bool:
        return "{" in self.base_url


@runtime_checkable
class HasPresets(Protocol):
    """A provider with presets. Its `Config` has the fields `preset` (a preset's name) and `base_url`."""

    @classmethod
    def presets(cls) -> Sequence[Preset]: ...


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A setting, or the message role `system`, that a model's server does not accept."""

    name: str
    told: str
    """A sentence for the owner about what is done instead."""
    sent_as: str | None = None
    """The other name under which the setting is sent, if there is one."""


@runtime_checkable
class TellsNotTaken(Protocol):
    def not_taken(self) -> Sequence[NotTaken]:
        """Return the settings that the server has refused since the provider was made. May be called at any time."""
        ...


def fill_in(template: str, *, user_id: str) -> str:
    """Return `template` with `{user_id}` filled in.

    `str.format` is not used because it fails on any other brace.
    """
    return template.replace("{user_id}", user_id)
