"""Drafts: answers that wait for approval."""

from enum import StrEnum


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
