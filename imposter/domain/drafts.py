"""Drafts: answers that wait for the owner's approval."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from imposter.contracts.messages import MessageKind


class DraftState(StrEnum):
    """The state of a draft."""

    OPEN = "open"
    SENT = "sent"
    EDITED = "edited"
    """Sent with the owner's wording."""
    DROPPED = "dropped"
    EXPIRED = "expired"
    REPLACED = "replaced"
    """More messages arrived, and a new answer is made for all of them."""


@dataclass(frozen=True, slots=True)
class Draft:
    number: int
    """The id of the draft."""
    conversation: str
    name: str
    """The contact's name: the one they chose, unless the code that returns the draft knows the owner's name for
    them."""
    answers: int
    """The seq of the last message that the draft answers."""
    question: str
    """The text of that message."""
    question_kind: MessageKind
    question_details: str
    text: str
    """The answer; empty if the owner must write it."""
    why: str
    """A short code for the reason."""
    state: DraftState
    note_id: str | None
    """The id of the message that shows the draft in the owner's own chat."""
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    is_deleted: bool = False
    """The message was deleted for everyone."""
    sender_id: str = ""
    """The id of the contact."""
