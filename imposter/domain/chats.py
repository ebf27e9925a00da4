"""The list of conversations, and the owner's messages in them."""

from dataclasses import dataclass

from imposter.domain.messages import StoredMessage
from imposter.domain.pauses import Pause


@dataclass(frozen=True, slots=True)
class ChatOverview:
    conversation: str
    name: str
    """The group's name, or the owner's name for the contact, or the contact's own. Empty if none is known."""
    newest: StoredMessage
    waiting: int
    drafts: int
    """The number of open drafts."""


@dataclass(frozen=True, slots=True)
class OwnerMessage:
    """A message from the owner that was put into the outbox."""

    conversation: str
    seq: int
    pause: Pause | None
    """The pause of the bot in this chat from now on; None if it is not paused."""
