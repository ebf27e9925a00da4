"""Counts of messages that could not be read here and that, as far as is known, the owner has not seen on the phone."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, func, select

from imposter.contracts.messages import UNREADABLE, MessageKind, Source
from imposter.storage.schema.tables import messages

AFTER = timedelta(minutes=2)
"""The sender's phone sends an unreadable message again. After this time, that is no longer expected."""
FOR = timedelta(days=7)

_read, _later = messages.alias("read"), messages.alias("later")
_id = messages.c.message_id
came_readable = exists().where(
    _read.c.instance_id == messages.c.instance_id,
    _read.c.conversation == messages.c.conversation,
    _id.endswith(f"/{UNREADABLE}", autoescape=True),
    _read.c.message_id == func.replace(_id, f"/{UNREADABLE}", ""),
)
_owner_was_there = exists().where(
    _later.c.instance_id == messages.c.instance_id,
    _later.c.conversation == messages.c.conversation,
    _later.c.source == Source.OWNER,
    _later.c.seq > messages.c.seq,
)


def _by(column: Any) -> Select[Any]:
    return (
        select(column, func.count())
        .where(messages.c.instance_id.in_(bindparam("bots", expanding=True)))
        .where(messages.c.kind == MessageKind.UNREADABLE, messages.c.source == Source.CONTACT)
        .where(messages.c.received_at > bindparam("since"), messages.c.received_at < bindparam("until"))
        .where(messages.c.group_id.is_(None), ~came_readable, ~_owner_was_there)
        .group_by(column)
    )


_BY_BOT, _BY_CHAT = _by(messages.c.instance_id), _by(messages.c.conversation)


def counts(connection: Connection, instance_ids: Collection[str], now: datetime) -> dict[str, int]:
    """Return the counts by bot. Bots without such messages are left out."""
    return _counted(connection, _BY_BOT, instance_ids, now)


def counts_in(connection: Connection, instance_id: str, now: datetime) -> dict[str, int]:
    """Return the counts of one bot by conversation. Conversations without such messages are left out."""
    return _counted(connection, _BY_CHAT, [instance_id], now)


def _counted(connection: Connection, statement: Select[Any], bots: Collection[str], now: datetime) -> dict[str, int]:
    found = connection.execute(statement, {"bots": list(bots), "since": now - FOR, "until": now - AFTER})
    return {row[0]: row[1] for row in found}
