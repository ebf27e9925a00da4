"""Rows as the rest of the program sees them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from imposter.contracts.errors import StorageError
from imposter.contracts.messages import Mention, Message, MessageKind, Quote, Source, Turn


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


class Superseded(StorageError):
    """A later run has claimed this bot; this one may do nothing more for it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One run's right to act for a bot, until a later run claims it. What answers or sends is guarded by it."""

    instance_id: str
    epoch: int
    """Rises with every claim."""


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
    pause: "Pause | None" = None
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
class Totals:
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


@dataclass(frozen=True, slots=True)
class Usage:
    """What calls of one model took. Money is in millionths."""

    day: str
    """ISO 8601, UTC."""
    model: str
    """As its vendor names it; empty where it does not."""
    calls: int = 1
    uncounted: int = 0
    """Those whose tokens nobody knows."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Those of `prompt_tokens` that the vendor had read before."""
    completion_tokens: int = 0
    currency: str = ""
    """Of `cost`; empty where nobody knows the price."""
    cost: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


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


@dataclass(frozen=True, slots=True)
class Wording:
    """What a message said before it was edited or deleted."""

    content: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a message, and what was written down about why."""

    message: StoredMessage
    together: tuple[int, ...]
    """The seqs that it was answered or given up with, its own too, rising."""
    trace: str | None
    """As it was handed in with what ended their waiting."""
    parts: tuple[PartRow, ...]
    """Of the answer, in order."""
    moment: datetime
    """When this was read."""
    known_ids: frozenset[str] = frozenset()
    """As in `Work`; empty where it does not wait."""
    wordings: tuple[Wording, ...] = ()
    """What it said before, oldest first, where that is kept."""
    owner_before: datetime | None = None
    """When the owner last wrote in that chat before it, and first after; only where they took it over."""
    owner_after: datetime | None = None
    is_outdated: bool = False
    """It was edited or deleted after it had been answered."""
    drafted_because: str | None = None
    """Why its answer waits for the owner's word, where it does."""


TAKEOVER = "takeover"
"""The reason of a pause, and of what it ended: the owner wrote in the chat themselves."""
OWNER_PAUSE = "paused"
"""The same, where the owner asked for it."""
COMMAND = "command"
"""The reason of what the owner said to the bot, not to anybody in the chat."""
DRAFTED = "drafted"
"""The reason of a message whose answer waits for the owner's word."""
DELETED = "deleted"
"""The reason of a message that was deleted for everybody."""
CHANGED = "changed"
"""Why an answer does not go out: what it is for was edited or deleted before it was sent."""
UNDONE = "undone"
"""Why an answer that had been sent is no longer part of the conversation: its owner took it back."""
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of a pause that only the owner ends. Not the last moment of all: PostgreSQL tells it in a zone of its own."""


_WITHIN = "\x1f"
"""Stands in no platform's ids."""


def of_member(conversation: str, person: str) -> str:
    """What a pause has in place of a conversation where it is of one person in this group, by any of their ids."""
    return f"{conversation}{_WITHIN}{person}"


@dataclass(frozen=True, slots=True)
class Pause:
    """The bot is silent in one conversation, towards one member of a group, or altogether where it is empty."""

    conversation: str
    """Or what `of_member` gives."""
    reason: str
    """A short code, such as `loop`."""
    until: datetime

    @property
    def chat(self) -> str:
        """The conversation, of a group's member too."""
        return self.conversation.partition(_WITHIN)[0]

    @property
    def member(self) -> str:
        """An id of the person whom it is of; empty where it is of everybody there."""
        return self.conversation.partition(_WITHIN)[2]

    def concerns(self, conversations: Collection[str], people: Collection[str]) -> bool:
        """Whether it is of one of these conversations, or of one of these people in a group."""
        return self.chat in conversations or self.member in people


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
    owner: str | None = None
    """The node that it lives on; None where it is free, or there are no nodes."""
    epoch: int = 0
    """Of its last claim."""


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One server process of those that share a database."""

    node_id: str
    name: str
    """For people."""
    revision: str
    """The newest of the schema that its program knows."""
    joined_at: datetime
    until: datetime
    """The end of its lease, unless that is renewed; by the database's clock."""
    leaving: bool
    report: dict[str, Any]
    """What it said of itself at its last renewal."""
    bots: int
    """How many it owns."""


@dataclass(frozen=True, slots=True)
class Sign:
    """When a node was heard of last; all by the database's clock."""

    at: datetime | None
    """When it renewed its lease; None where its version does not say how long that is."""
    ago: float | None
    """Seconds."""
    lease: float | None
    """Seconds that it has from one renewal on."""
    left: float
    """Seconds until its lease ends; below zero, its bots are anybody's."""
    connected: bool
    """Whether it holds a connection to the database. One that was killed does not; one that was cut off may."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """A node's lease runs anew; and what there was to see."""

    now: datetime
    """By the database's clock."""
    nodes: tuple[NodeRow, ...]
    """Those whose lease runs, this one too; the oldest first."""
    free: int
    """Bots that nobody owns."""
    lost: tuple[str, ...]
    """Names of nodes whose lease had ended, which were removed with this."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a node asks of the owner of a bot."""

    number: int
    instance_id: str
    body: dict[str, Any]
    asked_by: str
    """A node."""
