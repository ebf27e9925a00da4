"""The route that reports the cost of models."""

import re
from collections.abc import Iterable
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from imposter.domain.usage import UsageGroup, UsageTotal
from imposter.runtime.costs.pricing import MILLION
from imposter.web.api import examples
from imposter.web.api.answers import problems
from imposter.web.dependencies import Bots

router = APIRouter(tags=["messages"])
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: object) -> object:
    """Reject everything except a date such as 2026-01-31. Pydantic would also read other values as dates."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("must be a day such as 2026-01-31")
    return value


Day = Annotated[date, BeforeValidator(_day)]


class CostsQuery(BaseModel):
    """Filters of a cost report. Days are in UTC."""

    model_config = ConfigDict(extra="forbid")

    first: Day | None = Field(
        default=None, alias="from", description="The first day. Default: the first of the month of the last day."
    )
    last: Day | None = Field(
        default=None,
        alias="to",
        description="The last day. Default: today. If the span is longer than 366 days, only the last 366 are "
        "included.",
    )
    by: Annotated[UsageGroup, Field(description="What each row covers.")] = UsageGroup.DAY
    limit: int = Field(
        default=100, ge=1, le=1000, description="Maximum number of rows. `total` always covers all of them."
    )


class Cost(BaseModel):
    """Tokens and money that calls of models took."""

    calls: int = Field(
        description="Number of calls whose tokens are known, and with a `budget_config` all calls that returned "
        "an answer."
    )
    prompt_tokens: int
    cached_tokens: int = Field(description="Number of `prompt_tokens` that the vendor read from its cache.")
    completion_tokens: int
    uncounted: int = Field(description="Number of `calls` whose tokens are not known.")
    unpriced: int = Field(description="Number of `calls` whose price is not known. `money` does not include them.")
    money: dict[str, float] = Field(description="Amounts by currency.")


class CostRow(Cost):
    """Tokens and money of one day, contact or model."""

    key: str | None = Field(
        description="The day, the conversation or the model. null for a forgotten contact or a model without a name."
    )


class CostsPage(BaseModel):
    """The cost report of a bot."""

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    by: UsageGroup
    total: Cost
    rows: list[CostRow] = Field(description="Newest day first, or most expensive contact or model first.")


@router.get(
    "/chatbot/{instance_id}/costs",
    summary="Report the cost of a bot's models",
    responses=examples.shown("The cost report.", examples.COSTS)
    | problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def sum_up_costs(instance_id: str, asked: Annotated[CostsQuery, Query()], bots: Bots) -> CostsPage:
    """Return tokens and money by day, contact or model, at the prices that were valid when the model was called."""
    costs = await bots.costs(instance_id, asked.by, first=asked.first, last=asked.last)
    by_key: dict[str, list[UsageTotal]] = {}
    for each in costs.sums:
        by_key.setdefault(each.key, []).append(each)
    rows = [CostRow(key=key or None, **_together(sums).model_dump()) for key, sums in by_key.items()]
    rows.sort(key=lambda row: row.key or "")
    if asked.by is UsageGroup.DAY:
        rows.reverse()
    else:
        rows.sort(key=lambda row: (sum(row.money.values()), row.prompt_tokens + row.completion_tokens), reverse=True)
    return CostsPage(
        first=costs.first, last=costs.last, by=asked.by, total=_together(costs.sums), rows=rows[: asked.limit]
    )


def _together(sums: Iterable[UsageTotal]) -> Cost:
    sums = list(sums)
    money: dict[str, int] = {}
    for each in sums:
        if each.currency:
            money[each.currency] = money.get(each.currency, 0) + each.cost
    return Cost(
        calls=sum(each.calls for each in sums),
        prompt_tokens=sum(each.prompt_tokens for each in sums),
        cached_tokens=sum(each.cached_tokens for each in sums),
        completion_tokens=sum(each.completion_tokens for each in sums),
        uncounted=sum(each.uncounted for each in sums),
        unpriced=sum(each.calls for each in sums if not each.currency),
        money={currency: cost / MILLION for currency, cost in sorted(money.items())},
    )
