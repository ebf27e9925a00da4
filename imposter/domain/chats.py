"""Conversations as a list, and what the owner writes there."""

from dataclasses import dataclass

from imposter.domain.messages import StoredMessage
from imposter.domain.pauses import Pause


@dataclass(frozen=True, slots=True)
class ChatOverview:
    conversation: str
    name: str
    """Of the group; of a contact, the owner's name for them, else their own. Empty where nobody has said."""
    newest: StoredMessage
    waiting: int
    drafts: int
    """That are open."""


@dataclass(frozen=True, slots=True)
class OwnerMessage:
    """What an owner said here is in the outbox."""

    conversation: str
    seq: int
    pause: Pause | None
    """The bot is silent there from now on; None: it is not."""
