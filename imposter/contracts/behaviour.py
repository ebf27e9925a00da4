"""How a bot behaves: when it answers, how fast, and how far it goes by itself.

One set of fields for a bot, any of which an entry in `contacts` overrides for one person or group.
"""

from datetime import time
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from imposter.contracts.strict import Strict, printable


class Autonomy(StrEnum):
    """How far a bot goes by itself with somebody. A value that is none of these is refused: it answers nobody."""

    OFF = "off"
    """As if they were not allowed: nothing of theirs becomes context."""
    OBSERVE = "observe"
    """Reads, and never answers."""
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


Word = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(printable)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("must be a time zone of the IANA's list, such as Europe/Berlin") from None
    return name


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


class ActiveHours(Strict):
    """When answers are given. `end` before `start` is on the next day; both the same is the whole day."""

    time_zone: Annotated[str, AfterValidator(_time_zone)]
    start: TimeOfDay
    end: TimeOfDay
    days: Annotated[list[Weekday], Field(min_length=1)] = Field(
        default=[*WEEK], description="Those on which the hours begin."
    )
    outside: Annotated[Outside, Field(strict=False)] = Field(
        default=Outside.WAIT, description="`wait` answers when the hours begin, `silent` never."
    )


class Behaviour(Strict):
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
    names: Annotated[list[Word], Field(max_length=20)] = Field(
        default=[], description="What the owner is called in groups; each counts as a mention, as a whole word."
    )

    @model_validator(mode="after")
    def _bounds_fit(self) -> Self:
        given = self.model_fields_set
        if {"debounce_seconds", "debounce_max_seconds"} <= given and self.debounce_max_seconds < self.debounce_seconds:
            raise ValueError("debounce_max_seconds must not be smaller than debounce_seconds")
        return self

    @property
    def longest_debounce(self) -> float:
        """Seconds; one of the two may come from elsewhere than the other."""
        return max(self.debounce_max_seconds, self.debounce_seconds) if self.debounce_seconds else 0.0


class ContactBehaviour(Behaviour):
    """One person or group, and what is different with them: only what is given counts."""

    id: Word

    def over(self, base: Behaviour) -> Behaviour:
        """`base`, with what is given here in its place."""
        given = {name: getattr(self, name) for name in self.model_fields_set - {"id"}}
        return base.model_copy(update=given)
