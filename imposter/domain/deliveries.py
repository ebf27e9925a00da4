"""Answers on their way out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from imposter.contracts.messages import Source


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    """Handed to a provider that cannot repeat a send; after a crash nobody knows."""
    SENT = "sent"
    FAILED = "failed"
    """The platform refused it, or it grew too old before it could be sent; the owner may have it sent again."""
    UNCERTAIN = "uncertain"
    """It may have arrived or not; the owner may have it sent again."""
    WITHDRAWN = "withdrawn"
    """The owner's own doing: new rules, another account. It stays unsent."""


@dataclass(frozen=True, slots=True)
class Part:
    """One bubble of an answer."""

    text: str
    message_id: str
    """Used once."""
    due_at: datetime | None = None
    """Not to be sent before; None: at once."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An answer on its way out, or one part of it."""

    message_id: str
    instance_id: str
    conversation: str
    recipient: str
    content: str
    state: DeliveryState
    attempts: int
    created_at: datetime | None
    """When the answer was made; None for one of a version that did not write it down."""
    due_at: datetime | None = None
    """Not to be sent before; None: at once."""
    source: Source = Source.BOT
    """`owner`: they said it by way of this server, and no pause or cap of the bot's holds it back."""
    disappears_after: int | None = None
    """Seconds, where messages of the chat disappear."""


@dataclass(frozen=True, slots=True)
class PartRow:
    """What became of one part of an answer."""

    message_id: str
    delivery: DeliveryState
    reason: str | None
    due_at: datetime | None
    sent_at: datetime | None
    """When it was first known that the platform has it."""
