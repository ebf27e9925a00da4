"""Why a message was answered, or was not."""

from dataclasses import dataclass
from datetime import datetime

from imposter.domain.deliveries import PartRow
from imposter.domain.messages import StoredMessage


@dataclass(frozen=True, slots=True)
class Wording:
    """What a message said before it was edited or deleted."""

    content: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a message, and what was written down about why."""

    message: StoredMessage
    together: tuple[int, ...]
    """The seqs that it was answered or given up with, its own too, rising."""
    trace: str | None
    """As it was handed in with what ended their waiting."""
    parts: tuple[PartRow, ...]
    """Of the answer, in order."""
    moment: datetime
    """When this was read."""
    known_ids: frozenset[str] = frozenset()
    """As in `Work`; empty where it does not wait."""
    wordings: tuple[Wording, ...] = ()
    """What it said before, oldest first, where that is kept."""
    owner_before: datetime | None = None
    """When the owner last wrote in that chat before it, and first after; only where they took it over."""
    owner_after: datetime | None = None
    is_outdated: bool = False
    """It was edited or deleted after it had been answered."""
    drafted_because: str | None = None
    """Why its answer waits for the owner's word, where it does."""
