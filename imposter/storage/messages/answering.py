"""Storing an answer and its deliveries in one commit."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, exists, insert, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.dml import ReturningInsert

from imposter.contracts.messages import Source
from imposter.domain.claims import Claim
from imposter.domain.deliveries import DeliveryState, Outgoing, Part
from imposter.domain.messages import MessageState
from imposter.domain.usage import Usage
from imposter.storage.database import round_trips
from imposter.storage.messages import disappearing
from imposter.storage.reports import usage
from imposter.storage.schema import fencing
from imposter.storage.schema.rows import SELECT_OUTGOING, outgoing
from imposter.storage.schema.storable_text import clean
from imposter.storage.schema.tables import anchor, messages, outbox

_is_waiting = messages.c.state == MessageState.WAITING
_MARK_ANSWERED = (
    update(messages)
    # The instance id is checked as well: after a fail-over to an older database copy, a seq may be assigned twice.
    .where(messages.c.seq == bindparam("answered"), messages.c.instance_id == bindparam("claimed"))
    .where(_is_waiting, fencing.held)
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
_question = messages.alias("question")
_question_waits = (
    _question.c.seq == bindparam("answered"),
    _question.c.instance_id == bindparam("claimed"),
    _question.c.state == MessageState.WAITING,
    _question.c.changed.is_not(true()),
    fencing.held,
)
_MARK_JOINED = (
    update(messages)
    .where(messages.c.seq == bindparam("earlier"), messages.c.instance_id == bindparam("claimed"), _is_waiting)
    .values(state=MessageState.ANSWERED, reason=None, joined=bindparam("answered"))
)
_JOIN_WHERE_IT_WAITS = _MARK_JOINED.where(exists(select(_question.c.seq).where(*_question_waits)))
_OF_PART = (
    "instance_id",
    "message_id",
    "source",
    "content",
    "characters",
    "sender_id",
    "sender_name",
    "sent_at",
    "received_at",
    "state",
    "answers",
    "disappears_after",
    "disappears_at",
)
_OF_QUESTION = ("conversation", "group_id", "group_name", "reply_to")
_part, _first = messages.alias("part"), messages.alias("first")


def _adding_part(*which: ColumnElement[bool]) -> ReturningInsert[Any]:
    columns = (bindparam(name, type_=messages.c[name].type) for name in _OF_PART)
    rows = select(*columns, *(_question.c[name] for name in _OF_QUESTION)).where(*_question_waits, *which)
    return (
        upsert(messages)
        .from_select([*_OF_PART, *_OF_QUESTION], rows)
        .on_conflict_do_nothing(index_elements=["instance_id", "conversation", "message_id"])
        .returning(messages.c.seq)
    )


_ADD_FIRST_PART = _adding_part()
_ADD_NEXT_PART = _adding_part(
    exists(
        select(_first.c.seq).where(
            _first.c.instance_id == _question.c.instance_id,
            _first.c.conversation == _question.c.conversation,
            _first.c.message_id == bindparam("first"),
            _first.c.answers == _question.c.seq,
            _first.c.received_at == bindparam("received_at"),  # it was added by this call
        )
    )
)
_ADD_DELIVERY_OF_PART = (
    upsert(outbox)
    .from_select(
        ["seq", "instance_id", "message_id", "state", "attempts", "created_at", "due_at"],
        select(
            _part.c.seq,
            _part.c.instance_id,
            _part.c.message_id,
            *(bindparam(name, type_=outbox.c[name].type) for name in ("state", "attempts", "created_at", "due_at")),
        ).where(
            _part.c.instance_id == bindparam("instance_id"),
            _part.c.conversation
            == select(_question.c.conversation).where(_question.c.seq == bindparam("answered")).scalar_subquery(),
            _part.c.message_id == bindparam("message_id"),
            _part.c.source == Source.BOT,
            _part.c.answers == bindparam("answered"),
            _part.c.received_at == bindparam("created_at", type_=outbox.c.created_at.type),  # it was added by this call
        ),
    )
    .on_conflict_do_nothing()
)
# SQLite's compiler also supports PostgreSQL's `on_conflict` clause.
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


class AnswerPlace(NamedTuple):
    """The place of an answer: its bot, conversation and recipient."""

    instance_id: str
    conversation: str
    group_id: str | None
    group_name: str | None
    reply_to: str
    seq: int | None
    """The seq of the message that it answers; None if it answers none."""


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
    if round_trips.matter(connection):
        return _answer_at_once(connection, claim, earlier, last, parts, trace, used, now)
    place = connection.execute(_MARK_ANSWERED, fencing.of(claim) | {"answered": last, "why": trace}).first()
    if place is None:
        fencing.check(connection, claim)
    usage.record(connection, claim.instance_id, last, used)
    if place is None:
        return []
    if earlier:
        connection.execute(_MARK_JOINED, [fencing.of(claim) | {"earlier": seq, "answered": last} for seq in earlier])
    return put(connection, AnswerPlace._make((*place, last)), parts, now)


def _answer_at_once(
    connection: Connection,
    claim: Claim,
    earlier: Sequence[int],
    last: int,
    parts: Sequence[Part],
    trace: str | None,
    used: Sequence[Usage],
    now: datetime,
) -> list[Outgoing]:
    """Store the answer in one round trip. Each statement checks itself whether the question still waits."""
    bot, seconds = claim.instance_id, disappearing.seconds_around(connection, claim.instance_id, last)
    guarded = fencing.of(claim) | {"answered": last}
    *results, marked = round_trips.execute_together(
        connection,
        *usage.recording(claim, last, used),
        *chain.from_iterable(
            (
                (
                    _ADD_FIRST_PART if part is parts[0] else _ADD_NEXT_PART,
                    guarded | _row(bot, part, Source.BOT, last, seconds, now) | {"first": parts[0].message_id},
                ),
                (_ADD_DELIVERY_OF_PART, guarded | _delivery(bot, part, now)),
            )
            for part in parts
        ),
        *([(_JOIN_WHERE_IT_WAITS, [guarded | {"earlier": seq} for seq in earlier])] if earlier else []),
        (_MARK_ANSWERED, guarded | {"why": trace}),  # last, because all statements before it need waiting messages
        then_commit=True,
    )
    place = marked.first()
    if place is None:
        fencing.check(connection, claim)
        return []
    there = AnswerPlace._make((*place, last))
    if results[len(used)].scalar_one_or_none() is None:
        return _standing(connection, there, parts[0])
    return [_outgoing(there, part, Source.BOT, seconds, now) for part in parts]


def question(connection: Connection, seq: int) -> AnswerPlace:
    """Return the place of an answer to this message."""
    return AnswerPlace._make((*connection.execute(_QUESTION, {"asked": seq}).one(), seq))


def put(
    connection: Connection,
    place: AnswerPlace,
    parts: Sequence[Part],
    now: datetime,
    *,
    source: Source = Source.BOT,
    reason: str | None = None,
) -> list[Outgoing]:
    """Store parts in the conversation and the outbox.

    If the id of the first part is stored already, the stored answer is returned instead.
    """
    going: list[Outgoing] = []
    seconds = disappearing.seconds_in(connection, place.instance_id, place.conversation)
    for part in parts:
        row = _row(place.instance_id, part, source, place.seq, seconds, now) | {"reason": reason}
        added = connection.execute(_ADD_TURN, row | {name: getattr(place, name) for name in _OF_QUESTION})
        turn: int | None = added.scalar_one() if going else added.scalar_one_or_none()
        if turn is None:
            return _standing(connection, place, part)
        connection.execute(_ADD_DELIVERY, _delivery(place.instance_id, part, now) | {"seq": turn})
        going.append(_outgoing(place, part, source, seconds, now))
    return going


def _standing(connection: Connection, place: AnswerPlace, part: Part) -> list[Outgoing]:
    """Return the stored answer that a part with this id belongs to."""
    stands = {
        "instance_id": place.instance_id,
        "conversation": place.conversation,
        "message_id": part.message_id,
    }
    there = {"question": connection.execute(_PLACE, stands).scalar_one()}
    return [outgoing(row) for row in connection.execute(_PARTS, stands | there)]


def _row(
    instance_id: str, part: Part, source: Source, answers: int | None, seconds: int | None, now: datetime
) -> dict[str, Any]:
    """Return the columns of a message, except for those of its place."""
    content = clean(part.text)
    return {
        "instance_id": instance_id,
        "message_id": part.message_id,
        "source": source,
        "content": content,
        "characters": len(content),
        "sender_id": source,
        "sender_name": "",
        "sent_at": now,
        "received_at": now,
        "state": MessageState.CONTEXT,
        "answers": answers,
        "disappears_after": seconds,
        "disappears_at": disappearing.end(now, seconds),
    }


def _delivery(instance_id: str, part: Part, now: datetime) -> dict[str, Any]:
    return {
        "instance_id": instance_id,
        "message_id": part.message_id,
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "created_at": now,
        "due_at": part.due_at,
    }


def _outgoing(place: AnswerPlace, part: Part, source: Source, seconds: int | None, now: datetime) -> Outgoing:
    return Outgoing(
        part.message_id,
        place.instance_id,
        place.conversation,
        place.reply_to,
        clean(part.text),
        DeliveryState.PENDING,
        0,
        now,
        part.due_at,
        source,
        seconds,
    )
