"""Chats whose messages disappear: how long they stay there, and deleting them when their time is over."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, exists, select

from imposter.domain.deliveries import DeliveryState
from imposter.domain.drafts import DraftState
from imposter.domain.messages import MessageState
from imposter.storage.conversation import summaries
from imposter.storage.messages import owner_notes
from imposter.storage.schema.connection_cache import never_disappears
from imposter.storage.schema.secure_delete import leave
from imposter.storage.schema.tables import drafts, messages, outbox

AT_ONCE = 100
"""Messages deleted in one commit."""
LONGEST_LIFE = 10 * 365 * 86_400
"""Seconds. Whoever says that theirs lasts longer does not mean it."""

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
_ENDED = (
    select(messages.c.seq, messages.c.instance_id, messages.c.conversation, messages.c.answers)
    .join(outbox, outbox.c.seq == messages.c.seq, isouter=True)
    .where(messages.c.disappears_at <= bindparam("now"), messages.c.state != MessageState.WAITING)
    .where(outbox.c.state.is_(None) | outbox.c.state.not_in([DeliveryState.PENDING, DeliveryState.SENDING]))
    .where(~exists().where(drafts.c.answers == messages.c.seq, drafts.c.state == DraftState.OPEN))
    .order_by(messages.c.disappears_at)
    .limit(AT_ONCE)
)
_DELETE = delete(messages).where(messages.c.seq.in_(bindparam("seqs", expanding=True)))


def bounded(seconds: int | None) -> int | None:
    """As it is stored."""
    return seconds if seconds is None else max(0, min(seconds, LONGEST_LIFE))


def end(sent_at: datetime, seconds: int | None) -> datetime | None:
    """When a message disappears that was sent then; None: never, as far as is known."""
    seconds = bounded(seconds)
    return sent_at + timedelta(seconds=seconds) if seconds else None


def seconds_in(connection: Connection, instance_id: str, conversation: str) -> int | None:
    """After how long messages of the chat disappear, as its newest message that says so has it; None: they do not."""
    if not _any_do(connection, instance_id):
        return None
    there = {"instance_id": instance_id, "conversation": conversation}
    return connection.execute(_NEWEST, there).scalar_one_or_none() or None


def seconds_around(connection: Connection, instance_id: str, seq: int) -> int | None:
    """The same of the chat that this message is in."""
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


def delete_ended(connection: Connection, now: datetime) -> int:
    """Delete some whose time is over, and notes that were made of them. Gives how many; what is on its way stays."""
    rows = connection.execute(_ENDED, {"now": now}).all()
    if rows:
        for row in rows:
            place = row.answers or row.seq
            summaries.forget_from(connection, row.instance_id, row.conversation, place, now, is_gone=True)
            owner_notes.forget_about(connection, row.seq)
        connection.execute(_DELETE, {"seqs": [row.seq for row in rows]})
        leave(connection)
    return len(rows)
