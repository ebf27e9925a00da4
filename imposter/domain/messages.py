"""Messages as they are stored, and what is decided about them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from imposter.contracts.messages import Mention, Message, MessageKind, Quote, Source, Turn
from imposter.domain.deliveries import DeliveryState
from imposter.domain.pauses import Pause


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


RETRIED = "retried"
"""The reason of a message that waits once more because the owner asked for it: no bound of age or number ends that."""


ASKED_AGAIN = "asked_again"
"""The reason of one that waits once more because the model answers again: the bounds hold, and leave a dead letter."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to become of a message that comes in, and why (`reason` is a short code such as `not_allowed`)."""

    state: MessageState
    reason: str | None = None
    silence: timedelta | None = None
    """Of the owner's own message: how long the bot is silent in that chat, from when it was sent."""
    pauses: bool = False
    """Of the owner's own message: the bot is silent in that chat until it is resumed."""
    resumes: bool = False
    """Of the owner's own message: the pause of that chat ends."""
    keeps_wording: bool = False
    """Of an edit or deletion: what the message said before is kept."""


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
    absorbed: tuple[str, ...] = ()
    """Conversations that its ids proved to be the same as `conversation`, which is what remains of them."""
    pause: Pause | None = None
    """The bot is silent in `conversation` by this message, until then or longer; nothing waits there any more."""

    resumed: bool = False
    """The pause of `conversation` is ended by this message."""
    changed: bool = False
    """It has edited or deleted an earlier message of `conversation`."""
    also_changed: frozenset[str] = frozenset()
    """Conversations where, by its ids, an edit or deletion turned out to be of who said what it changes."""

    @property
    def merged(self) -> bool:
        return bool(self.absorbed)

    @property
    def waits(self) -> bool:
        """Whether it waits for an answer."""
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
    """Characters it had before it was cut."""
    answers: int | None
    """For an answer of ours: the seq of the message it answers."""
    joined: int | None
    """For a message that was answered together with later ones: the seq of the last of them."""
    delivery: DeliveryState | None
    """For an answer of ours."""
    delivery_reason: str | None
    addressed: bool = False
    """This and the next three as in `Message`."""
    quotes: str | None = None
    reacts_to: str | None = None
    unseen: str | None = None
    kind: MessageKind = MessageKind.TEXT
    """This and the next four as in `Message`."""
    details: str = ""
    quoted: Quote | None = None
    mentions: tuple[Mention, ...] = ()
    forwarded: bool = False
    edited_at: datetime | None = None
    """When it was edited last; `content` is what it says since."""
    deleted_at: datetime | None = None
    """When whoever said it, or an admin, deleted it for everybody; then it has no words."""
    edits: int = 0
    """How often it was edited."""


@dataclass(frozen=True, slots=True)
class Work:
    """What waits in a conversation, which one answer is for, with the turns up to and including it."""

    messages: tuple[StoredMessage, ...]
    """Oldest first; the answer is to the last and stands behind it."""
    turns: tuple[Turn, ...]
    more: bool = False
    """More waits here that this answer is not for."""
    said_by: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """By seq, which of these another bot of ours said: its instance_id, and the conversation on its side."""
    known_ids: frozenset[str] = frozenset()
    """Every id known for the chat and for who wrote the last of these; empty where no `Timing` was given."""
    summary: str = ""
    """Notes on what was said before the first turn."""
    moved: bool = False
    """The turns begin later than they did for the answer before: what they began with is to be noted down."""
    saved_name: str = ""
    """What the owner's address book calls them; empty where that is not known, and of a group."""

    @property
    def message(self) -> StoredMessage:
        return self.messages[-1]

    @property
    def seqs(self) -> tuple[int, ...]:
        return tuple(message.seq for message in self.messages)

    @property
    def chat_ids(self) -> frozenset[str]:
        """Every id known for the chat: of a group its own, and nobody's who writes there."""
        message = self.message
        if message.group_id is None:
            return self.known_ids | {message.conversation}
        return frozenset({message.group_id, message.conversation})


@dataclass(frozen=True, slots=True)
class BotTotals:
    """Of one bot."""

    waiting: int = 0
    """Messages that wait for an answer."""
    unreadable: int = 0
    """Messages of the last days, in chats with one person, that nobody here could read, nor has seen on the phone."""


@dataclass(frozen=True, slots=True)
class NotYet:
    """Something waits, and its time has not come."""

    at: datetime
    """Ask again then, or when more comes in."""
    messages: tuple[StoredMessage, ...]
    """Oldest first."""


class Timing(Protocol):
    """When what waits is to be answered. Pure and quick: it runs inside the commit.

    `known_ids` is as in `Work`, of the message itself where there is one.
    """

    def due_at(self, waits: Sequence[StoredMessage], known_ids: frozenset[str]) -> datetime:
        """`waits` is never empty, and oldest first."""

    def counts_from(self, message: StoredMessage, known_ids: frozenset[str]) -> datetime:
        """From when the time runs in which it is to be answered."""


DRAFTED = "drafted"
"""The reason of a message whose answer waits for the owner's word."""


DELETED = "deleted"
"""The reason of a message that was deleted for everybody."""


CHANGED = "changed"
"""Why an answer does not go out: what it is for was edited or deleted before it was sent."""


UNDONE = "undone"
"""Why an answer that had been sent is no longer part of the conversation: its owner took it back."""
