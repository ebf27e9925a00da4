"""Pages for the list of bots and for actions on a bot."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from imposter.contracts.status import STILL_LISTED, BotStatus
from imposter.domain.activity import DayTotals
from imposter.runtime.costs.pricing import MILLION
from imposter.service.bots import BotService
from imposter.web.dependencies import Bots
from imposter.web.pages.live import Parts, seen_in, stream
from imposter.web.pages.render import PageRoute, fragment, go_to, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)

LOOK_EVERY = 3.0
"""Seconds between updates of the list of bots."""


@dataclass(frozen=True, slots=True)
class BotTableRow:
    status: BotStatus
    today: DayTotals

    @property
    def costs(self) -> dict[str, float]:
        return {currency: cost / MILLION for currency, cost in self.today.costs.items()}


@router.get("/")
async def show_bots(request: Request, bots: Bots) -> Response:
    rows = await _rows(bots)
    if not rows:
        return go_to("/new")
    live = _live(request, rows)
    return page(request, "bots.html", live=live, seen=seen_in(live))


@router.get("/bots")
async def lead_to_all() -> Response:
    return go_to("/")


@router.get("/bots/live")
async def follow_bots(request: Request, bots: Bots) -> Response:
    async def look() -> Parts:
        return _live(request, await _rows(bots))

    return stream(request, look, bots.clock, every=LOOK_EVERY)


@router.get("/bots/{instance_id}")
async def show_bot(instance_id: str, request: Request, bots: Bots) -> Response:
    status = await bots.status(instance_id)
    today = await bots.statistics.today([instance_id])
    return page(request, "bot.html", row=BotTableRow(status, today[instance_id]), status=status, tab="overview")


@router.get("/bots/{instance_id}/unlink")
async def ask_before_unlinking(instance_id: str, request: Request, bots: Bots) -> Response:
    return page(request, "unlink.html", status=await bots.status(instance_id), tab="overview")


@router.get("/bots/{instance_id}/delete")
async def ask_before_deleting(instance_id: str, request: Request, bots: Bots) -> Response:
    return page(request, "delete.html", status=await bots.status(instance_id), tab="overview")


_ACTIONS: Mapping[str, tuple[Callable[[BotService, str], Awaitable[object]], str]] = {
    "start": (BotService.start, "started"),
    "stop": (BotService.stop, "stopped"),
    "pause": (BotService.pause, "paused"),
    "resume": (BotService.resume, "resumed"),
    "unlink": (BotService.unlink, "unlinked"),
    "delete": (BotService.delete, "deleted"),
}


@router.post("/bots/{instance_id}/do/{action}")
async def act(instance_id: str, action: str, bots: Bots) -> Response:
    if action not in _ACTIONS:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is nothing of this kind to do.")
    do, done = _ACTIONS[action]
    outcome = await do(bots, instance_id)
    if action == "delete":
        return go_to("/", done=done if outcome is None else "deleted_still_listed")
    if action == "start":
        return go_to(f"/bots/{instance_id}/link")
    if isinstance(outcome, BotStatus) and outcome.detail == STILL_LISTED:
        done = "unlinked_still_listed"
    return go_to(f"/bots/{instance_id}", done=done)


def _live(request: Request, rows: list[BotTableRow]) -> Parts:
    return {"bots": fragment("bots_list.html", request=request, rows=rows)}


async def _rows(bots: BotService) -> list[BotTableRow]:
    statuses = await bots.statuses()
    today = await bots.statistics.today([status.instance_id for status in statuses])
    return [BotTableRow(status, today[status.instance_id]) for status in statuses]
