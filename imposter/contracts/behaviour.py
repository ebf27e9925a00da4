"""How a bot behaves: when it answers, how fast, and how far it goes by itself.

One set of fields for a bot, any of which an entry in `contacts` overrides for one person or group.
"""

from datetime import time
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from imposter.contracts.base_model import StrictModel, printable
from imposter.contracts.model import LONGEST_ANSWER


class Autonomy(StrEnum):
    """How far a bot goes by itself with somebody. A value that is none of these is refused: it answers nobody."""

    OFF = "off"
    """As if they were not allowed: nothing of theirs becomes context."""
    OBSERVE = "observe"
    """Reads, and never answers."""
    DRAFT = "draft"
    """Proposes each answer to the owner, and sends what they approve."""
    AUTO_IN_HOURS = "auto_in_hours"
    """As `auto` within the active hours, as `draft` outside of them."""
    AUTO = "auto"


class Pace(StrEnum):
    HUMAN = "human"
    OFF = "off"


class GroupTrigger(StrEnum):
    """Which messages of a group want an answer."""

    MENTION = "mention"
    """Those that mention the account, reply to it, or hold one of `names`."""
    ALWAYS = "always"
    NEVER = "never"


class Outside(StrEnum):
    """What becomes of a message that comes outside of the active hours."""

    WAIT = "wait"
    SILENT = "silent"


class AskedIfBot(StrEnum):
    """What somebody gets who asks whether they are talking to a machine."""

    DEFLECT = "deflect"
    """A light sentence that says neither yes nor no; who asks again gets what `hand_over` gives."""
    HONEST = "honest"
    """A sentence that says so."""
    HAND_OVER = "hand_over"
    """No answer: the owner is told, and the bot is silent there until they resume it."""


class Unseen(StrEnum):
    """What becomes of a message that came with something no model is shown, such as a voice note or a picture."""

    DRAFT = "draft"
    """The answer waits for the owner's word."""
    SILENT = "silent"
    """It gets no answer."""
    ANSWER = "answer"
    """The answer goes out; the model is told what it has not seen."""


class MissedCall(StrEnum):
    """What becomes of a call that nobody took."""

    ANSWER = "answer"
    DRAFT = "draft"
    IGNORE = "ignore"


class Guard(StrEnum):
    """What becomes of an answer that would bind its owner to something that they have not settled."""

    DRAFT = "draft"
    """It waits for the owner's word."""
    LET_ME_CHECK = "let_me_check"
    """The same, and the contact is told meanwhile that it is being looked into."""
    OFF = "off"
    """It goes out."""


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
        known = name not in ("localtime", "posixrules", "Factory")  # which every machine means otherwise
    if not known:
        raise ValueError("must be a time zone of the IANA's list, such as Europe/Berlin")
    return name


TimeZone = Annotated[str, AfterValidator(_time_zone)]


def _clock_time(value: object) -> object:
    """JSON has no times; this is ISO 8601's shortest form, as every clock shows it."""
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
    """When answers are given. `end` before `start` is on the next day; both the same is the whole day."""

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
    """What a careful person would choose, unless said otherwise."""

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
        """Those outside of which nothing is done about a message: with `auto_in_hours` it is drafted at any hour."""
        return None if self.autonomy is Autonomy.AUTO_IN_HOURS else self.active_hours

    @property
    def judged(self) -> bool:
        """Whether the model is asked once more about an answer that is to go out."""
        return self.guard_judge and self.guard is not Guard.OFF

    @property
    def longest_debounce(self) -> float:
        """Seconds; one of the two may come from elsewhere than the other."""
        return max(self.debounce_max_seconds, self.debounce_seconds) if self.debounce_seconds else 0.0


class ContactBehaviour(Behaviour):
    """One person or group, and what is different with them: only what is given counts."""

    id: Word

    def over(self, base: Behaviour) -> Behaviour:
        """`base`, with what is given here in its place."""
        given = {name: getattr(self, name) for name in self.model_fields_set & Behaviour.model_fields.keys()}
        return base.model_copy(update=given)
