"""Where a bot is silent, by its owner's wish or for its account's safety."""

from http import HTTPStatus

from fastapi import APIRouter

from imposter.contracts.status import BotStatus
from imposter.web.api import examples
from imposter.web.api.answers import BODY, problems, takes_json
from imposter.web.api.body import OptionalJsonBody, checked
from imposter.web.api.schemas import PauseRequest, ResumeRequest
from imposter.web.dependencies import Bots

router = APIRouter(prefix="/chatbot/{instance_id}", tags=["bots"])

_ANSWERS = examples.shown("Where the bot stands.", examples.BOT_STATUS) | problems(
    *BODY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    NOT_FOUND="No bot has this instance_id, or it knows nobody by this id or number.",
)


@router.post(
    "/pause",
    summary="Have a bot be silent",
    openapi_extra=takes_json(
        {"$ref": "#/components/schemas/PauseRequest"}, required=False, one_chat=examples.PAUSE, all_chats={}
    ),
    responses=_ANSWERS,
)
async def pause_bot(instance_id: str, body: OptionalJsonBody, bots: Bots) -> BotStatus:
    """Has the bot be silent in one chat, or in all, for some minutes or until it is resumed, over restarts too.

    It goes on reading. What waits for an answer there, and what comes meanwhile, is not answered later either.
    """
    await bots.exists(instance_id)
    asked = checked(body, PauseRequest)
    return await bots.pause(instance_id, asked.contact, asked.minutes)


@router.post(
    "/resume",
    summary="End a bot's pauses",
    openapi_extra=takes_json(
        {"$ref": "#/components/schemas/ResumeRequest"}, required=False, all_chats={}, one_chat=examples.RESUME
    ),
    responses=_ANSWERS,
)
async def resume_bot(instance_id: str, body: OptionalJsonBody, bots: Bots) -> BotStatus:
    """Has the bot answer again where it had stopped, by its owner's wish, because they wrote there themselves, or for
    the safety of its account; `safety` in the status says why. Without a `contact` all pauses end.

    The caps of `limits_config` hold on. A bot that was stopped stays so.
    """
    await bots.exists(instance_id)
    return await bots.resume(instance_id, checked(body, ResumeRequest).contact)
