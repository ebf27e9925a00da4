"""Deletion of messages that have disappeared from their chats."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, exists, select

from imposter.domain.deliveries import DeliveryState
from imposter.domain.drafts import DraftState
from imposter.domain.messages import MessageState
from imposter.storage.conversation import summaries
from imposter.storage.messages import owner_notes
from imposter.storage.schema.secure_delete import leave
from imposter.storage.schema.tables import drafts, messages, outbox

AT_ONCE = 100
"""Messages deleted in one commit."""

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


def delete_ended(connection: Connection, now: datetime) -> int:
    """Delete some expired messages and the notes about them, and return their number. Unsent messages stay."""
    rows = connection.execute(_ENDED, {"now": now}).all()
    if rows:
        for row in rows:
            place = row.answers or row.seq
            summaries.forget_from(connection, row.instance_id, row.conversation, place, now, is_gone=True)
            owner_notes.forget_about(connection, row.seq)
        connection.execute(_DELETE, {"seqs": [row.seq for row in rows]})
        leave(connection)
    return len(rows)
