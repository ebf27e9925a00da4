"""Activity over a span of time, divided into intervals."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, false, func, select

from imposter.domain.activity import AnswerTiming, DailyUsage, Interval
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import MessageState
from imposter.storage.database.jobs import Pending
from imposter.storage.database.reader import Reader
from imposter.storage.schema.tables import messages, outbox, usage

LOOKED_AT = 60
"""The newest parts of answers per interval whose times are read; all answers are counted. The oldest of these answers
may lack its first parts."""
MOST_LOST = 5_000
LOOKED_AHEAD = timedelta(hours=1)
"""Longer waits are rare, and finding them would require reading all later rows."""


_these = outbox.c.instance_id.in_(bindparam("bots", expanding=True))
_in_span = (
    _these,
    outbox.c.created_at >= bindparam("begins"),
    outbox.c.created_at < bindparam("ends"),
)
_question, _answer = messages.alias("question"), messages.alias("answer")
_STILL_WAITING = (
    select(messages.c.received_at)
    .where(
        messages.c.instance_id.in_(bindparam("bots", expanding=True)),
        messages.c.state == MessageState.WAITING,
    )
    .limit(MOST_LOST)
)
_LOST = (
    select(messages.c.state, messages.c.sent_at)
    .where(
        messages.c.instance_id.in_(bindparam("bots", expanding=True)),
        messages.c.state.in_([MessageState.EVICTED, MessageState.FAILED]),
        messages.c.sent_at >= bindparam("begins"),
    )
    .limit(MOST_LOST)
)
_SPENT = (
    select(
        usage.c.day,
        usage.c.currency,
        func.sum(usage.c.prompt_tokens + usage.c.completion_tokens).label("tokens"),
        func.sum(usage.c.cost).label("cost"),
    )
    .where(usage.c.instance_id.in_(bindparam("bots", expanding=True)), usage.c.day >= bindparam("first"))
    .group_by(usage.c.day, usage.c.currency)
)


KEPT_FOR = timedelta(minutes=10)
"""How long an interval is not read again that ended LOOKED_AHEAD ago."""
FRESH_FOR = timedelta(seconds=15)
"""The same of the others: a page that is loaded again shows the same."""
MOST_KEPT = 96
"""Intervals, of up to LOOKED_AT answers each: some 2 MB."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was read of one interval."""

    answers: int
    waited: int
    """Answers made within LOOKED_AHEAD after its beginning, to messages from before it."""
    looked_at: tuple[AnswerTiming, ...]


_Key = tuple[frozenset[str], datetime, datetime | None]
"""Bots, beginning and end of an interval; None: now."""


class ActivityStore:
    def __init__(self, reader: Reader, now: Callable[[], datetime]) -> None:
        self._read = reader.submit
        self._now = now
        self._kept: OrderedDict[_Key, tuple[datetime, _Counted]] = OrderedDict()
        """With when it was read. A late delivery is counted late."""
        self._lock = Lock()
        """Reads run on several threads."""

    def pieces(self, instance_ids: Sequence[str], begins: Sequence[datetime]) -> Pending[list[Interval]]:
        """Return the intervals of these bots together. `begins` must be ascending; the last interval ends now.

        Evicted and failed messages, up to MOST_LOST of them, count in the interval in which they were sent.
        """

        def job(connection: Connection) -> list[Interval]:
            bots = {"bots": list(instance_ids)}
            now = self._now()
            lost = connection.execute(_LOST, bots | {"begins": begins[0]}).all()
            counted = self._counted(connection, frozenset(instance_ids), begins, now)
            waiting = connection.execute(_STILL_WAITING, bots).scalars().all()
            made = []
            for place, (start, end) in enumerate(zip(begins, [*begins[1:], now], strict=True)):
                answered_later = counted[place + 1].waited if place + 1 < len(counted) else 0
                states = [row.state for row in lost if start <= row.sent_at < end]
                made.append(
                    Interval(
                        start,
                        counted[place].answers,
                        counted[place].looked_at,
                        states.count(MessageState.EVICTED),
                        states.count(MessageState.FAILED),
                        answered_later + sum(at < end for at in waiting),
                    )
                )
            return made

        return self._read(job)

    def _counted(
        self, connection: Connection, bots: frozenset[str], begins: Sequence[datetime], now: datetime
    ) -> list[_Counted]:
        """Read each interval, or take it as it was read not long ago."""
        ends: list[datetime | None] = [*begins[1:], None]
        keys = [(bots, start, end) for start, end in zip(begins, ends, strict=True)]
        found: list[_Counted] = []
        for key in keys:
            is_over = key[2] is not None and key[2] + LOOKED_AHEAD < now
            kept = self._kept.get(key)
            if kept is None or now - kept[0] > (KEPT_FOR if is_over else FRESH_FOR):
                break
            found.append(kept[1])
        left = begins[len(found) :]
        if not left:
            return found
        whole = {"bots": list(bots), "begins": left[0], "ends": now}
        counts = {row[0]: (row[1], row[2]) for row in connection.execute(_counts(left), whole)}
        looked_at: dict[int, list[AnswerTiming]] = {}
        for place, *answered in connection.execute(_newest(left), whole):
            looked_at.setdefault(place, []).append(AnswerTiming(*answered))
        with self._lock:
            for place, key in enumerate(keys[len(found) :]):
                counted = _Counted(*counts.get(place, (0, 0)), tuple(looked_at.get(place, ())))
                found.append(counted)
                self._kept[key] = now, counted
                self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found

    def spent(self, instance_ids: Sequence[str], first: date) -> Pending[list[DailyUsage]]:
        """Return the usage of these bots together from that day on. Days without usage are left out."""

        def job(connection: Connection) -> list[DailyUsage]:
            days: dict[str, DailyUsage] = {}
            of = {"bots": list(instance_ids), "first": first.isoformat()}
            for row in connection.execute(_SPENT, of):
                day = days.get(row.day, DailyUsage(date.fromisoformat(row.day), 0, {}))
                costs = day.costs | ({row.currency: int(row.cost)} if row.currency else {})
                days[row.day] = DailyUsage(day.day, day.tokens + int(row.tokens), costs)
            return [days[day] for day in sorted(days)]

        return self._read(job)


def _place(begins: Sequence[datetime]) -> ColumnElement[int]:
    """Return an expression for the interval in which an answer was generated."""
    return case(*((outbox.c.created_at >= start, place) for place, start in [*enumerate(begins)][::-1]), else_=0)


def _counts(begins: Sequence[datetime]) -> Select[int, int, int]:
    """Return a query for the number of answers and of waiting messages, by the index of the interval.

    A message waits if it waited at the start of the interval. One statement covers all intervals, because most of its
    time goes into finding the rows. Empty intervals are left out.
    """
    place = _place(begins).label("place")
    of_piece = [
        (outbox.c.created_at >= start, (outbox.c.created_at < start + LOOKED_AHEAD) & (_question.c.received_at < start))
        for start in reversed(begins)
    ]
    sent = case((outbox.c.state == DeliveryState.SENT, _question.c.seq))
    waited = case((case(*of_piece, else_=false()), _question.c.seq))
    return (
        select(place, func.count(sent.distinct()), func.count(waited.distinct()))
        .select_from(outbox.join(_answer, _answer.c.seq == outbox.c.seq))
        .join(_question, _question.c.seq == _answer.c.answers)
        .where(*_in_span)
        .group_by(place)
    )


def _newest(begins: Sequence[datetime]) -> Select[Any]:
    """Return a query for each interval's newest answers, newest first, timed by their first part."""
    place = _place(begins)
    parts = (
        select(
            outbox.c.seq,
            place.label("place"),
            func.row_number().over(partition_by=place, order_by=outbox.c.seq.desc()).label("number"),
        )
        .where(*_in_span, outbox.c.state == DeliveryState.SENT, outbox.c.sent_at.is_not(None))
        .subquery()
    )
    # The rows are chosen by few columns before the others are looked up, because few of many rows are needed.
    sent = outbox.alias("sent")
    return (
        select(parts.c.place, _question.c.received_at, func.min(sent.c.sent_at), _question.c.trace)
        .select_from(parts.join(sent, sent.c.seq == parts.c.seq))
        .join(_answer, _answer.c.seq == parts.c.seq)
        .join(_question, _question.c.seq == _answer.c.answers)
        .where(parts.c.number <= LOOKED_AT)
        .group_by(parts.c.place, _question.c.seq)
        .order_by(_question.c.seq.desc())
    )
