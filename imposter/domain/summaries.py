"""Notes on the part of a conversation before the turns that a model is shown."""

from dataclasses import dataclass
from datetime import datetime

from imposter.contracts.messages import Turn


@dataclass(frozen=True, slots=True)
class Summary:
    text: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ToNote:
    """The turns to add to the notes."""

    before: str
    """The notes so far."""
    turns: tuple[Turn, ...]
    until: int
    """The position of the first message that is not in `turns`."""
    changed_at: datetime
    """When the notes so far were last changed or started over."""
