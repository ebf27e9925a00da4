"""Tokens and costs of model calls."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of one model on one day. Costs are in millionths."""

    day: str
    """ISO 8601, UTC."""
    model: str
    """The name that the vendor uses; empty if it gives none."""
    calls: int = 1
    uncounted: int = 0
    """Calls with unknown token counts."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """The part of `prompt_tokens` that the vendor served from its cache."""
    completion_tokens: int = 0
    currency: str = ""
    """The currency of `cost`; empty if the price is unknown."""
    cost: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


NOBODY = ""
"""A value in place of a conversation, for calls that belong to none."""


class UsageGroup(StrEnum):
    """The key by which usage is grouped."""

    DAY = "day"
    CONTACT = "contact"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class UsageTotal:
    """The usage of one key in one currency."""

    key: str
    """A day, a conversation or a model."""
    currency: str
    calls: int
    uncounted: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    cost: int


@dataclass(frozen=True, slots=True)
class Costs:
    """The usage between two days, both included."""

    first: date
    last: date
    sums: tuple[UsageTotal, ...]
