"""Drafts: answers that wait for approval."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from imposter.contracts.messages import MessageKind


class DraftState(StrEnum):
    """What became of a draft."""

    OPEN = "open"
    SENT = "sent"
    EDITED = "edited"
    """Sent in the owner's words."""
    DROPPED = "dropped"
    EXPIRED = "expired"
    REPLACED = "replaced"
    """More came in: what it was for was taken up once more."""


@dataclass(frozen=True, slots=True)
class Draft:
    number: int
    """Names it."""
    conversation: str
    name: str
    """Of who asked: as they call themselves, unless whoever gives it away knows what their owner calls them."""
    answers: int
    """The seq of the last message that it is for."""
    question: str
    """That message's words."""
    question_kind: MessageKind
    question_details: str
    text: str
    """Empty where the owner is to find the words."""
    why: str
    """A short code."""
    state: DraftState
    note_id: str | None
    """The message that shows it in the owner's own chat."""
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    is_deleted: bool = False
    """The message was deleted for everybody."""
    sender_id: str = ""
    """Of who asked."""
