"""What a model provider is: `__init__(user_id, config)` and `reply(turns) -> text or Answer`, plain or async.

One file in `llm_providers/`. A plain method runs in a thread of its own. The system prompt is part of `config`
and the provider's business; `{user_id}` in it stands for the bot's user_id, other braces stay as they are.
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
"""Characters, about six pages. A longer one is none that anybody would send in a chat, and counts as failed."""
LONGEST_SUMMARY = 2_000
"""Characters."""
UNSURE = "[[unsure]]"
"""A model that writes this in its answer, however it spells it, doubts it, as `Answer.unsure` says; nobody gets to see
the marker."""
BINDS = "[[binds]]"
"""In the same way, for an answer that would bind its owner to what they have not settled: `Answer.binds`."""


class ModelProvider(Protocol):
    def __init__(self, user_id: str, config: dict[str, Any]) -> None: ...

    def reply(self, turns: Sequence[Turn]) -> Awaitable[str | Answer] | str | Answer:
        """The answer to the last turn, which is a contact's; the ones before it are the conversation so far.

        An empty text means silence; one over LONGEST_ANSWER is a failed call. Raises: ModelUnavailable (will be tried
        again), ModelRefused (will not).
        Any other exception counts as ModelRefused. An attribute `deadline` (seconds) says how long one call may
        take in all; without it the core waits two minutes. One called `address` (its server's URL) says whose prices
        the price list is asked for; without it a budget knows only the prices in its config. What a call took that
        ended with a ModelError may stand in the error's `spent`.
        """


@dataclass(frozen=True)
class ModelContext:
    """What a model provider with the ability `attach(context)` is handed, once, before the first `reply`."""

    instance_id: str
    shared: Shared
    now: Callable[[], datetime] | None = None
    """The time of day where the owner is; None: not known."""


@runtime_checkable
class AttachesModel(Protocol):
    def attach(self, context: ModelContext) -> None: ...


@dataclass(frozen=True, slots=True)
class Private:
    """What a model or its vendor is told and no contact may read: an answer that repeats it goes to the owner."""

    instructions: tuple[str, ...] = field(default=(), repr=False)
    """Such as the system prompt."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Such as keys."""


@runtime_checkable
class TellsPrivate(Protocol):
    def private(self) -> Private:
        """Asked once, after `attach`."""
        ...


@dataclass(frozen=True, slots=True)
class Example:
    """What was written to the owner once, and what they answered: in the chat that is answered, and in no other."""

    asked: str = field(repr=False)
    answered: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Guidance:
    """How the owner of the account writes, so that the model can write as they do."""

    style: str = field(repr=False)
    """For its instructions: sentences of ours, in which nothing is quoted that a contact wrote."""
    examples: tuple[Example, ...] = ()
    """Contacts' words are in them: they are to be shown as data, never as instructions."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom the answer goes to: a person, or a group."""

    name: str = field(default="", repr=False)
    """What the owner calls them, in the bot's config or in their address book: the owner's word."""
    own_name: str = field(default="", repr=False)
    """What they call themselves, or their members a group: anybody's word, to be shown as data."""
    is_group: bool = False
    instructions: str = field(default="", repr=False)
    """What the owner told the bot about them: the owner's word, and about nobody else."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked, and all that is known around it."""

    turns: Sequence[Turn]
    guidance: Guidance | None = None
    """None: too little is known of how the owner writes."""
    contact: Contact | None = None
    summary: str = field(default="", repr=False)
    """What was said before the first turn, in a model's words: to be shown as data."""


@runtime_checkable
class TakesPrompt(Protocol):
    def reply_to(self, prompt: Prompt) -> Awaitable[str | Answer] | str | Answer:
        """As `reply` to `prompt.turns`; asked in its place."""
        ...


@runtime_checkable
class Summarises(Protocol):
    def summarise(self, turns: Sequence[Turn], before: str) -> Awaitable[str | Answer] | str | Answer:
        """What was said in `turns`, and in what `before` sums up, in at most LONGEST_SUMMARY characters.

        Raises as `reply` does.
        """
        ...


@dataclass(frozen=True, slots=True)
class Judgement:
    """`binds`: the answer would bind its owner. `spent`: what it took to say so, as an answer without a text."""

    binds: bool
    spent: Answer | None = None


@runtime_checkable
class Judges(Protocol):
    def judge(self, turns: Sequence[Turn], answer: str) -> Awaitable[Judgement] | Judgement:
        """Whether `answer` promises or tells what stands nowhere in `turns`, or says yes to what the owner left open.

        Raises as `reply` does; then the answer waits for its owner.
        """
        ...


MOST_MODELS = 1_000
"""Of a server's list; what is beyond is left out."""


@runtime_checkable
class ListsModels(Protocol):
    def models(self) -> Awaitable[Sequence[str]] | Sequence[str]:
        """The names of the models that its server has, for somebody to choose from: MOST_MODELS at most are shown.

        Where `model` in its config is not chosen yet, the provider was made with UNCHOSEN in its place. Raises as
        `reply` does.
        """
        ...


UNCHOSEN = "not-chosen-yet"


@dataclass(frozen=True, slots=True)
class Preset:
    """A service that a provider knows: what is to be filled in for it. What is not known is None or empty."""

    name: str
    """What stands in `preset` of the config."""
    title: str
    base_url: str
    """Where it is asked; with `{` in it a pattern, in whose place the user writes their own address."""
    key_url: str = ""
    """Where to get a key."""
    needs_key: bool = True
    system: bool | None = None
    """Whether a message of the role `system` is taken; None: it depends on the model."""
    highest_temperature: float | None = None
    max_tokens: str = ""
    """How the bound on an answer's tokens is called."""
    notes: str = ""

    @property
    def is_pattern(self) -> bool:
        return "{" in self.base_url


@runtime_checkable
class HasPresets(Protocol):
    """Its `Config` has a field `preset`, which takes their names, and `base_url`, for which one stands."""

    @classmethod
    def presets(cls) -> Sequence[Preset]: ...


@dataclass(frozen=True, slots=True)
class NotTaken:
    """What a model's server does not take: a setting, or `system`, the role of a message."""

    name: str
    told: str
    """What is done instead, in a sentence for the owner."""
    sent_as: str | None = None
    """The setting's other name, where it is sent under that."""


@runtime_checkable
class TellsNotTaken(Protocol):
    def not_taken(self) -> Sequence[NotTaken]:
        """What its server has refused since the provider was made. Asked at any time."""
        ...


def fill_in(template: str, *, user_id: str) -> str:
    """`template` with `{user_id}` replaced; not `str.format`, which would choke on any other brace."""
    return template.replace("{user_id}", user_id)
