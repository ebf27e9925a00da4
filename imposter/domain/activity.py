"""Figures about the activity of bots over time."""

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class DayTotals:
    """The totals of one bot for a day."""

    answered: int = 0
    """Answers that the platform has; a burst of messages counts once."""
    tokens: int = 0
    costs: dict[str, int] = field(default_factory=dict)
    """By currency, in millionths; only calls with a known price."""


@dataclass(frozen=True, slots=True)
class AnswerTiming:
    """When a message arrived and when the first part of its answer was sent."""

    received_at: datetime
    sent_at: datetime
    trace: str | None


@dataclass(frozen=True, slots=True)
class Interval:
    """The activity from `begins` to the start of the next interval."""

    begins: datetime
    answers: int
    looked_at: tuple[AnswerTiming, ...]
    """The newest answers of the interval."""
    evicted: int
    failed: int
    """Messages to which the model gave no answer."""
    queued: int
    """Messages that waited at the end of the interval: still waiting, or answered within LOOKED_AHEAD after it."""


@dataclass(frozen=True, slots=True)
class DailyUsage:
    """The model usage of one day in UTC."""

    day: date
    tokens: int
    costs: dict[str, int]
    """By currency, in millionths."""
