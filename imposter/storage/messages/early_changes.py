"""Edits and deletions that wait because their target has not arrived or their sender's ids were not known.

A waiting change is stored as a row like any other message, with the id of its target.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from imposter.contracts.messages import Message, MessageKind, Source
from imposter.domain.messages import Judge, StoredMessage
from imposter.storage.conversation.identity import ConversationAliases, locate
from imposter.storage.messages.changes import ChangeOutcome, apply, came_as, drop
from imposter.storage.schema.connection_cache import changes_wait
from imposter.storage.schema.rows import SELECT_STORED, received, stored
from imposter.storage.schema.secure_delete import leave
from imposter.storage.schema.tables import messages

LONGEST_WAIT = timedelta(hours=24)
MOST = 500
"""The most waiting changes of one bot."""

_waits = (
    messages.c.instance_id == bindparam("instance_id"),
    messages.c.changes.is_not(None),
    messages.c.received_at > bindparam("since"),
)
_LAST = select(func.max(messages.c.received_at)).where(*_waits)
_COUNT = select(func.count()).where(*_waits)
_SELECT = SELECT_STORED.add_columns(messages.c.changes, messages.c.deletes_of).order_by(messages.c.sent_at)
# Of any age: with an age condition, SQLite would scan all waiting changes by age instead of these.
_FOR_THIS = _SELECT.where(
    messages.c.instance_id == bindparam("instance_id"),
    messages.c.conversation == bindparam("conversation"),
    messages.c.changes.in_(bindparam("names", expanding=True)),
)
_BY_THESE = _SELECT.where(
    *_waits,
    (messages.c.conversation == bindparam("conversation"))
    | messages.c.sender_id.in_(bindparam("ids", expanding=True))
    | messages.c.deletes_of.in_(bindparam("ids", expanding=True)),
)
_most = (
    select(messages.c.conversation, messages.c.sender_id)
    .where(*_waits)
    .group_by(messages.c.conversation, messages.c.sender_id)
    .order_by(func.count().desc())
    .limit(1)
    .subquery()
)
_OLDEST_OF_MOST = (
    select(func.min(messages.c.seq))
    .join(_most, (_most.c.conversation == messages.c.conversation) & (_most.c.sender_id == messages.c.sender_id))
    .where(*_waits)
)
_LET_GO = (
    update(messages)
    .where(messages.c.seq == bindparam("target"))
    .values(changes=None, deletes_of=None, content="", characters=0, details=None)
)


def keep(connection: Connection, instance_id: str, now: datetime) -> None:
    """Note that one more change waits. Above MOST, drop the oldest of the sender with the most in one chat.

    This way, a flood of changes takes no place from other senders.
    """
    changes_wait(connection)[instance_id] = now + LONGEST_WAIT
    recent = {"instance_id": instance_id, "since": now - LONGEST_WAIT}
    if connection.execute(_COUNT, recent).scalar_one() > MOST:
        connection.execute(_LET_GO, {"target": connection.execute(_OLDEST_OF_MOST, recent).scalar_one()})
        leave(connection)


def catch_up(
    connection: Connection,
    instance_id: str,
    place: ConversationAliases,
    message: Message,
    longest: int,
    judge: Judge,
    now: datetime,
) -> None:
    """Apply waiting edits and deletions to `message`, which was just stored."""
    here = {"conversation": place.conversation, "names": sorted({message.message_id, came_as(message)})}
    found = connection.execute(_FOR_THIS, {"instance_id": instance_id} | here).all()
    waiting = ((row, message.message_id) for row in found if row.received_at > now - LONGEST_WAIT)
    _do(connection, waiting, longest, judge, now)


def follow_merger(
    connection: Connection, instance_id: str, place: ConversationAliases, longest: int, judge: Judge, now: datetime
) -> frozenset[str]:
    """Apply changes that waited because two ids were not known to belong to one person.

    Return the conversations with an answer to generate again.
    """
    remade = set()
    for twin in place.twins:
        change = _what_it_became(twin)
        keeps = judge(change, place.known_ids).keeps_wording
        if apply(connection, instance_id, place, change, keeps, longest, judge, now) is ChangeOutcome.REMAKES:
            remade.add(place.conversation)
    if any_wait(connection, instance_id, now):
        theirs = {"conversation": place.conversation, "ids": sorted(place.known_ids)}
        found = connection.execute(_BY_THESE, {"instance_id": instance_id, "since": now - LONGEST_WAIT} | theirs).all()
        remade |= _do(connection, ((row, row.changes) for row in found), longest, judge, now)
    return frozenset(remade)


def _do(
    connection: Connection, waiting: Iterable[tuple[Any, str]], longest: int, judge: Judge, now: datetime
) -> set[str]:
    """Apply changes, each given with the id of its target.

    Return the conversations with an answer to generate again.
    """
    remade = set()
    for (*columns, _, over), changed in waiting:
        late = stored(columns)
        change = replace(received(late), changes=changed, by_admin=over is not None, changes_of=over or None)
        place = locate(connection, late.instance_id, change)
        keeps = judge(change, place.known_ids).keeps_wording
        done = apply(connection, late.instance_id, place, change, keeps, longest, judge, now)
        if done in (ChangeOutcome.DONE, ChangeOutcome.REMAKES):
            drop(connection, late.seq)
        if done is ChangeOutcome.REMAKES:
            remade.add(late.conversation)
    return remade


def any_wait(connection: Connection, instance_id: str, now: datetime) -> bool:
    """Return whether changes may be waiting."""
    until = changes_wait(connection)
    if instance_id not in until:
        recent = {"instance_id": instance_id, "since": now - LONGEST_WAIT}
        last: datetime | None = connection.execute(_LAST, recent).scalar_one()
        until[instance_id] = now if last is None else last + LONGEST_WAIT
    return until[instance_id] > now


def _what_it_became(twin: StoredMessage) -> Message:
    """Return the edit or deletion that brought a message to its present form."""
    kind = MessageKind.EDIT if twin.deleted_at is None else MessageKind.DELETION
    at = twin.deleted_at or twin.edited_at or twin.sent_at
    source = Source.CONTACT if twin.source is Source.CONTACT else Source.OWNER
    return replace(received(twin), changes=twin.message_id, kind=kind, sent_at=at, source=source)
