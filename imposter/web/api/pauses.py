"""Routes that pause and resume a bot."""

from http import HTTPStatus

from fastapi import APIRouter

from imposter.contracts.status import BotStatus
from imposter.web.api import examples
from imposter.web.api.answers import BODY, problems, takes_json
from imposter.web.api.body import OptionalJsonBody, checked
from imposter.web.api.schemas import PauseRequest, ResumeRequest
from imposter.web.dependencies import Bots

router = APIRouter(prefix="/chatbot/{instance_id}", tags=["bots"])

_ANSWERS = examples.shown("Status of the bot.", examples.BOT_STATUS) | problems(
    *BODY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    NOT_FOUND="No bot has this instance_id, or it knows no contact with this id or number.",
)


@router.post(
    "/pause",
    summary="Pause a bot",
    openapi_extra=takes_json(
        {"$ref": "#/components/schemas/PauseRequest"}, required=False, one_chat=examples.PAUSE, all_chats={}
    ),
    responses=_ANSWERS,
)
async def pause_bot(instance_id: str, body: OptionalJsonBody, bots: Bots) -> BotStatus:
    """Silence a bot in one chat or in all, for some minutes or until it is resumed, even across restarts.

    The bot still reads messages. Messages that wait there, and those that arrive meanwhile, are not answered later
    either.
    """
    await bots.exists(instance_id)
    asked = checked(body, PauseRequest)
    return await bots.pause(instance_id, asked.contact, asked.minutes)


@router.post(
    "/resume",
    summary="Resume a bot",
    openapi_extra=takes_json(
        {"$ref": "#/components/schemas/ResumeRequest"}, required=False, all_chats={}, one_chat=examples.RESUME
    ),
    responses=_ANSWERS,
)
async def resume_bot(instance_id: str, body: OptionalJsonBody, bots: Bots) -> BotStatus:
    """End pauses, in one chat or, without a `contact`, in all.

    This includes pauses that the owner asked for, takeovers and pauses for the safety of the account, which `safety` in
    the status explains. The rate limits of `limits_config` still apply. A stopped bot stays stopped.
    """
    await bots.exists(instance_id)
    return await bots.resume(instance_id, checked(body, ResumeRequest).contact)
