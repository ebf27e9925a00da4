"""Stored messages and the decisions about them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from imposter.contracts.messages import Mention, Message, MessageKind, Quote, Source, Turn
from imposter.domain.deliveries import DeliveryState
from imposter.domain.pauses import Pause
from imposter.domain.reasons import ForeignReason, Reason


class MessageState(StrEnum):
    """The state of a message."""

    WAITING = "waiting"
    """Accepted; it needs an answer."""
    ANSWERED = "answered"
    """The model's answer is stored; see Delivery for its way out."""
    CONTEXT = "context"
    """Part of the conversation without needing an answer; also the owner's and the bot's own messages."""
    IGNORED = "ignored"
    """Kept on record only: never answered and never shown to a model."""
    EVICTED = "evicted"
    """Removed from the full queue before its turn; still part of the conversation."""
    FAILED = "failed"
    """The model gave no answer. The owner was told, the contact was not."""


RETRIED = Reason.RETRIED
"""The reason of a message that waits again because the owner asked for a retry. No limit of age or number evicts it."""


ASKED_AGAIN = Reason.ASKED_AGAIN
"""The reason of a message that waits again because the model works again. The limits apply and leave a dead letter."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision about an incoming message and its reason (a short code such as `not_allowed`)."""

    state: MessageState
    reason: Reason | ForeignReason | None = None
    silence: timedelta | None = None
    """For the owner's own message: how long the bot is silent in the chat, counted from the message's time."""
    pauses: bool = False
    """For the owner's own message: the bot is silent in the chat until it is resumed."""
    resumes: bool = False
    """For the owner's own message: the chat's pause ends."""
    keeps_wording: bool = False
    """For an edit or deletion: the earlier text of the message is kept."""


Judge = Callable[[Message, frozenset[str]], Verdict]
"""Decides about a message, given all ids known for its sender and chat. It runs inside the commit, so it must be pure
and fast."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The result of `MessageStore.add`."""

    seq: int | None
    """The row's number, which only increases; None for a duplicate or an echo, which are not stored again."""
    conversation: str
    verdict: Verdict
    duplicate: bool = False
    evicted: tuple[int, ...] = ()
    absorbed: tuple[str, ...] = ()
    """Conversations that turned out to be the same as `conversation` by its ids, and were merged into it."""
    pause: Pause | None = None
    """The pause in `conversation` that this message started or extended; no message waits there any more."""

    resumed: bool = False
    """The message ended the pause of `conversation`."""
    changed: bool = False
    """The message edited or deleted an earlier message of `conversation`."""
    also_changed: frozenset[str] = frozenset()
    """Conversations in which earlier edits or deletions now apply, because this message's ids show who sent them."""

    @property
    def merged(self) -> bool:
        return bool(self.absorbed)

    @property
    def waits(self) -> bool:
        """Whether the message waits for an answer."""
        return self.seq is not None and self.verdict.state is MessageState.WAITING


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
    """The number of characters before the message was cut."""
    answers: int | None
    """For an answer of the bot: the seq of the message it answers."""
    joined: int | None
    """For a message that was answered together with later ones: the seq of the last of them."""
    delivery: DeliveryState | None
    """For an answer of the bot."""
    delivery_reason: str | None
    addressed: bool = False
    """This and the next three fields are as in `Message`."""
    quotes: str | None = None
    reacts_to: str | None = None
    unseen: str | None = None
    kind: MessageKind = MessageKind.TEXT
    """This and the next four fields are as in `Message`."""
    details: str = ""
    quoted: Quote | None = None
    mentions: tuple[Mention, ...] = ()
    forwarded: bool = False
    edited_at: datetime | None = None
    """The time of the last edit; `content` is the edited text."""
    deleted_at: datetime | None = None
    """When its author or an admin deleted it for everyone; its text is then gone."""
    edits: int = 0
    """The number of edits."""


@dataclass(frozen=True, slots=True)
class Work:
    """The waiting messages of a conversation that get one answer, with the turns up to and including them."""

    messages: tuple[StoredMessage, ...]
    """The waiting messages, oldest first. The answer replies to the last one and is stored after it."""
    turns: tuple[Turn, ...]
    more: bool = False
    """More messages wait here than this answer covers."""
    said_by: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """By seq, the waiting messages from other bots of this server: their instance_id and their conversation."""
    known_ids: frozenset[str] = frozenset()
    """All ids known for the chat and for the sender of the last message; empty if no `Timing` was given."""
    summary: str = ""
    """Notes on the conversation before the first turn."""
    moved: bool = False
    """The turns start later than for the previous answer, so the turns that dropped out must be summarised."""
    saved_name: str = ""
    """The contact's name in the owner's address book; empty if it is unknown, and for a group."""

    @property
    def message(self) -> StoredMessage:
        return self.messages[-1]

    @property
    def seqs(self) -> tuple[int, ...]:
        return tuple(message.seq for message in self.messages)

    @property
    def chat_ids(self) -> frozenset[str]:
        """All ids known for the chat: for a group only its own, not those of its members."""
        message = self.message
        if message.group_id is None:
            return self.known_ids | {message.conversation}
        return frozenset({message.group_id, message.conversation})


@dataclass(frozen=True, slots=True)
class BotTotals:
    """The totals of one bot."""

    waiting: int = 0
    """The number of messages that wait for an answer."""
    unreadable: int = 0
    """Messages of the last days, in direct chats, that could not be read here and that the owner has not seen on the
    phone."""


@dataclass(frozen=True, slots=True)
class NotYet:
    """Messages wait, but they are not due yet."""

    at: datetime
    """When to ask again, unless more messages arrive before."""
    messages: tuple[StoredMessage, ...]
    """The waiting messages, oldest first."""


class Timing(Protocol):
    """When waiting messages are to be answered. Implementations run inside the commit, so they must be pure and fast.

    `known_ids` is as in `Work`, for the given message if there is one.
    """

    def due_at(self, waits: Sequence[StoredMessage], known_ids: frozenset[str]) -> datetime:
        """Return when `waits` is due. It is never empty and is sorted oldest first."""

    def counts_from(self, message: StoredMessage, known_ids: frozenset[str]) -> datetime:
        """Return the start of the time within which the message is to be answered."""


DRAFTED = Reason.DRAFTED
"""The reason of a message whose answer waits for the owner's approval."""


DELETED = Reason.DELETED
"""The reason of a message that was deleted for everyone."""


CHANGED = Reason.CHANGED
"""The reason of an unsent answer whose question was edited or deleted before it went out."""


UNDONE = Reason.UNDONE
"""The reason of a sent answer that the owner took back, which is no longer part of the conversation."""
