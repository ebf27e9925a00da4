"""The usage and cost of models, by bot, day, conversation and model.

It is recorded in the commit that ends the work on a message. When a person is erased, their usage is kept without the
conversation, because the budget must not grow by it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import insert as upsert

from imposter.domain.claims import Claim
from imposter.domain.usage import NOBODY, Costs, Usage, UsageGroup, UsageTotal
from imposter.storage.database.jobs import Pending
from imposter.storage.database.reader import Reader
from imposter.storage.database.writer import Writer
from imposter.storage.schema import fencing
from imposter.storage.schema.secure_delete import mark_pending
from imposter.storage.schema.tables import messages, usage

LONGEST = 366
"""The most days in one sum."""
KEPT_DAYS = 400
"""Days for which usage without a conversation is kept at least. Monthly sums and a look back over a year need them."""

_FIGURES = ("calls", "uncounted", "prompt_tokens", "cached_tokens", "completion_tokens", "cost")
_WRITTEN = tuple(field.name for field in fields(Usage))
_KEY = ("instance_id", "day", "conversation", "model", "currency")
_sums = [func.sum(usage.c[name]).label(name) for name in _FIGURES]


def _adding(insert: Insert) -> Insert:
    """Return an insert that adds its figures to an existing row with the same key."""
    more = {name: usage.c[name] + insert.excluded[name] for name in _FIGURES}
    return insert.on_conflict_do_update(index_elements=list(_KEY), set_=more)


_asked_about = (
    select(messages.c.conversation)
    .where(messages.c.seq == bindparam("seq"), messages.c.instance_id == bindparam("bot"))
    .scalar_subquery()
)
# SQLite's compiler also supports PostgreSQL's `on_conflict` clause.
_ADD = _adding(upsert(usage).values(conversation=func.coalesce(_asked_about, NOBODY)))
_given = [bindparam(name, type_=usage.c[name].type) for name in ("instance_id", *_WRITTEN)]
_ADD_IF_HELD = _adding(
    upsert(usage).from_select(
        ["instance_id", *_WRITTEN, "conversation"],
        select(*_given, func.coalesce(_asked_about, NOBODY)).where(fencing.held),
    )
)
_of_bot = usage.c.instance_id == bindparam("bot")


def _under_another_name(*which: ColumnElement[bool]) -> Insert:
    """Return an insert that adds the figures of the matching rows to the conversation `survivor`."""
    key = [usage.c.instance_id, usage.c.day, usage.c.model, usage.c.currency]
    instance_id, day, model, currency = key
    name = bindparam("survivor", type_=usage.c.conversation.type)
    rows = select(instance_id, day, name, model, currency, *_sums).where(*which).group_by(*key)
    return _adding(upsert(usage).from_select([*_KEY, *_FIGURES], rows))


_among = (_of_bot, usage.c.conversation.in_(bindparam("names", expanding=True)))
_MOVE, _MOVED = _under_another_name(*_among), delete(usage).where(*_among)
_named = (_of_bot, usage.c.conversation != NOBODY)
_UNNAME, _UNNAMED = _under_another_name(*_named), delete(usage).where(*_named)
_of_day = (*_named, usage.c.day == bindparam("of_day"))
_UNNAME_DAY, _UNNAMED_DAY = _under_another_name(*_of_day), delete(usage).where(*_of_day)
_OLD = (
    select(usage.c.instance_id, usage.c.day)
    .where(usage.c.day < bindparam("before"), usage.c.conversation != NOBODY)
    .limit(1)
)
_TOO_OLD = delete(usage).where(usage.c.day < bindparam("before"))

_in_span = (_of_bot, usage.c.day >= bindparam("first"), usage.c.day <= bindparam("last"))
_SPENT = (
    select(usage.c.day, usage.c.model, usage.c.currency, *_sums)
    .where(*_in_span)
    .group_by(usage.c.day, usage.c.model, usage.c.currency)
)
_SPENT_ON = (
    select(usage.c.conversation, usage.c.model, usage.c.currency, *_sums)
    .where(_of_bot, usage.c.day == bindparam("first"))
    .group_by(usage.c.conversation, usage.c.model, usage.c.currency)
)
_COLUMNS = {UsageGroup.DAY: usage.c.day, UsageGroup.CONTACT: usage.c.conversation, UsageGroup.MODEL: usage.c.model}


class UsageStore:
    def __init__(self, writer: Writer, reader: Reader, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._read = reader.submit
        self._now = now

    def since(self, instance_id: str, first: date, today: date) -> Pending[list[Usage]]:
        """Return the usage of each model on each day up to `today`."""
        span = {"bot": instance_id, "first": first.isoformat(), "last": today.isoformat()}

        def job(connection: Connection) -> list[Usage]:
            return [_usage(row.day, row) for row in connection.execute(_SPENT, span)]

        return self._submit(job, instance_id)

    def by_contact(self, instance_id: str, day: date) -> Pending[list[tuple[str, Usage]]]:
        """Return the usage of each model on that day, by conversation."""
        of_day = {"bot": instance_id, "first": day.isoformat()}

        def job(connection: Connection) -> list[tuple[str, Usage]]:
            return [(row.conversation, _usage(of_day["first"], row)) for row in connection.execute(_SPENT_ON, of_day)]

        return self._submit(job, instance_id)

    def sums(
        self, instance_id: str, by: UsageGroup, first: date | None = None, last: date | None = None
    ) -> Pending[Costs]:
        """Return sums from `first` to `last`.

        `last` is today by default, and `first` is the first day of the month of `last`. If the span is longer than
        `LONGEST` days, only its last days count.
        """
        last = last or self._now().astimezone(UTC).date()
        first = max(first or last.replace(day=1), date.fromordinal(max(1, last.toordinal() - LONGEST + 1)))
        key = _COLUMNS[by]
        span = {"bot": instance_id, "first": first.isoformat(), "last": last.isoformat()}
        statement = select(key, usage.c.currency, *_sums).where(*_in_span).group_by(key, usage.c.currency)

        def job(connection: Connection) -> Costs:
            rows = connection.execute(statement, span)
            return Costs(first, last, tuple(UsageTotal(*row[:2], *map(int, row[2:])) for row in rows))

        return self._read(job)

    def age(self, before: date, today: date) -> Pending[bool]:
        """Remove the conversation from some usage before that day. Return whether there may be more.

        Usage without a conversation that is too old even for the sums is deleted.
        """
        oldest = date.fromordinal(today.toordinal() - KEPT_DAYS)

        def job(connection: Connection) -> bool:
            connection.execute(_TOO_OLD, {"before": min(before, oldest).isoformat()})
            found = connection.execute(_OLD, {"before": before.isoformat()}).first()
            if found is not None:
                of_day = {"bot": found.instance_id, "of_day": found.day, "survivor": NOBODY}
                connection.execute(_UNNAME_DAY, of_day)
                connection.execute(_UNNAMED_DAY, of_day)
                mark_pending(connection)
            return found is not None

        return self._submit(job)


def record(connection: Connection, instance_id: str, seq: int, used: Sequence[Usage]) -> None:
    """Record the usage of calls for a message.

    If the message is gone, its sender was erased: no conversation is stored.
    """
    for each in used:
        connection.execute(_ADD, _columns(instance_id, seq, each))


def recording(claim: Claim, seq: int, used: Sequence[Usage]) -> list[tuple[Insert, dict[str, Any]]]:
    """Return statements that do the same as `record`, but only while the claim is valid."""
    return [(_ADD_IF_HELD, _columns(claim.instance_id, seq, each) | fencing.of(claim)) for each in used]


def _columns(instance_id: str, seq: int, used: Usage) -> dict[str, Any]:
    columns = {name: getattr(used, name) for name in _WRITTEN}
    return columns | {"instance_id": instance_id, "bot": instance_id, "seq": seq}


def move(connection: Connection, instance_id: str, absorbed: Collection[str], survivor: str = NOBODY) -> None:
    """Move the usage of these conversations to another one, or to none if there is no `survivor`."""
    names = {"bot": instance_id, "names": list(absorbed), "survivor": survivor}
    connection.execute(_MOVE, names)
    connection.execute(_MOVED, names)


def unname(connection: Connection, instance_id: str) -> None:
    """Remove the conversations from a bot's usage because its account is gone. The costs remain the owner's."""
    names = {"bot": instance_id, "survivor": NOBODY}
    connection.execute(_UNNAME, names)
    connection.execute(_UNNAMED, names)


def _usage(day: str, row: Any) -> Usage:
    # PostgreSQL returns sums of integers as decimals.
    figures = {name: int(getattr(row, name)) for name in _FIGURES}
    return Usage(day=day, model=row.model, currency=row.currency, **figures)
