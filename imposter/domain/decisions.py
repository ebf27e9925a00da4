"""Records of why messages were answered or not."""

from dataclasses import dataclass
from datetime import datetime

from imposter.domain.deliveries import PartRow
from imposter.domain.messages import StoredMessage


@dataclass(frozen=True, slots=True)
class Wording:
    """The text of a message before it was edited or deleted."""

    content: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of a message and the recorded reasons for it."""

    message: StoredMessage
    together: tuple[int, ...]
    """The seqs, including its own, of the messages that were answered or given up together, in ascending order."""
    trace: str | None
    """The trace that was stored when the messages stopped waiting."""
    parts: tuple[PartRow, ...]
    """The parts of the answer, in order."""
    moment: datetime
    """When this record was read."""
    known_ids: frozenset[str] = frozenset()
    """As in `Work`; empty if the message does not wait."""
    wordings: tuple[Wording, ...] = ()
    """Earlier texts of the message, oldest first, if they are kept."""
    owner_before: datetime | None = None
    """The owner's last message in the chat before this one; `owner_after` is the first one after it. Both are set only
    if the owner took over the chat."""
    owner_after: datetime | None = None
    is_outdated: bool = False
    """The message was edited or deleted after it was answered."""
    drafted_because: str | None = None
    """The reason why its answer waits for the owner's approval, if it does."""
