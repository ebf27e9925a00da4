"""The database tables. Rows of a bot are deleted together with the bot."""

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Enum,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    func,
    text,
)

from imposter.contracts.messages import Mention, MessageKind, Quote, Source
from imposter.domain.deliveries import DeliveryState
from imposter.domain.drafts import DraftState
from imposter.domain.messages import MessageState

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

Number = BigInteger().with_variant(Integer, "sqlite")
"""An automatic row number. SQLite assigns row numbers only to columns of the type INTEGER."""


class UtcTime(TypeDecorator[datetime]):
    """A time. It accepts any time zone, is stored in UTC and is returned in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


class QuoteText(TypeDecorator[Quote]):
    """A quoted message, stored as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Quote | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return json.dumps([value.content, value.kind, value.details, value.author], ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Quote | None:
        if value is None:
            return None
        content, kind, details, author = json.loads(value)
        return Quote(content, MessageKind(kind), details, author)


class MentionsText(TypeDecorator[tuple[Mention, ...]]):
    """The mentions of a message, stored as JSON; NULL if there are none."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[Mention, ...] | None, dialect: Dialect) -> str | None:
        return json.dumps([[each.identifiers, each.is_owner] for each in value]) if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Mention, ...]:
        return tuple(Mention(tuple(ids), is_owner) for ids, is_owner in json.loads(value)) if value else ()


def _one_of(words: type[StrEnum]) -> Enum:
    return Enum(words, native_enum=False, length=16, values_callable=list)


def _where(condition: str) -> dict[str, Any]:
    """Return the arguments of a partial index with this condition."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def _bot() -> Column[str]:
    return Column("instance_id", String, ForeignKey("bots.instance_id", ondelete="CASCADE"), nullable=False)


meta = Table(
    "meta",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

nodes = Table(
    "nodes",
    metadata,
    Column("node_id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("place", String),  # its data folder's lock; its holder knows that earlier nodes there are dead
    Column("revision", String, nullable=False),  # the newest schema revision that its program knows
    Column("joined_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),  # by the database's clock; after that time any node may take its bots
    Column("leaving", Boolean, nullable=False),
    Column("report", Text, nullable=False),  # JSON
)

bots = Table(
    "bots",
    metadata,
    Column("number", Number, primary_key=True),
    Column("instance_id", String, nullable=False, unique=True),
    Column("user_id", String, nullable=False, unique=True),
    Column("config", LargeBinary, nullable=False),
    Column("wanted", Boolean, nullable=False),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("owner", String),  # a node; no foreign key, because SQLite cannot add one to an existing table
    Index(None, "owner"),
    sqlite_autoincrement=True,
)

statuses = Table(
    "statuses",
    metadata,
    Column("instance_id", String, ForeignKey("bots.instance_id", ondelete="CASCADE"), primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),  # encrypted: a QR code could be used to link an account
)

commands = Table(
    "commands",
    metadata,
    Column("number", Number, primary_key=True),
    Column("instance_id", String, nullable=False),  # no foreign key: the response to a deletion outlives the bot
    Column("body", LargeBinary, nullable=False),  # encrypted: a config holds API keys
    Column("asked_by", String, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("taken_by", String),
    Column("answer", LargeBinary),
    Index(None, "instance_id"),
    sqlite_autoincrement=True,
)

aliases = Table(
    "aliases",
    metadata,
    Column("number", Number, primary_key=True),
    _bot(),
    Column("kind", String, nullable=False),
    Column("alias", String, nullable=False),
    Column("canonical", String, nullable=False),
    UniqueConstraint("instance_id", "kind", "alias"),
    Index(None, "instance_id", "kind", "canonical"),
    sqlite_autoincrement=True,
)

messages = Table(
    "messages",
    metadata,
    Column("seq", Number, primary_key=True),
    _bot(),
    Column("conversation", String, nullable=False),
    Column("message_id", String, nullable=False),
    Column("source", _one_of(Source), nullable=False),
    Column("content", Text, nullable=False),
    Column("characters", Integer, nullable=False),
    Column("truncated_from", Integer),
    Column("sender_id", String, nullable=False),
    Column("sender_name", String, nullable=False),
    Column("group_id", String),
    Column("group_name", String),
    Column("reply_to", String, nullable=False),
    Column("sent_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("state", _one_of(MessageState), nullable=False),
    Column("reason", String),
    Column("answers", Number),
    Column("joined", Number),
    Column("addressed", Boolean),
    Column("quotes", String),  # a message id, like the next column
    Column("reacts_to", String),
    Column("trace", Text),  # JSON, without any message text
    Column("unseen", String),
    Column("kind", _one_of(MessageKind), nullable=False, server_default=MessageKind.TEXT),
    Column("details", Text),
    Column("quoted", QuoteText),
    Column("mentions", MentionsText),
    Column("changes", String),  # a message id, if that message is not stored here
    Column("deletes_of", String),  # author of the message an admin deletes, empty if unknown; NULL: no admin
    Column("forwarded", Boolean),
    Column("disappears_after", Integer),  # seconds
    Column("disappears_at", UtcTime),
    Column("secret", LargeBinary),
    Column("edited_at", UtcTime),
    Column("edits", Integer),
    Column(
        "changed", Boolean
    ),  # waiting: an answer in progress must be discarded; answered: the answer was to the older text
    Column("deleted_at", UtcTime),
    UniqueConstraint("instance_id", "conversation", "message_id"),
    Index("ix_messages_by_end", "disappears_at", **_where("disappears_at IS NOT NULL")),
    Index("ix_messages_by_life", "instance_id", "conversation", "seq", **_where("disappears_after IS NOT NULL")),
    Index("ix_messages_unreadable", "instance_id", "received_at", **_where("kind = 'unreadable'")),
    Index("ix_messages_by_quote", "instance_id", "conversation", "quotes", **_where("quotes IS NOT NULL")),
    Index("ix_messages_of_owner", "instance_id", "conversation", "seq", **_where("source = 'owner'")),
    Index("ix_messages_by_member", "instance_id", "sender_id", "conversation", "seq", **_where("group_id IS NOT NULL")),
    Index("ix_messages_by_change", "instance_id", "conversation", "changes", **_where("changes IS NOT NULL")),
    Index("ix_messages_changing", "instance_id", "received_at", **_where("changes IS NOT NULL")),
    # The last three columns are included so that the queue's totals are read from the index alone.
    Index("ix_messages_by_state", "instance_id", "state", "seq", "characters", "sent_at", "reason"),
    sqlite_autoincrement=True,  # a seq is never reused, so a late answer cannot match another message
)

anchor = func.coalesce(messages.c.answers, messages.c.seq)
"""The position of a message in its conversation: an answer comes directly after the message that it answers."""
Index("ix_messages_by_turn", messages.c.instance_id, messages.c.conversation, anchor, messages.c.seq)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Number, ForeignKey("messages.seq", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    _bot(),
    Column("message_id", String, nullable=False),
    Column("state", _one_of(DeliveryState), nullable=False),
    Column("reason", String),
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcTime),
    Column("due_at", UtcTime),  # the earliest time to send it
    Column("sent_at", UtcTime),
    UniqueConstraint("instance_id", "message_id"),
    Index("ix_outbox_by_state", "instance_id", "state", "seq"),
    Index("ix_outbox_by_time", "instance_id", "created_at"),
    Index("ix_outbox_by_message", "message_id"),
)

wordings = Table(
    "wordings",
    metadata,
    Column("number", Number, primary_key=True),
    Column("seq", Number, ForeignKey("messages.seq", ondelete="CASCADE"), nullable=False),
    Column("content", Text, nullable=False),
    Column("until", UtcTime, nullable=False),
    Index(None, "seq"),
    sqlite_autoincrement=True,
)
"""Earlier texts of edited and deleted messages, if the owner wants them kept."""

names = Table(
    "names",
    metadata,
    Column("instance_id", String, ForeignKey("bots.instance_id", ondelete="CASCADE"), primary_key=True),
    Column("identifier", String, primary_key=True),  # of a person or group
    Column("body", LargeBinary, nullable=False),  # encrypted
    Column("unsaved_since", UtcTime),  # NULL: in the owner's address book
    Index("ix_names_by_age", "instance_id", "unsaved_since", **_where("unsaved_since IS NOT NULL")),
)

pauses = Table(
    "pauses",
    metadata,
    Column("instance_id", String, ForeignKey("bots.instance_id", ondelete="CASCADE"), primary_key=True),
    Column("conversation", String, primary_key=True),  # empty: the whole account
    Column("reason", String, nullable=False),
    Column("until", UtcTime, nullable=False),
)

summaries = Table(
    "summaries",
    metadata,
    Column("instance_id", String, ForeignKey("bots.instance_id", ondelete="CASCADE"), primary_key=True),
    Column("conversation", String, primary_key=True),
    Column("text", Text, nullable=False),
    Column("shown_from", Number, nullable=False),  # the position of the first message that the model is still shown
    Column("noted_until", Number, nullable=False),  # messages before this position are covered by the text
    Column("changed_at", UtcTime, nullable=False),
    Column("by_owner", Boolean),  # the owner wrote the text
)

voice_lines = Table(
    "voice_lines",
    metadata,
    Column("number", Number, primary_key=True),
    _bot(),
    Column("contact", String, nullable=False),  # the contact's canonical id
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),  # JSON: a list of messages
    Column("said_at", UtcTime, nullable=False),
    Column("waited", Float),  # seconds after the question
    Column("added_at", UtcTime, nullable=False),
    Index("ix_voice_lines_by_contact", "instance_id", "contact", "number"),
    sqlite_autoincrement=True,
)

drafts = Table(
    "drafts",
    metadata,
    Column("number", Number, primary_key=True),
    _bot(),
    Column("answers", Number, ForeignKey("messages.seq", ondelete="CASCADE"), nullable=False),
    Column("text", Text, nullable=False),  # empty: the owner must write the answer
    Column("why", String, nullable=False),
    Column("state", _one_of(DraftState), nullable=False),
    Column("note_id", String),  # the message that shows the draft in the owner's own chat
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("decided_at", UtcTime),
    Index("ix_drafts_by_state", "instance_id", "state", "expires_at"),
    Index(None, "answers"),
    Index(None, "note_id"),
    sqlite_autoincrement=True,
)

notes = Table(
    "notes",
    metadata,
    Column("seq", Number, ForeignKey("messages.seq", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("about", Number, nullable=False),  # the seq of the message whose text the note may contain
    Index(None, "about"),
)
"""Notes to owners, in their own chats, about other people's messages."""

usage = Table(
    "usage",
    metadata,
    Column("instance_id", String, ForeignKey("bots.instance_id", ondelete="CASCADE"), primary_key=True),
    Column("day", String(10), primary_key=True),  # ISO 8601, UTC
    Column("conversation", String, primary_key=True),  # empty: no longer assigned to a conversation
    Column("model", String, primary_key=True),  # the vendor's name for it; empty if it gives none
    Column("currency", String(3), primary_key=True),  # of `cost`; empty: calls with an unknown price
    Column("calls", BigInteger, nullable=False),
    Column("uncounted", BigInteger, nullable=False),  # calls with unknown token counts
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False),  # millionths
    Index("ix_usage_by_day", "day"),
)

exams = Table(
    "exams",
    metadata,
    Column("number", Number, primary_key=True),
    _bot(),
    Column("state", String(16), nullable=False),
    Column("place", String),  # the node that runs it; the exam has stopped if another node owns the bot
    Column("begun_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("score", Float),
    Column("body", Text, nullable=False),  # JSON
    Index(None, "instance_id"),
    sqlite_autoincrement=True,
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("mark", String(64), primary_key=True),  # a hash; it cannot be used to sign in
    Column("began_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)

gone = Table(
    "gone",
    metadata,
    Column("instance_id", String, ForeignKey("bots.instance_id", ondelete="CASCADE"), primary_key=True),
    Column("mark", String(64), primary_key=True),  # keyed hash of a forgotten message; reveals nothing of it
    Column("marked_at", UtcTime, nullable=False),
    Index(None, "marked_at"),
)

provider_state = Table(
    "provider_state",
    metadata,
    Column("instance_id", String, ForeignKey("bots.instance_id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
