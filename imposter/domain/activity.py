"""What bots did over time."""

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class DayTotals:
    """Of one bot."""

    answered: int = 0
    """Messages, or bursts of them, whose answer the platform has."""
    tokens: int = 0
    costs: dict[str, int] = field(default_factory=dict)
    """By currency, in millionths; of calls whose price is known."""


@dataclass(frozen=True, slots=True)
class AnswerTiming:
    """When one answer was asked for, and when its first part was with the platform."""

    received_at: datetime
    sent_at: datetime
    trace: str | None


@dataclass(frozen=True, slots=True)
class Interval:
    """From `begins` to the beginning of the next."""

    begins: datetime
    answers: int
    looked_at: tuple[AnswerTiming, ...]
    """The newest ones."""
    evicted: int
    failed: int
    """Messages that the model had no answer to."""
    queued: int
    """What waited at its end: still, or for an answer that was made within LOOKED_AHEAD after it."""


@dataclass(frozen=True, slots=True)
class DailyUsage:
    """On one day of UTC."""

    day: date
    tokens: int
    costs: dict[str, int]
    """By currency, in millionths."""
