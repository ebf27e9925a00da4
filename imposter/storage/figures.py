"""What happened over a span of time, in pieces of equal length."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, func, select

from imposter.storage.jobs import Pending
from imposter.storage.reader import Reader
from imposter.storage.records import DeliveryState, MessageState
from imposter.storage.tables import messages, outbox, usage

LOOKED_AT = 60
"""Answers of one piece that times are read of; their number is counted of all."""
MOST_LOST = 5_000
LOOKED_AHEAD = timedelta(hours=1)
"""What waits longer is rare, and to find it would mean to read all that followed."""


@dataclass(frozen=True, slots=True)
class Answered:
    """When one answer was asked for, and when its first part was with the platform."""

    received_at: datetime
    sent_at: datetime
    trace: str | None


@dataclass(frozen=True, slots=True)
class Piece:
    """From `begins` to the beginning of the next."""

    begins: datetime
    answers: int
    looked_at: tuple[Answered, ...]
    """The newest ones."""
    evicted: int
    failed: int
    """Messages that the model had no answer to."""
    queued: int
    """What waited at its end: still, or for an answer that was made within LOOKED_AHEAD after it."""


@dataclass(frozen=True, slots=True)
class Spent:
    """On one day of UTC."""

    day: date
    tokens: int
    costs: dict[str, int]
    """By currency, in millionths."""


_these = outbox.c.instance_id.in_(bindparam("bots", expanding=True))
_in_piece = (
    _these,
    outbox.c.created_at >= bindparam("begins"),
    outbox.c.created_at < bindparam("ends"),
    outbox.c.state == DeliveryState.SENT,
)
_question, _answer = messages.alias("question"), messages.alias("answer")
_NEWEST = (
    # An answer may have several parts: the contact waits for the first.
    select(_question.c.received_at, func.min(outbox.c.sent_at), _question.c.trace)
    .select_from(outbox.join(_answer, _answer.c.seq == outbox.c.seq))
    .join(_question, _question.c.seq == _answer.c.answers)
    .where(*_in_piece, outbox.c.sent_at.is_not(None))
    .group_by(_question.c.seq, _question.c.received_at, _question.c.trace)
    .order_by(_question.c.seq.desc())
    .limit(LOOKED_AT)
)
_ANSWERED_LATER = (
    select(func.count(_question.c.seq.distinct()))
    .select_from(outbox.join(_answer, _answer.c.seq == outbox.c.seq))
    .join(_question, _question.c.seq == _answer.c.answers)
    .where(
        _these,
        outbox.c.created_at >= bindparam("ends"),
        outbox.c.created_at < bindparam("ahead"),
        _question.c.received_at < bindparam("ends"),
    )
)
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


class FiguresStore:
    def __init__(self, reader: Reader, now: Callable[[], datetime]) -> None:
        self._read = reader.submit
        self._now = now

    def pieces(self, instance_ids: Sequence[str], begins: Sequence[datetime]) -> Pending[list[Piece]]:
        """Of these bots together; `begins` rises, and the last piece ends now.

        What was evicted or failed counts where it was sent, up to MOST_LOST of it.
        """

        def job(connection: Connection) -> list[Piece]:
            bots = {"bots": list(instance_ids)}
            now = self._now()
            lost = connection.execute(_LOST, bots | {"begins": begins[0]}).all()
            whole = bots | {"begins": begins[0], "ends": now}
            answers: dict[int, int] = {row[0]: row[1] for row in connection.execute(_counts(begins), whole)}
            waiting = connection.execute(_STILL_WAITING, bots).scalars().all()
            made = []
            for place, (start, end) in enumerate(zip(begins, [*begins[1:], now], strict=True)):
                piece = bots | {"begins": start, "ends": end}
                states = [row.state for row in lost if start <= row.sent_at < end]
                made.append(
                    Piece(
                        start,
                        answers.get(place, 0),
                        tuple(Answered(*row) for row in connection.execute(_NEWEST, piece)) if place in answers else (),
                        states.count(MessageState.EVICTED),
                        states.count(MessageState.FAILED),
                        connection.execute(_ANSWERED_LATER, piece | {"ahead": end + LOOKED_AHEAD}).scalar_one()
                        + sum(at < end for at in waiting),
                    )
                )
            return made

        return self._read(job)

    def spent(self, instance_ids: Sequence[str], first: date) -> Pending[list[Spent]]:
        """Of these bots together, from that day on; days on which nothing was spent are left out."""

        def job(connection: Connection) -> list[Spent]:
            days: dict[str, Spent] = {}
            of = {"bots": list(instance_ids), "first": first.isoformat()}
            for row in connection.execute(_SPENT, of):
                day = days.get(row.day, Spent(date.fromisoformat(row.day), 0, {}))
                costs = day.costs | ({row.currency: int(row.cost)} if row.currency else {})
                days[row.day] = Spent(day.day, day.tokens + int(row.tokens), costs)
            return [days[day] for day in sorted(days)]

        return self._read(job)


def _counts(begins: Sequence[datetime]) -> Select[Any]:
    """How many answers each piece has, by its place; of those that have any."""
    places = [(outbox.c.created_at >= start, place) for place, start in reversed([*enumerate(begins)])]
    piece = case(*places, else_=0).label("piece")
    counted = select(piece, func.count(_answer.c.answers.distinct()))
    return counted.join(_answer, _answer.c.seq == outbox.c.seq).where(*_in_piece).group_by(piece)
