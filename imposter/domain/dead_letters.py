"""Dead letters: messages without an answer and answers that were not delivered, kept for the owner."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from imposter.contracts.messages import MessageKind
from imposter.domain.deliveries import DeliveryState


class DeadLetterKind(StrEnum):
    ANSWER = "answer"
    """The model answered, but the delivery failed or is uncertain."""
    MESSAGE = "message"
    """The model gave no answer."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    seq: int
    """The id of the dead letter: the seq of the first failed part of the answer, or of the last of the messages that
    failed together."""
    kind: DeadLetterKind
    conversation: str
    message: str | None
    """The contact's message, or the last of several. None if it is no longer on record."""
    message_kind: MessageKind
    """The kind of `message`; `message_details` is its content other than the text."""
    message_details: str
    answer: str | None
    """The undelivered answer. If it was sent in parts, only the failed parts, one per line."""
    delivery: DeliveryState | None
    """For an answer: `failed`, or `uncertain` if it may have arrived."""
    reason: str | None
    attempts: int
    """The number of attempts to send the answer."""
    at: datetime
    """When the answer was generated, or the message arrived."""


@dataclass(frozen=True, slots=True)
class Retried:
    """The result of a retry of dead letters."""

    letters: int
    refused: int
    """Dead letters that stay: the current rules exclude the contact, or the message is gone."""
    conversations: frozenset[str] = frozenset()
    """Conversations that have work to do now."""
    last: int | None = None
    """The position from which to continue; None at the end."""
