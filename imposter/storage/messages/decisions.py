"""Queries for why a message was answered or not."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, exists, func, select, true

from imposter.contracts.messages import Source
from imposter.domain.decisions import Decision, Wording
from imposter.domain.deliveries import DeliveryState, PartRow
from imposter.domain.messages import CHANGED, DRAFTED, MessageState
from imposter.domain.pauses import TAKEOVER
from imposter.storage.conversation.identity import known_ids
from imposter.storage.schema.rows import SELECT_STORED, received, stored
from imposter.storage.schema.tables import anchor, drafts, messages, outbox, wordings

_together = func.coalesce(messages.c.joined, messages.c.seq)
_of_bot = messages.c.instance_id == bindparam("instance_id")
_of_chat = (_of_bot, messages.c.conversation == bindparam("conversation"))
_MESSAGE = SELECT_STORED.where(
    _of_bot,
    messages.c.seq == bindparam("asked"),
    messages.c.answers.is_(None),
    (messages.c.source != Source.BOT) | outbox.c.seq.is_(None),  # a note in the owner's own chat answers nothing
)
_GROUP = (
    select(messages.c.seq, messages.c.trace)
    .where(*_of_chat, messages.c.answers.is_(None), _together == bindparam("last"))
    .order_by(messages.c.seq)
)
_PARTS: Select[Any] = (
    select(outbox.c.message_id, outbox.c.state, outbox.c.reason, outbox.c.due_at, outbox.c.sent_at)
    .join(messages, messages.c.seq == outbox.c.seq)
    .where(*_of_chat, anchor == bindparam("last"))
    .order_by(outbox.c.seq)
)

_OWNER = select(
    func.max(case((messages.c.seq < bindparam("asked"), messages.c.sent_at))).label("owner_before"),
    func.min(case((messages.c.seq > bindparam("asked"), messages.c.sent_at))).label("owner_after"),
).where(*_of_chat, messages.c.source == Source.OWNER, messages.c.reacts_to.is_(None))

# A text sent while the draft was made ("let me check") is not an answer, nor is an answer that is held back.
_IS_ANSWERED = (
    select(outbox.c.seq)
    .join(messages, messages.c.seq == outbox.c.seq)
    .where(
        *_of_chat,
        messages.c.answers == bindparam("last"),
        ~((outbox.c.state == DeliveryState.PENDING) & (func.coalesce(outbox.c.reason, "") == CHANGED)),
        ~exists().where(drafts.c.answers == bindparam("last"), drafts.c.created_at == outbox.c.created_at),
    )
)
_IS_OUTDATED = select(messages.c.seq).where(messages.c.seq == bindparam("asked"), messages.c.changed.is_(true()))
_DRAFTED_BECAUSE = (
    select(drafts.c.why).where(drafts.c.answers == bindparam("last")).order_by(drafts.c.number.desc()).limit(1)
)
_WORDINGS = (
    select(wordings.c.content, wordings.c.until).where(wordings.c.seq == bindparam("asked")).order_by(wordings.c.number)
)


def decision(connection: Connection, instance_id: str, seq: int, now: datetime) -> Decision | None:
    """Return the decision about a message; None if there is no such message or the bot wrote it."""
    found = connection.execute(_MESSAGE, {"instance_id": instance_id, "asked": seq}).first()
    if found is None:
        return None
    message = stored(found)
    last = message.joined or message.seq
    place = {"instance_id": instance_id, "conversation": message.conversation, "last": last, "asked": seq}
    group = connection.execute(_GROUP, place).all()
    more: dict[str, Any] = {}
    if message.state is MessageState.WAITING:
        more["known_ids"] = known_ids(connection, instance_id, received(message))
    if message.reason == TAKEOVER:
        more |= connection.execute(_OWNER, place).mappings().one()
    if message.reason == DRAFTED:
        more["drafted_because"] = connection.execute(_DRAFTED_BECAUSE, place).scalar_one_or_none()
    if message.deleted_at:
        more["is_outdated"] = connection.execute(_IS_ANSWERED, place).first() is not None
    elif message.edited_at and message.state is MessageState.ANSWERED:
        more["is_outdated"] = connection.execute(_IS_OUTDATED, place).first() is not None
    if message.edited_at or message.deleted_at:
        more["wordings"] = tuple(Wording(*row) for row in connection.execute(_WORDINGS, {"asked": seq}))
    return Decision(
        message,
        tuple(row.seq for row in group),
        next((row.trace for row in group if row.seq == last), None),
        tuple(PartRow(*row) for row in connection.execute(_PARTS, place)),
        now,
        **more,
    )
