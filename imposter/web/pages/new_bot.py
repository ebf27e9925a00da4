"""The page that creates a bot: one form, with a test of the model, that leads to the code for linking."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from imposter.contracts.errors import FieldProblem, InvalidConfig
from imposter.service.bots import BotService
from imposter.web.dependencies import Bots
from imposter.web.pages.bot_form import AUTONOMIES, BotForm, config_of, texts
from imposter.web.pages.models import follow_service, models_of, part_of, trial_of
from imposter.web.pages.render import PageRoute, form_of, go_to, is_part, page

router = APIRouter(prefix="/new", route_class=PageRoute, include_in_schema=False)

TAKEN = "has a bot already; give another name"


@router.get("")
async def show_form(request: Request, bots: Bots) -> Response:
    return await _page(request, bots, BotForm.of(bots))


@router.post("")
async def make_bot(request: Request, bots: Bots) -> Response:
    sent = texts(await form_of(request))
    try:
        config = await config_of(bots, sent)
        if await bots.has_user(config.user_id):
            raise InvalidConfig(FieldProblem("user_id", TAKEN))
        instance_id = await bots.put(config)
    except InvalidConfig as error:
        form = BotForm.of(bots, sent, error.problems)
        return await _page(request, bots, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    return go_to(f"/bots/{instance_id}/link", done="made")


@router.post("/test")
async def test_model(request: Request, bots: Bots) -> Response:
    sent = texts(await form_of(request))
    tested = await trial_of(bots, sent | {"user_id": sent.get("user_id", "").strip() or "me"})
    if is_part(request):
        return page(request, "tested.html", **tested)
    return await _page(request, bots, BotForm.of(bots, sent, tested["problems"]), tested=tested)


@router.post("/models")
async def list_models(request: Request, bots: Bots) -> Response:
    sent = texts(await form_of(request))
    found = await models_of(bots, sent)
    form = BotForm.of(bots, sent, found.problems, found)
    return part_of(request, form, "models.html") or await _page(request, bots, form)


@router.post("/service")
async def choose_service(request: Request, bots: Bots) -> Response:
    form = BotForm.of(bots, follow_service(bots, texts(await form_of(request))))
    return part_of(request, form, "service_part.html") or await _page(request, bots, form)


async def _page(
    request: Request, bots: BotService, form: BotForm, http: int = HTTPStatus.OK, tested: object = None
) -> Response:
    shown: dict[str, Any] = {"form": form, "autonomies": AUTONOMIES, "tested": tested, "verb": "Create bot"}
    return page(request, "new.html", http, first=await bots.is_empty(), **shown)
