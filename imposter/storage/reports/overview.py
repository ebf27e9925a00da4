"""The totals of many bots for one day, read with two statements."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time

from sqlalchemy import Connection, bindparam, func, select

from imposter.domain.activity import DayTotals
from imposter.domain.deliveries import DeliveryState
from imposter.storage.database.jobs import Pending
from imposter.storage.database.reader import Reader
from imposter.storage.schema.tables import messages, outbox, usage

_ANSWERED = (
    select(outbox.c.instance_id, func.count(messages.c.answers.distinct()).label("answered"))
    .join(messages, messages.c.seq == outbox.c.seq)
    .where(
        outbox.c.instance_id.in_(bindparam("bots", expanding=True)),
        outbox.c.created_at >= bindparam("since"),
        outbox.c.state == DeliveryState.SENT,
    )
    .group_by(outbox.c.instance_id)
)
_USED = (
    select(
        usage.c.instance_id,
        usage.c.currency,
        func.sum(usage.c.prompt_tokens + usage.c.completion_tokens).label("tokens"),
        func.sum(usage.c.cost).label("cost"),
    )
    .where(usage.c.instance_id.in_(bindparam("bots", expanding=True)), usage.c.day == bindparam("day"))
    .group_by(usage.c.instance_id, usage.c.currency)
)


class OverviewStore:
    def __init__(self, reader: Reader, now: Callable[[], datetime]) -> None:
        self._read = reader.submit
        self._now = now

    def today(self, instance_ids: Sequence[str]) -> Pending[dict[str, DayTotals]]:
        """Return today's totals by bot. The day is in UTC, as for all costs."""

        def job(connection: Connection) -> dict[str, DayTotals]:
            day = self._now().astimezone(UTC).date()
            of_day = {"bots": list(instance_ids), "day": day.isoformat()}
            since = {"since": datetime.combine(day, time(), UTC)}
            answered = {row.instance_id: row.answered for row in connection.execute(_ANSWERED, of_day | since)}
            tokens: dict[str, int] = {}
            costs: dict[str, dict[str, int]] = {}
            for row in connection.execute(_USED, of_day):
                tokens[row.instance_id] = tokens.get(row.instance_id, 0) + int(row.tokens)
                if row.currency:
                    costs.setdefault(row.instance_id, {})[row.currency] = int(row.cost)
            return {
                each: DayTotals(answered.get(each, 0), tokens.get(each, 0), costs.get(each, {}))
                for each in instance_ids
            }

        return self._read(job)
