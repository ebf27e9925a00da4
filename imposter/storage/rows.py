"""From table rows to records."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from imposter.storage.records import Outgoing, StoredMessage
from imposter.storage.tables import messages, outbox

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
    outbox.c.state.label("delivery"),
    outbox.c.reason.label("delivery_reason"),
).select_from(messages.outerjoin(outbox, outbox.c.seq == messages.c.seq))
"""In the order of StoredMessage's fields."""

SELECT_OUTGOING = select(
    outbox.c.message_id,
    outbox.c.instance_id,
    messages.c.conversation,
    messages.c.reply_to,
    messages.c.content,
    outbox.c.state,
    outbox.c.attempts,
).select_from(outbox.join(messages, outbox.c.seq == messages.c.seq))
"""In the order of Outgoing's fields."""


def stored(row: Sequence[Any]) -> StoredMessage:
    return StoredMessage(*row)


def outgoing(row: Sequence[Any]) -> Outgoing:
    return Outgoing(*row)
