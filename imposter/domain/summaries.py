"""Notes on what was said before the turns that a model is shown."""

from dataclasses import dataclass
from datetime import datetime

from imposter.contracts.messages import Turn


@dataclass(frozen=True, slots=True)
class Summary:
    text: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ToNote:
    """What is to be noted down."""

    before: str
    """The notes so far."""
    turns: tuple[Turn, ...]
    until: int
    """The place of the first message that is not among them."""
    changed_at: datetime
    """When the notes so far were changed last, or begun anew."""
