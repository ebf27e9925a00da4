"""Settings for a bot's behaviour: when it answers, how fast, and how much it does without the owner's approval.

A bot has one set of these fields. An entry in `contacts` can override any of them for one person or group.
"""

from datetime import time
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from imposter.contracts.base_model import StrictModel, printable
from imposter.contracts.model import LONGEST_ANSWER


class Autonomy(StrEnum):
    """How much a bot does with a contact without the owner's approval. A config with another value is refused."""

    OFF = "off"
    """Treat the contact as if the whitelist excluded them: none of their messages becomes context."""
    OBSERVE = "observe"
    """Read, and never answer."""
    DRAFT = "draft"
    """Propose each answer to the owner and send the answers that they approve."""
    AUTO_IN_HOURS = "auto_in_hours"
    """Act as `auto` within the active hours and as `draft` outside them."""
    AUTO = "auto"


class Pace(StrEnum):
    HUMAN = "human"
    OFF = "off"


class GroupTrigger(StrEnum):
    """Which messages of a group get an answer."""

    MENTION = "mention"
    """Messages that mention the account, reply to it, or contain one of `names`."""
    ALWAYS = "always"
    NEVER = "never"


class Outside(StrEnum):
    """The handling of messages that arrive outside the active hours."""

    WAIT = "wait"
    SILENT = "silent"


class AskedIfBot(StrEnum):
    """The reply to a contact who asks whether they are talking to a machine."""

    DEFLECT = "deflect"
    """Reply with a light sentence that says neither yes nor no. A second question is handled as `hand_over`."""
    HONEST = "honest"
    """Reply with a sentence that admits it."""
    HAND_OVER = "hand_over"
    """Give no answer: the owner is told, and the bot is silent in the chat until they resume it."""


class Unseen(StrEnum):
    """The handling of messages with content that no model is shown, such as a voice note or a picture."""

    DRAFT = "draft"
    """Hold the answer for the owner's approval."""
    SILENT = "silent"
    """Give no answer."""
    ANSWER = "answer"
    """Send the answer; the model is told which content it has not seen."""


class MissedCall(StrEnum):
    """The handling of missed calls."""

    ANSWER = "answer"
    DRAFT = "draft"
    IGNORE = "ignore"


class Guard(StrEnum):
    """The handling of answers that would commit the owner to something unsettled."""

    DRAFT = "draft"
    """Hold the answer for the owner's approval."""
    LET_ME_CHECK = "let_me_check"
    """Hold the answer, and tell the contact meanwhile that it is being looked into."""
    OFF = "off"
    """Send the answer."""


Word = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(printable)]


def _lettered(text: str) -> str:
    if not any(character.isalnum() for character in text):
        raise ValueError("must hold a letter or a figure: texts are compared by those alone")
    return text


Term = Annotated[Word, AfterValidator(_lettered)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        known = False
    else:
        known = name not in ("localtime", "posixrules", "Factory")  # their meaning differs from machine to machine
    if not known:
        raise ValueError("must be a time zone of the IANA's list, such as Europe/Berlin")
    return name


TimeZone = Annotated[str, AfterValidator(_time_zone)]


def _clock_time(value: object) -> object:
    """Parse a time of day such as 08:30. JSON has no time type; this is the shortest form of ISO 8601."""
    try:
        if isinstance(value, str) and len(value) == 5:
            return time.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError("must be a time of day such as 08:30")


def _shown(value: time) -> str:
    return value.strftime("%H:%M")


TimeOfDay = Annotated[time, BeforeValidator(_clock_time, json_schema_input_type=str), PlainSerializer(_shown)]


class ActiveHours(StrictModel):
    """The hours in which answers are given.

    An `end` before `start` is on the next day; equal times mean the whole day.
    """

    time_zone: TimeZone
    start: TimeOfDay
    end: TimeOfDay
    days: Annotated[list[Weekday], Field(min_length=1)] = Field(
        default=[*WEEK], description="Those on which the hours begin."
    )
    outside: Annotated[Outside, Field(strict=False)] = Field(
        default=Outside.WAIT, description="`wait` answers when the hours begin, `silent` never."
    )


class Behaviour(StrictModel):
    """Behaviour settings. The defaults are cautious."""

    debounce_seconds: float = Field(
        default=2.5, ge=0, le=60, description="Messages no further apart get one answer; 0 turns it off."
    )
    debounce_max_seconds: float = Field(
        default=10, ge=0, le=600, description="Longest wait for somebody who goes on writing."
    )
    pace: Annotated[Pace, Field(strict=False)] = Field(
        default=Pace.HUMAN, description="`human` reads, types and sends in pieces; `off` answers at once."
    )
    active_hours: ActiveHours | None = Field(default=None, description="Left out: always.")
    takeover_minutes: float = Field(
        default=30,
        ge=0,
        le=10_080,
        description="Silence in a chat after its owner wrote there themselves; 0 turns it off.",
    )
    autonomy: Annotated[Autonomy, Field(strict=False)] = Autonomy.AUTO
    group_trigger: Annotated[GroupTrigger, Field(strict=False)] | None = Field(
        default=None,
        description="Left out: `always` where the whitelist names the sender or group, else `mention`.",
    )
    names: Annotated[list[Term], Field(max_length=20)] = Field(
        default=[], description="What the owner is called in groups; each counts as a mention, as a whole word."
    )

    draft_minutes: float = Field(
        default=60, ge=1, le=10_080, description="How long a draft waits for its owner before it is dropped."
    )
    asked_if_bot: Annotated[AskedIfBot, Field(strict=False)] = Field(
        default=AskedIfBot.HAND_OVER, description="What somebody gets who asks whether they are talking to a machine."
    )
    guard: Annotated[Guard, Field(strict=False)] = Field(
        default=Guard.DRAFT,
        description="What becomes of an answer that promises money, a time, a place, a meeting or a fact "
        "which stands nowhere in the conversation.",
    )
    guard_judge: bool = Field(
        default=False, description="Have the model look at each answer once more that the guard's rules let pass."
    )
    unseen: Annotated[Unseen, Field(strict=False)] = Field(
        default=Unseen.DRAFT,
        description="What becomes of a message with a voice note, a picture or another file, which the model is not "
        "shown: `draft` asks the owner, `silent` gives no answer, `answer` answers the rest.",
    )
    missed_call: Annotated[MissedCall, Field(strict=False)] = Field(
        default=MissedCall.IGNORE,
        description="What becomes of a call that nobody took: `answer` answers it with a message, `draft` asks the "
        "owner, `ignore` leaves it.",
    )
    keep_edits: bool = Field(
        default=False,
        description="Keep what edited and deleted messages said before, for the owner alone. Off, it is gone.",
    )
    blocked: Annotated[list[Term], Field(max_length=200)] = Field(
        default=[], description="Words and topics that the bot keeps out of; what holds one is left to the owner."
    )
    longest_answer: int = Field(
        default=2_000,
        ge=1,
        le=LONGEST_ANSWER,
        description="Characters; what is longer waits for the owner as a draft.",
    )
    pause_words: Annotated[list[Word], Field(max_length=20)] = Field(
        default=["!pause"], description="The owner writes one of these, and nothing else, and the bot is silent there."
    )
    resume_words: Annotated[list[Word], Field(max_length=20)] = Field(
        default=["!resume"], description="The same, and the bot answers again."
    )
    pause_reactions: Annotated[list[Word], Field(max_length=20)] = Field(
        default=["\u270b"], description="As `pause_words`, as the owner's reaction to any message."
    )
    resume_reactions: Annotated[list[Word], Field(max_length=20)] = Field(
        default=["\u25b6\ufe0f"], description="As `resume_words`, as a reaction."
    )
    brief: bool = Field(
        default=True,
        description="Tell the owner in their own chat what was said for them, when they write in a chat again.",
    )
    voice: bool = Field(
        default=True, description="Tell the model how the owner writes, as far as it is known and the model takes it."
    )
    summary: bool = Field(
        default=True,
        description="Have the model note down what was said before what it is shown, for its later answers.",
    )
    auto_from_score: float | None = Field(
        default=None,
        ge=0,
        le=100,
        description="Until an exam reaches this score, the bot only drafts. Left out: it need not pass any.",
    )

    @model_validator(mode="after")
    def _bounds_fit(self) -> Self:
        given = self.model_fields_set
        if {"debounce_seconds", "debounce_max_seconds"} <= given and self.debounce_max_seconds < self.debounce_seconds:
            raise ValueError("debounce_max_seconds must not be smaller than debounce_seconds")
        return self

    @property
    def waiting_hours(self) -> ActiveHours | None:
        """The hours in which messages are processed; None: any hour.

        With `auto_in_hours`, drafts are made at any hour.
        """
        return None if self.autonomy is Autonomy.AUTO_IN_HOURS else self.active_hours

    @property
    def judged(self) -> bool:
        """Whether the model checks each answer once more before it goes out."""
        return self.guard_judge and self.guard is not Guard.OFF

    @property
    def longest_debounce(self) -> float:
        """The longest debounce in seconds.

        The two fields may come from different configs, so their order is not given.
        """
        return max(self.debounce_max_seconds, self.debounce_seconds) if self.debounce_seconds else 0.0


class ContactBehaviour(Behaviour):
    """The settings that differ for one person or group. Only the fields that were given count."""

    id: Word

    def over(self, base: Behaviour) -> Behaviour:
        """Return `base` with the given fields replaced by these."""
        given = {name: getattr(self, name) for name in self.model_fields_set & Behaviour.model_fields.keys()}
        return base.model_copy(update=given)
