"""The limits of the queue, and the choice of the messages to evict.

All conversations of a bot share one queue. The oldest message of the conversation with the most messages is evicted
first, so that no contact loses their place to another one who sends a lot.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import heapify, heappop
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select, update

from imposter.contracts.config import Limits
from imposter.domain.messages import RETRIED, MessageState
from imposter.domain.reasons import Reason
from imposter.storage.schema.tables import messages

TOO_OLD = Reason.MAX_DAYS
TOO_MANY = Reason.MAX_MESSAGES
TOO_LONG = Reason.MAX_CHARACTERS

_waiting = (
    messages.c.instance_id == bindparam("instance_id"),
    messages.c.state == MessageState.WAITING,
    messages.c.reason.is_distinct_from(RETRIED),
)
TOTALS = select(func.count(), func.sum(messages.c.characters), func.min(messages.c.sent_at)).where(*_waiting)
"""A bot's waiting messages: their number, their total length, and the time of the oldest; for `QueueTotals`."""
_OLD = select(messages.c.seq, messages.c.characters).where(*_waiting, messages.c.sent_at < bindparam("cutoff"))
_EACH = select(messages.c.seq, messages.c.characters, messages.c.conversation).where(*_waiting)
_EVICT = (
    update(messages)
    .where(messages.c.seq == bindparam("evicted"), messages.c.state == MessageState.WAITING)
    .values(state=MessageState.EVICTED, reason=bindparam("why"))
)


class QueueTotals(NamedTuple):
    """The totals of a bot's waiting messages, in the order of TOTALS' columns."""

    messages: int
    characters: int
    oldest: datetime

    def are_over(self, limits: Limits, now: datetime) -> bool:
        if not self.messages:  # the message that was just added has been deleted already
            return False
        return (
            self.oldest < cutoff(limits, now)
            or self.messages > limits.max_messages
            or self.characters > limits.max_characters
        )


class QueuedMessage(NamedTuple):
    """A message in the queue."""

    seq: int
    characters: int
    conversation: str


def cutoff(limits: Limits, now: datetime) -> datetime:
    """Return the time before which messages are too old."""
    return now - timedelta(seconds=limits.max_age_seconds)


def keep_within(
    connection: Connection,
    instance_id: str,
    totals: QueueTotals,
    limits: Limits,
    now: datetime,
    *,
    busy: Callable[[], Collection[int]],
) -> dict[int, str]:
    """Evict messages that are too old, and then messages over the limits. Return the reason by seq.

    Busy messages are not evicted.
    """
    count, characters, oldest = totals
    evicted: dict[int, str] = {}
    busy_now = frozenset(busy())
    if oldest < cutoff(limits, now):
        for seq, length in connection.execute(_OLD, {"instance_id": instance_id, "cutoff": cutoff(limits, now)}):
            if seq not in busy_now:
                evicted[seq] = TOO_OLD
                count, characters = count - 1, characters - length
    if count > limits.max_messages or characters > limits.max_characters:
        rows = [QueuedMessage(*row) for row in connection.execute(_EACH, {"instance_id": instance_id})]
        evicted |= surplus(
            [row for row in rows if row.seq not in evicted],
            count - limits.max_messages,
            characters - limits.max_characters,
            spared=busy_now,
        )
    evict(connection, evicted)
    return evicted


def surplus(
    rows: Sequence[QueuedMessage], messages_over: int, characters_over: int, *, spared: Collection[int]
) -> dict[int, str]:
    """Choose messages to evict until neither number is above zero, and return the reason by seq.

    Spared messages count for their conversation but are not chosen. Of the others, one is always left.
    """
    chosen: dict[int, str] = {}
    turns = _by_turn(rows, spared, lambda row: 1) if messages_over > 0 else iter(())
    while messages_over > 0 and (row := next(turns, None)) is not None:
        chosen[row.seq] = TOO_MANY
        messages_over, characters_over = messages_over - 1, characters_over - row.characters
    if characters_over > 0:
        turns = _by_turn([row for row in rows if row.seq not in chosen], spared, lambda row: row.characters)
        while characters_over > 0 and (row := next(turns, None)) is not None:
            chosen[row.seq] = TOO_LONG
            characters_over -= row.characters
    return chosen


def _by_turn(
    rows: Sequence[QueuedMessage], spared: Collection[int], weigh: Callable[[QueuedMessage], int]
) -> Iterator[QueuedMessage]:
    """Yield messages to evict, always the oldest of the conversation that then holds the most.

    Spared messages and the last of the others are left out.
    """
    held: Counter[str] = Counter()
    turns = []
    for row in rows:
        if row.seq in spared:
            held[row.conversation] += weigh(row)
    for row in sorted(rows, reverse=True):
        if row.seq not in spared:
            held[row.conversation] += weigh(row)
            turns.append((-held[row.conversation], row))
    heapify(turns)  # usually only one message is evicted, however many there are
    while len(turns) > 1:
        yield heappop(turns)[1]


def evict(connection: Connection, evicted: Mapping[int, str]) -> None:
    """Evict messages, given the reason by seq."""
    if evicted:
        connection.execute(_EVICT, [{"evicted": seq, "why": why} for seq, why in evicted.items()])
