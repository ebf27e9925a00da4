"""The bounded queue: which waiting messages have to go."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select, update

from imposter.contracts.config import Limits
from imposter.storage.records import RETRIED, MessageState
from imposter.storage.tables import messages

TOO_OLD = "max_days"
TOO_MANY = "max_messages"
TOO_LONG = "max_characters"

_waiting = (
    messages.c.instance_id == bindparam("instance_id"),
    messages.c.state == MessageState.WAITING,
    messages.c.reason.is_distinct_from(RETRIED),
)
_TOTALS = select(func.count(), func.sum(messages.c.characters), func.min(messages.c.sent_at)).where(*_waiting)
_OLD = select(messages.c.seq, messages.c.characters).where(*_waiting, messages.c.sent_at < bindparam("cutoff"))
_OLDEST_FIRST = select(messages.c.seq, messages.c.characters).where(*_waiting).order_by(messages.c.seq)
_EVICT = (
    update(messages)
    .where(messages.c.seq == bindparam("evicted"))
    .values(state=MessageState.EVICTED, reason=bindparam("why"))
)


def cutoff(limits: Limits, now: datetime) -> datetime:
    """What was sent before this moment is too old."""
    return now - timedelta(seconds=limits.max_age_seconds)


def keep_within(
    connection: Connection,
    instance_id: str,
    limits: Limits,
    now: datetime,
    *,
    busy: Callable[[], Collection[int]],
    newest: int,
) -> dict[int, str]:
    """Evict what is over the limits: what is too old, then oldest first. Gives the reason for each seq evicted.

    What is busy stays, and the newest stays unless it is too old.
    """
    count, characters, oldest = connection.execute(_TOTALS, {"instance_id": instance_id}).one()
    grown_old = oldest < cutoff(limits, now)
    if not grown_old and count <= limits.max_messages and characters <= limits.max_characters:
        return {}
    evicted: dict[int, str] = {}
    busy_now = frozenset(busy())
    if grown_old:
        for seq, length in connection.execute(_OLD, {"instance_id": instance_id, "cutoff": cutoff(limits, now)}):
            if seq not in busy_now:
                evicted[seq] = TOO_OLD
                count, characters = count - 1, characters - length
    if count > limits.max_messages or characters > limits.max_characters:
        with connection.execute(_OLDEST_FIRST, {"instance_id": instance_id}) as rows:
            evicted |= surplus(
                rows,
                count - limits.max_messages,
                characters - limits.max_characters,
                spared={*busy_now, *evicted, newest},
            )
    evict(connection, evicted)
    return evicted


def surplus(
    oldest_first: Iterable[tuple[int, int]], messages_over: int, characters_over: int, *, spared: Collection[int]
) -> dict[int, str]:
    """The (seq, characters) rows to take away until neither number is above zero, with the reason for each."""
    chosen: dict[int, str] = {}
    for seq, characters in oldest_first:
        if messages_over <= 0 and characters_over <= 0:
            break
        if seq not in spared:
            chosen[seq] = TOO_MANY if messages_over > 0 else TOO_LONG
            messages_over, characters_over = messages_over - 1, characters_over - characters
    return chosen


def evict(connection: Connection, evicted: Mapping[int, str]) -> None:
    """Each seq for its reason."""
    if evicted:
        connection.execute(_EVICT, [{"evicted": seq, "why": why} for seq, why in evicted.items()])
