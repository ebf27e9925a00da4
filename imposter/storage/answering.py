"""The answer to what waited, and its way out, in one commit."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from imposter.contracts.messages import Source
from imposter.storage import claims
from imposter.storage.intake import clean
from imposter.storage.records import Claim, DeliveryState, MessageState, Outgoing, Part
from imposter.storage.rows import SELECT_OUTGOING, outgoing
from imposter.storage.tables import anchor, messages, outbox

_is_waiting = messages.c.state == MessageState.WAITING
_MARK_ANSWERED = (
    update(messages)
    .where(messages.c.seq == bindparam("answered"), _is_waiting, claims.held)
    .values(state=MessageState.ANSWERED, reason=None, trace=bindparam("why"))
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
_ANSWERS = select(messages.c.answers).where(
    *_in_chat, messages.c.message_id == bindparam("message_id"), messages.c.answers.is_not(None)
)
_PARTS = SELECT_OUTGOING.where(*_in_chat, anchor == bindparam("question")).order_by(outbox.c.seq)


def answer(
    connection: Connection, claim: Claim, seqs: Sequence[int], parts: Sequence[Part], trace: str | None, now: datetime
) -> list[Outgoing]:
    """See `MessageStore.answer`."""
    *earlier, last = seqs
    question = connection.execute(_MARK_ANSWERED, claims.of(claim) | {"answered": last, "why": trace}).first()
    if question is None:
        claims.check(connection, claim)
        return []
    if earlier:
        connection.execute(_MARK_JOINED, [{"earlier": seq, "last": last} for seq in earlier])
    instance_id, conversation, group_id, group_name, reply_to = question
    going: list[Outgoing] = []
    for part in parts:
        key = {"instance_id": instance_id, "message_id": part.message_id}
        content = clean(part.text)
        added = connection.execute(
            _ADD_TURN,
            key
            | {
                "conversation": conversation,
                "source": Source.BOT,
                "content": content,
                "characters": len(content),
                "sender_id": Source.BOT,
                "sender_name": "",
                "group_id": group_id,
                "group_name": group_name,
                "reply_to": reply_to,
                "sent_at": now,
                "received_at": now,
                "state": MessageState.CONTEXT,
                "answers": last,
            },
        )
        turn: int | None = added.scalar_one() if going else added.scalar_one_or_none()
        if turn is None:
            place = key | {"conversation": conversation}
            there = {"question": connection.execute(_ANSWERS, place).scalar_one()}
            return [outgoing(row) for row in connection.execute(_PARTS, place | there)]
        state = DeliveryState.PENDING
        connection.execute(
            _ADD_DELIVERY,
            key | {"seq": turn, "state": state, "attempts": 0, "created_at": now, "due_at": part.due_at},
        )
        going.append(
            Outgoing(part.message_id, instance_id, conversation, reply_to, content, state, 0, now, part.due_at)
        )
    return going
