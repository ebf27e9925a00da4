"""Charts over time, for one bot or for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from imposter.domain.activity import DailyUsage, Interval
from imposter.runtime.costs.pricing import MILLION
from imposter.runtime.explain.latency import LatencySummary, times_of, typical
from imposter.service.bots import BotService
from imposter.storage.reports.activity import LOOKED_AT
from imposter.web.dependencies import Bots
from imposter.web.pages.charts import Chart, Column
from imposter.web.pages.render import PageRoute, page

router = APIRouter(prefix="/figures", route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Span:
    name: str
    label: str
    pieces: int
    length: timedelta
    days: int
    """Number of days for which costs are shown."""


SPANS = (
    Span("day", "24 hours", 24, timedelta(hours=1), 7),
    Span("week", "7 days", 7, timedelta(days=1), 7),
    Span("month", "30 days", 30, timedelta(days=1), 30),
)


@router.get("")
async def show_figures(
    request: Request, bots: Bots, bot: str = "", span: Annotated[str, Query(pattern="^(day|week|month)$")] = "day"
) -> Response:
    statuses = await bots.statuses()
    if bot:
        await bots.exists(bot)
    chosen = next(each for each in SPANS if each.name == span)
    asked = [status for status in statuses if bot in ("", status.instance_id)]
    waiting = sum(status.waiting for status in asked)
    charts = await _charts(bots, [status.instance_id for status in asked], chosen)
    return page(
        request,
        "figures.html",
        statuses=statuses,
        bot=bot,
        span=chosen,
        spans=SPANS,
        waiting=waiting,
        charts=charts,
        looked_at=LOOKED_AT,
    )


async def _charts(bots: BotService, instance_ids: list[str], span: Span) -> list[Chart]:
    now = bots.clock.now().astimezone(UTC)
    last = now.replace(minute=0, second=0, microsecond=0)
    last = last if span.length < timedelta(days=1) else last.replace(hour=0)
    begins = [last - span.length * back for back in reversed(range(span.pieces))]
    first = now.date() - timedelta(days=span.days - 1)
    pieces = await bots.statistics.intervals(instance_ids, begins)
    spent = await bots.statistics.daily_usage(instance_ids, first)
    days = [first + timedelta(days=each) for each in range(span.days)]
    return [*_of_pieces(pieces, span), *_of_days(spent, days)]


def _of_pieces(pieces: Sequence[Interval], span: Span) -> list[Chart]:
    labels = [_label(piece.begins, span) for piece in pieces]

    def chart(title: str, unit: str, series: tuple[str, ...], values: Sequence[tuple[float, ...]]) -> Chart:
        return Chart(title, unit, series, tuple(map(Column, labels, values)))

    times = [typical([each for each in map(times_of, piece.looked_at) if each is not None]) for piece in pieces]
    return [
        chart("Answers", "", ("sent",), [(piece.answers,) for piece in pieces]),
        chart("Median reply time", "s", PARTS, [_parts(each) for each in times]),
        chart("Reply time, 95th percentile", "s", ("from the message to its answer",), [_p95(each) for each in times]),
        chart("Queued", "messages", ("at the end of each",), [(piece.queued,) for piece in pieces]),
        chart("Dropped from queue", "messages", ("evicted",), [(piece.evicted,) for piece in pieces]),
        chart("Model failures", "messages", ("without an answer",), [(piece.failed,) for piece in pieces]),
    ]


PARTS = ("before the model", "model", "after the model")


def _parts(times: LatencySummary | None) -> tuple[float, ...]:
    return (0.0, 0.0, 0.0) if times is None else (times.before, times.model, times.after)


def _p95(times: LatencySummary | None) -> tuple[float, ...]:
    return (0.0,) if times is None else (times.p95,)


def _of_days(spent: Sequence[DailyUsage], days: Sequence[date]) -> list[Chart]:
    by_day = {each.day: each for each in spent}
    tokens = [Column(f"{day:%-d %b}", (by_day[day].tokens if day in by_day else 0,)) for day in days]
    charts = [Chart("Tokens", "", ("read and written",), tuple(tokens))]
    for currency in sorted({currency for each in spent for currency in each.costs}):
        costs = [
            Column(f"{day:%-d %b}", (by_day[day].costs.get(currency, 0) / MILLION if day in by_day else 0,))
            for day in days
        ]
        charts.append(Chart("Cost", currency, ("of calls whose price is known",), tuple(costs)))
    return charts


def _label(begins: datetime, span: Span) -> str:
    return f"{begins:%H:%M}" if span.length < timedelta(days=1) else f"{begins:%-d %b}"
