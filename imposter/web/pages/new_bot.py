"""A bot is made: one form, the model tried before, and on to the code that links it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from imposter.cluster.fleet import Fleet
from imposter.contracts.config import BotConfig
from imposter.contracts.errors import FieldProblem, InvalidConfig, ModelError
from imposter.runtime.trial import QUESTION
from imposter.web.dependencies import Bots
from imposter.web.pages.bot_form import AUTONOMIES, BotForm, config_of, texts
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
        config = config_of(bots, sent)
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


async def trial_of(bots: Fleet, sent: Mapping[str, str], before: BotConfig | None = None) -> dict[str, Any]:
    """What came of one real call of the model; nothing is made or stored. For the template `tested.html`."""
    shown: dict[str, Any] = {"answer": None, "refused": "", "problems": (), "question": QUESTION}
    try:
        return shown | {"answer": await bots.try_model(config_of(bots, sent, before))}
    except InvalidConfig as error:
        return shown | {"problems": error.problems}
    except ModelError as error:
        return shown | {"refused": str(error)}


async def _page(
    request: Request, bots: Fleet, form: BotForm, http: int = HTTPStatus.OK, tested: object = None
) -> Response:
    shown: dict[str, Any] = {"form": form, "autonomies": AUTONOMIES, "tested": tested, "verb": "Make the bot"}
    return page(request, "new.html", http, first=await bots.is_empty(), **shown)
