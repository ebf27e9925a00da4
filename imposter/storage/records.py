"""Rows as the rest of the program sees them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from imposter.contracts.messages import Message, Source


class MessageState(StrEnum):
    """What became of a message."""

    WAITING = "waiting"
    """Accepted; an answer is due."""
    ANSWERED = "answered"
    """The model's answer is stored (and on its way, see Delivery)."""
    CONTEXT = "context"
    """Read as part of the conversation, wants no answer; also the owner's and our own turns."""
    IGNORED = "ignored"
    """Kept for the record only: never answered, never shown to a model."""
    EVICTED = "evicted"
    """Fell out of the bounded queue before its turn; still part of the conversation."""
    FAILED = "failed"
    """The model gave no answer; the owner was told, the contact was not."""


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    """Handed to a provider that cannot repeat a send; after a crash nobody knows."""
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to become of a message that comes in, and why (`reason` is a short code such as `not_allowed`)."""

    state: MessageState
    reason: str | None = None


Judge = Callable[[Message, frozenset[str]], Verdict]
"""Decides on a message, given every id known for its sender and chat. Pure and quick: it runs inside the commit."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What `MessageStore.add` did."""

    seq: int | None
    """The row's number, rising; None for a duplicate or an echo, which are not stored again."""
    conversation: str
    verdict: Verdict
    duplicate: bool = False
    evicted: tuple[int, ...] = ()
    merged: bool = False
    """Its ids proved two conversations to be one; `conversation` is what remains of them."""


@dataclass(frozen=True, slots=True)
class StoredMessage:
    seq: int
    instance_id: str
    conversation: str
    message_id: str
    source: Source
    content: str
    sender_id: str
    sender_name: str
    group_id: str | None
    group_name: str | None
    reply_to: str
    sent_at: datetime
    received_at: datetime
    state: MessageState
    reason: str | None
    truncated_from: int | None
    """Characters it had before it was cut."""
    answers: int | None
    """For an answer of ours: the seq of the message it answers."""
    delivery: DeliveryState | None
    """For an answer of ours."""
    delivery_reason: str | None


@dataclass(frozen=True, slots=True)
class Work:
    """The next message of a conversation that wants an answer, with the turns up to and including it."""

    message: StoredMessage
    turns: tuple[StoredMessage, ...]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An answer on its way out."""

    message_id: str
    instance_id: str
    conversation: str
    recipient: str
    content: str
    state: DeliveryState
    attempts: int


@dataclass(frozen=True, slots=True)
class BotRow:
    instance_id: str
    user_id: str
    config: dict[str, Any]
    """The config as it was given, secrets included; encrypted in the database."""
    wanted: bool
    """Whether it is to run."""
    created_at: datetime
    updated_at: datetime
