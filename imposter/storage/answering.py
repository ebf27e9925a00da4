"""The answer to what waited, and its way out, in one commit."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert

from imposter.contracts.messages import Source
from imposter.storage import claims, disappearing, usage
from imposter.storage.records import Claim, DeliveryState, MessageState, Outgoing, Part, Usage
from imposter.storage.rows import SELECT_OUTGOING, outgoing
from imposter.storage.storable import clean
from imposter.storage.tables import anchor, messages, outbox

_is_waiting = messages.c.state == MessageState.WAITING
_MARK_ANSWERED = (
    update(messages)
    # The bot's own: after a fail-over to an older copy a number may be given again.
    .where(messages.c.seq == bindparam("answered"), messages.c.instance_id == bindparam("claimed"))
    .where(_is_waiting, claims.held)
    .where(messages.c.changed.is_not(true()))
    .values(state=MessageState.ANSWERED, reason=None, joined=None, trace=bindparam("why"))
    .returning(
        messages.c.instance_id,
        messages.c.conversation,
        messages.c.group_id,
        messages.c.group_name,
        messages.c.reply_to,
    )
)
_MARK_JOINED = (
    update(messages)
    .where(messages.c.seq == bindparam("earlier"), _is_waiting)
    .values(state=MessageState.ANSWERED, reason=None, joined=bindparam("last"))
)
# SQLite's compiler knows this of PostgreSQL's, too.
_ADD_TURN = (
    upsert(messages)
    .on_conflict_do_nothing(index_elements=["instance_id", "conversation", "message_id"])
    .returning(messages.c.seq)
)
_ADD_DELIVERY = insert(outbox)
_in_chat = (messages.c.instance_id == bindparam("instance_id"), messages.c.conversation == bindparam("conversation"))
_PLACE = select(anchor).where(*_in_chat, messages.c.message_id == bindparam("message_id"))
_QUESTION = select(
    messages.c.instance_id,
    messages.c.conversation,
    messages.c.group_id,
    messages.c.group_name,
    messages.c.reply_to,
).where(messages.c.seq == bindparam("asked"))
_PARTS = SELECT_OUTGOING.where(*_in_chat, anchor == bindparam("question")).order_by(outbox.c.seq)


class Question(NamedTuple):
    """Where an answer belongs."""

    instance_id: str
    conversation: str
    group_id: str | None
    group_name: str | None
    reply_to: str
    seq: int | None
    """Of the message that it answers; None where it answers none."""


def answer(
    connection: Connection,
    claim: Claim,
    seqs: Sequence[int],
    parts: Sequence[Part],
    trace: str | None,
    used: Sequence[Usage],
    now: datetime,
) -> list[Outgoing]:
    """See `MessageStore.answer`."""
    *earlier, last = seqs
    place = connection.execute(_MARK_ANSWERED, claims.of(claim) | {"answered": last, "why": trace}).first()
    if place is None:
        claims.check(connection, claim)
    usage.record(connection, claim.instance_id, last, used, None if place is None else str(place.conversation))
    if place is None:
        return []
    if earlier:
        connection.execute(_MARK_JOINED, [{"earlier": seq, "last": last} for seq in earlier])
    return put(connection, Question._make((*place, last)), parts, now)


def question(connection: Connection, seq: int) -> Question:
    """The place of an answer to this message."""
    return Question._make((*connection.execute(_QUESTION, {"asked": seq}).one(), seq))


def put(
    connection: Connection,
    place: Question,
    parts: Sequence[Part],
    now: datetime,
    *,
    source: Source = Source.BOT,
    reason: str | None = None,
) -> list[Outgoing]:
    """Store these in the conversation and the outbox. Where the first's id is stored, those that stand are given."""
    going: list[Outgoing] = []
    seconds = disappearing.seconds_in(connection, place.instance_id, place.conversation)
    for part in parts:
        key = {"instance_id": place.instance_id, "message_id": part.message_id}
        content = clean(part.text)
        added = connection.execute(
            _ADD_TURN,
            key
            | {
                "conversation": place.conversation,
                "source": source,
                "content": content,
                "characters": len(content),
                "sender_id": source,
                "sender_name": "",
                "group_id": place.group_id,
                "group_name": place.group_name,
                "reply_to": place.reply_to,
                "sent_at": now,
                "received_at": now,
                "state": MessageState.CONTEXT,
                "reason": reason,
                "answers": place.seq,
                "disappears_after": seconds,
                "disappears_at": disappearing.end(now, seconds),
            },
        )
        turn: int | None = added.scalar_one() if going else added.scalar_one_or_none()
        if turn is None:
            stands = key | {"conversation": place.conversation}
            there = {"question": connection.execute(_PLACE, stands).scalar_one()}
            return [outgoing(row) for row in connection.execute(_PARTS, stands | there)]
        state = DeliveryState.PENDING
        connection.execute(
            _ADD_DELIVERY,
            key | {"seq": turn, "state": state, "attempts": 0, "created_at": now, "due_at": part.due_at},
        )
        going.append(
            Outgoing(
                part.message_id,
                place.instance_id,
                place.conversation,
                place.reply_to,
                content,
                state,
                0,
                now,
                part.due_at,
                source,
                seconds,
            )
        )
    return going
