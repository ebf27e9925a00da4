"""Conversion of table rows to domain objects."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import false, func, select

from imposter.contracts.messages import Group, Message, Sender
from imposter.domain.deliveries import Outgoing
from imposter.domain.messages import StoredMessage
from imposter.storage.schema.tables import messages, outbox

SELECT_STORED = select(
    messages.c.seq,
    messages.c.instance_id,
    messages.c.conversation,
    messages.c.message_id,
    messages.c.source,
    messages.c.content,
    messages.c.sender_id,
    messages.c.sender_name,
    messages.c.group_id,
    messages.c.group_name,
    messages.c.reply_to,
    messages.c.sent_at,
    messages.c.received_at,
    messages.c.state,
    messages.c.reason,
    messages.c.truncated_from,
    messages.c.answers,
    messages.c.joined,
    outbox.c.state.label("delivery"),
    outbox.c.reason.label("delivery_reason"),
    func.coalesce(messages.c.addressed, false()).label("addressed"),
    messages.c.quotes,
    messages.c.reacts_to,
    messages.c.unseen,
    messages.c.kind,
    func.coalesce(messages.c.details, "").label("details"),
    messages.c.quoted,
    messages.c.mentions,
    func.coalesce(messages.c.forwarded, false()).label("forwarded"),
    messages.c.edited_at,
    messages.c.deleted_at,
    func.coalesce(messages.c.edits, 0).label("edits"),
).select_from(messages.outerjoin(outbox, outbox.c.seq == messages.c.seq))
"""Columns in the order of StoredMessage's fields."""

SELECT_OUTGOING = select(
    outbox.c.message_id,
    outbox.c.instance_id,
    messages.c.conversation,
    messages.c.reply_to,
    messages.c.content,
    outbox.c.state,
    outbox.c.attempts,
    outbox.c.created_at,
    outbox.c.due_at,
    messages.c.source,
    messages.c.disappears_after,
).select_from(outbox.join(messages, outbox.c.seq == messages.c.seq))
"""Columns in the order of Outgoing's fields."""


def stored(row: Sequence[Any]) -> StoredMessage:
    return StoredMessage(*row)


def received(row: StoredMessage) -> Message:
    """Return the message as it was received, so that the rules can judge it again."""
    return Message(
        message_id=row.message_id,
        content=row.content,
        sender=Sender(row.sender_id, row.sender_name),
        source=row.source,
        sent_at=row.sent_at,
        reply_to=row.reply_to,
        chat=(row.conversation,),
        group=None if row.group_id is None else Group(row.group_id, row.group_name or ""),
        addressed=row.addressed,
        quotes=row.quotes,
        reacts_to=row.reacts_to,
        unseen=row.unseen,
        kind=row.kind,
        details=row.details,
        quoted=row.quoted,
        mentions=row.mentions,
        forwarded=row.forwarded,
    )


def outgoing(row: Sequence[Any]) -> Outgoing:
    return Outgoing(*row)
