"""Statistics of bots over time, whichever node runs them."""

from collections.abc import Sequence
from datetime import date, datetime

from imposter.domain.activity import DailyUsage, DayTotals, Interval
from imposter.storage import Store


class StatisticsService:
    """Answers, their times and the usage of models, as the pages show them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def today(self, instance_ids: Sequence[str]) -> dict[str, DayTotals]:
        """Return today's totals of these bots, by instance_id."""
        return await self._store.overview.today(instance_ids)

    async def intervals(self, instance_ids: Sequence[str], begins: Sequence[datetime]) -> list[Interval]:
        """Return the figures for each interval. See `ActivityStore.pieces`."""
        return await self._store.figures.pieces(instance_ids, begins)

    async def daily_usage(self, instance_ids: Sequence[str], first: date) -> list[DailyUsage]:
        """Return the usage of these bots' models by day."""
        return await self._store.figures.spent(instance_ids, first)
