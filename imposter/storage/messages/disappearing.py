"""The lifetime of messages in chats whose messages disappear."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from imposter.storage.schema.connection_cache import never_disappears
from imposter.storage.schema.tables import messages

LONGEST_LIFE = 10 * 365 * 86_400
"""Seconds. A longer lifetime is not meant seriously."""

_says = messages.c.disappears_after.is_not(None)
_OF_BOT = select(messages.c.seq).where(messages.c.instance_id == bindparam("instance_id"), _says).limit(1)
_NEWEST = (
    select(messages.c.disappears_after)
    .where(messages.c.instance_id == bindparam("instance_id"), messages.c.conversation == bindparam("conversation"))
    .where(_says)
    .order_by(messages.c.seq.desc())
    .limit(1)
)
_CONVERSATION = select(messages.c.conversation).where(messages.c.seq == bindparam("seq"))


def bounded(seconds: int | None) -> int | None:
    """Return a lifetime within the range that is stored."""
    return seconds if seconds is None else max(0, min(seconds, LONGEST_LIFE))


def end(sent_at: datetime, seconds: int | None) -> datetime | None:
    """Return when a message sent at `sent_at` disappears; None if it does not, as far as is known."""
    seconds = bounded(seconds)
    return sent_at + timedelta(seconds=seconds) if seconds else None


def seconds_in(connection: Connection, instance_id: str, conversation: str) -> int | None:
    """Return the lifetime in seconds from the chat's newest message that states one; None if messages stay."""
    if not _any_do(connection, instance_id):
        return None
    there = {"instance_id": instance_id, "conversation": conversation}
    return connection.execute(_NEWEST, there).scalar_one_or_none() or None


def seconds_around(connection: Connection, instance_id: str, seq: int) -> int | None:
    """Return the lifetime, as in `seconds_in`, for the chat of this message."""
    if not _any_do(connection, instance_id):
        return None
    conversation: str | None = connection.execute(_CONVERSATION, {"seq": seq}).scalar_one_or_none()
    return None if conversation is None else seconds_in(connection, instance_id, conversation)


def _any_do(connection: Connection, instance_id: str) -> bool:
    none = never_disappears(connection)
    if instance_id in none:
        return False
    if connection.execute(_OF_BOT, {"instance_id": instance_id}).first() is None:
        none.add(instance_id)
        return False
    return True
