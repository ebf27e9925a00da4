"""Outgoing answers and the state of their delivery."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from imposter.contracts.messages import Source


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    """Handed to a provider that cannot repeat a send. After a crash, the outcome is unknown."""
    SENT = "sent"
    FAILED = "failed"
    """The platform refused it, or it became too old before it could be sent. The owner can have it sent again."""
    UNCERTAIN = "uncertain"
    """It may or may not have arrived. The owner can have it sent again."""
    WITHDRAWN = "withdrawn"
    """The owner cancelled it, by new rules or another account. It stays unsent."""


@dataclass(frozen=True, slots=True)
class Part:
    """One message of an answer that is sent in several parts."""

    text: str
    message_id: str
    """Used for this part only."""
    due_at: datetime | None = None
    """The earliest time to send it; None: at once."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An answer in the outbox, or one part of it."""

    message_id: str
    instance_id: str
    conversation: str
    recipient: str
    content: str
    state: DeliveryState
    attempts: int
    created_at: datetime | None
    """When the answer was generated; None if an older version stored it without the time."""
    due_at: datetime | None = None
    """The earliest time to send it; None: at once."""
    source: Source = Source.BOT
    """`owner` means that the owner sent it through this server; pauses and rate limits of the bot do not apply."""
    disappears_after: int | None = None
    """Seconds after which it disappears, if messages in this chat do."""


@dataclass(frozen=True, slots=True)
class PartRow:
    """The delivery of one part of an answer."""

    message_id: str
    delivery: DeliveryState
    reason: str | None
    due_at: datetime | None
    sent_at: datetime | None
    """When it first became known that the platform has it."""
