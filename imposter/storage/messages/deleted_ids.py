"""Marks of erased messages, which recognise a message that the platform delivers again because it got no receipt.

A mark is a keyed hash of the message's id and its sender's id. Without the key it reveals neither.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from imposter.contracts.messages import UNREADABLE, Message, Source
from imposter.storage.schema.connection_cache import nothing_gone
from imposter.storage.schema.tables import anchor, gone, messages

MOST = 200
"""The newest messages of a chat that are marked. No platform delivers more messages again than this."""
KEPT = timedelta(days=45)
"""WhatsApp keeps undelivered messages for 30 days."""
ANYBODY = ""
"""The sender in marks of the bot's own messages."""

Hash = Callable[..., str]
"""See `Cipher.keyed_hash`."""

_columns = (messages.c.message_id, messages.c.sender_id, messages.c.source)
_of_bot = messages.c.instance_id == bindparam("instance_id")
_NEWEST = (
    select(*_columns)
    .where(_of_bot, messages.c.conversation == bindparam("conversation"))
    .order_by(anchor.desc(), messages.c.seq.desc())
    .limit(MOST)
)
_NEWEST_IN_GROUPS = (
    select(*_columns)
    .where(_of_bot, messages.c.sender_id == bindparam("sender"), messages.c.conversation == bindparam("conversation"))
    .where(messages.c.source == Source.CONTACT, messages.c.group_id.is_not(None))
    .order_by(messages.c.seq.desc())
    .limit(MOST)
)
_ANY = select(gone.c.mark).where(gone.c.instance_id == bindparam("instance_id")).limit(1)
_KNOWN = (
    select(gone.c.mark)
    .where(gone.c.instance_id == bindparam("instance_id"), gone.c.mark.in_(bindparam("marks", expanding=True)))
    .limit(1)
)
# SQLite's compiler also supports PostgreSQL's `on_conflict` clause.
_MARK = insert(gone).on_conflict_do_nothing(index_elements=["instance_id", "mark"])
_OLD = delete(gone).where(gone.c.marked_at <= bindparam("moment"))


def mark(
    connection: Connection,
    keyed_hash: Hash,
    instance_id: str,
    conversations: Collection[str],
    groups: Collection[str],
    ids: Collection[str],
    now: datetime,
) -> None:
    """Mark the newest messages in these conversations, and those by the person with these ids in these groups."""
    of_bot = {"instance_id": instance_id}
    marks: set[str] = set()
    for conversation in conversations:
        for message_id, sender, source in connection.execute(_NEWEST, of_bot | {"conversation": conversation}):
            senders = {ANYBODY} if source is Source.BOT else {sender, *ids} if sender in ids else {sender}
            marks.update(_marks(keyed_hash, instance_id, message_id, senders))
    for group in groups:
        for each in ids:
            there = of_bot | {"conversation": group, "sender": each}
            for message_id, _, _ in connection.execute(_NEWEST_IN_GROUPS, there):
                marks.update(_marks(keyed_hash, instance_id, message_id, ids))
    if marks:
        connection.execute(_MARK, [of_bot | {"mark": each, "marked_at": now} for each in sorted(marks)])
        nothing_gone(connection).discard(instance_id)


def is_gone(connection: Connection, keyed_hash: Hash, instance_id: str, message: Message) -> bool:
    """Return whether this message was stored before and its sender or chat has been erased."""
    nothing = nothing_gone(connection)
    if instance_id in nothing:
        return False
    if connection.execute(_ANY, {"instance_id": instance_id}).first() is None:
        nothing.add(instance_id)
        return False
    senders = (*message.sender.identifiers, *([ANYBODY] if message.source is Source.OWNER else []))
    marks = list(_marks(keyed_hash, instance_id, message.message_id, senders))
    return connection.execute(_KNOWN, {"instance_id": instance_id, "marks": marks}).first() is not None


def forget_old(connection: Connection, now: datetime) -> int:
    """Delete expired marks and return their number."""
    return connection.execute(_OLD, {"moment": now - KEPT}).rowcount


def _marks(keyed_hash: Hash, instance_id: str, message_id: str, senders: Collection[str]) -> Iterator[str]:
    # A message that is delivered again may be unreadable then, and is stored under an id with a suffix.
    its_own = message_id.removesuffix(f"/{UNREADABLE}")
    return (keyed_hash("gone", instance_id, sender, its_own) for sender in senders)
