"""What the models cost."""

import re
from collections.abc import Iterable
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from imposter.runtime.costs.pricing import MILLION
from imposter.storage.reports.usage import UsageGroup, UsageTotal
from imposter.web.api import examples
from imposter.web.api.answers import problems
from imposter.web.dependencies import Bots

router = APIRouter(tags=["messages"])
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: object) -> object:
    """Nothing else that could be read as a date."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("must be a day such as 2026-01-31")
    return value


Day = Annotated[date, BeforeValidator(_day)]


class CostsQuery(BaseModel):
    """Which costs. Days are those of UTC."""

    model_config = ConfigDict(extra="forbid")

    first: Day | None = Field(
        default=None, alias="from", description="The first day; left out: the first of the month of the last."
    )
    last: Day | None = Field(
        default=None, alias="to", description="The last day; left out: today. Of more than 366 days, the last ones."
    )
    by: Annotated[UsageGroup, Field(description="What each row is for.")] = UsageGroup.DAY
    limit: int = Field(default=100, ge=1, le=1000, description="At most so many rows; `total` is of all.")


class Cost(BaseModel):
    """What calls of models took."""

    calls: int = Field(description="Those whose tokens are known, and with a `budget_config` all that gave an answer.")
    prompt_tokens: int
    cached_tokens: int = Field(description="Those of `prompt_tokens` that the vendor had read before.")
    completion_tokens: int
    uncounted: int = Field(description="Those of `calls` whose tokens nobody knows.")
    unpriced: int = Field(description="Those of `calls` whose price nobody knows; there is no money of them here.")
    money: dict[str, float] = Field(description="By currency.")


class CostRow(Cost):
    """What calls for one day, contact or model took."""

    key: str | None = Field(
        description="The day, the conversation, or the model; null for who is forgotten, or a model without a name."
    )


class CostsPage(BaseModel):
    """What a bot's models took."""

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    by: UsageGroup
    total: Cost
    rows: list[CostRow] = Field(description="The newest day first; the dearest contact or model first.")


@router.get(
    "/chatbot/{instance_id}/costs",
    summary="Sum up what a bot's models cost",
    responses=examples.shown("Sums.", examples.COSTS)
    | problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def sum_up_costs(instance_id: str, asked: Annotated[CostsQuery, Query()], bots: Bots) -> CostsPage:
    """Tokens and money by day, contact or model, as they were reckoned when the model was asked."""
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
