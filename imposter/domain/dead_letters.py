"""What contacts did not get, kept for the owner."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from imposter.contracts.messages import MessageKind
from imposter.domain.deliveries import DeliveryState


class DeadLetterKind(StrEnum):
    ANSWER = "answer"
    """The model answered; the answer failed, or nobody knows whether it arrived."""
    MESSAGE = "message"
    """The model gave no answer."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    seq: int
    """Names it: of the first part of our answer that failed, or of the last of the messages that failed together."""
    kind: DeadLetterKind
    conversation: str
    message: str | None
    """What the contact wrote; of several messages the last. None where it is no longer on record."""
    message_kind: MessageKind
    """What that is, and what it holds beside its words."""
    message_details: str
    answer: str | None
    """What they were to get; of an answer in parts those that failed, line by line."""
    delivery: DeliveryState | None
    """Of an answer: `failed`, or `uncertain` when it may have arrived."""
    reason: str | None
    attempts: int
    """How often sending the answer was tried."""
    at: datetime
    """When the answer was made, or the message came in."""


@dataclass(frozen=True, slots=True)
class Retried:
    """What was taken up again."""

    letters: int
    refused: int
    """Those whose contact today's rules leave out, or whose message is gone; they stay."""
    conversations: frozenset[str] = frozenset()
    """Where something is to be done now."""
    last: int | None = None
    """Where to go on; None at the end."""
