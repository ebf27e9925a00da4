"""Activity over a span of time, divided into intervals."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
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


class ActivityStore:
    def __init__(self, reader: Reader, now: Callable[[], datetime]) -> None:
        self._read = reader.submit
        self._now = now

    def pieces(self, instance_ids: Sequence[str], begins: Sequence[datetime]) -> Pending[list[Interval]]:
        """Return the intervals of these bots together. `begins` must be ascending; the last interval ends now.

        Evicted and failed messages, up to MOST_LOST of them, count in the interval in which they were sent.
        """

        def job(connection: Connection) -> list[Interval]:
            bots = {"bots": list(instance_ids)}
            now = self._now()
            lost = connection.execute(_LOST, bots | {"begins": begins[0]}).all()
            whole = bots | {"begins": begins[0], "ends": now}
            counted = {row[0]: (row[1], row[2]) for row in connection.execute(_counts(begins), whole)}
            looked_at: dict[int, list[AnswerTiming]] = {}
            for place, *answered in connection.execute(_newest(begins), whole):
                looked_at.setdefault(place, []).append(AnswerTiming(*answered))
            waiting = connection.execute(_STILL_WAITING, bots).scalars().all()
            made = []
            for place, (start, end) in enumerate(zip(begins, [*begins[1:], now], strict=True)):
                answers, _ = counted.get(place, (0, 0))
                _, answered_later = counted.get(place + 1, (0, 0))
                states = [row.state for row in lost if start <= row.sent_at < end]
                made.append(
                    Interval(
                        start,
                        answers,
                        tuple(looked_at.get(place, ())),
                        states.count(MessageState.EVICTED),
                        states.count(MessageState.FAILED),
                        answered_later + sum(at < end for at in waiting),
                    )
                )
            return made

        return self._read(job)

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
