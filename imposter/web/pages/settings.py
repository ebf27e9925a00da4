"""A bot's settings: the same form as for a new bot, with the current values."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from imposter.contracts.errors import InvalidConfig
from imposter.service.bots import BotService
from imposter.web.dependencies import Bots
from imposter.web.pages.bot_form import AUTONOMIES, BotForm, config_of, filled_in, texts
from imposter.web.pages.models import follow_service, models_of, part_of, trial_of
from imposter.web.pages.render import PageRoute, form_of, go_to, is_part, page

router = APIRouter(prefix="/bots/{instance_id}/settings", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def show_settings(instance_id: str, request: Request, bots: Bots) -> Response:
    config = await bots.config(instance_id)
    return await _page(instance_id, request, bots, BotForm.of(bots, filled_in(bots, config)))


@router.post("")
async def change_settings(instance_id: str, request: Request, bots: Bots) -> Response:
    """Save the settings. Secrets that are left empty stay as they are."""
    before = await bots.config(instance_id)
    sent = texts(await form_of(request))
    try:
        await bots.put(await config_of(bots, sent, before))
    except InvalidConfig as error:
        form = BotForm.of(bots, sent, error.problems)
        return await _page(instance_id, request, bots, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    return go_to(f"/bots/{instance_id}/settings", done="changed")


@router.post("/test")
async def test_model(instance_id: str, request: Request, bots: Bots) -> Response:
    before = await bots.config(instance_id)
    sent = texts(await form_of(request))
    tested = await trial_of(bots, sent, before)
    if is_part(request):
        return page(request, "tested.html", **tested)
    return await _page(instance_id, request, bots, BotForm.of(bots, sent, tested["problems"]), tested=tested)


@router.post("/models")
async def list_models(instance_id: str, request: Request, bots: Bots) -> Response:
    before = await bots.config(instance_id)
    sent = texts(await form_of(request))
    found = await models_of(bots, sent, before)
    form = BotForm.of(bots, sent, found.problems, found)
    return part_of(request, form, "models.html") or await _page(instance_id, request, bots, form)


@router.post("/service")
async def choose_service(instance_id: str, request: Request, bots: Bots) -> Response:
    await bots.config(instance_id)
    form = BotForm.of(bots, follow_service(bots, texts(await form_of(request))))
    return part_of(request, form, "service_part.html") or await _page(instance_id, request, bots, form)


async def _page(
    instance_id: str, request: Request, bots: BotService, form: BotForm, http: int = HTTPStatus.OK, tested: Any = None
) -> Response:
    status = await bots.status(instance_id)
    shown: dict[str, Any] = {"form": form, "autonomies": AUTONOMIES, "tested": tested, "verb": "Save", "status": status}
    return page(request, "settings.html", http, tab="settings", **shown)
