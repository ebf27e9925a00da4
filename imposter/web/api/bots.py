"""Routes that create, change, show, start, stop, unlink and delete bots."""

import asyncio
from http import HTTPStatus

import structlog
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from imposter.contracts.config import BotConfig
from imposter.contracts.errors import FieldProblem, ImposterError, InvalidConfig, NodeUnresponsive, StorageError
from imposter.contracts.status import BotStatus
from imposter.runtime.providers.config_validation import Rejected, check_configs
from imposter.runtime.providers.secret_masking import masked
from imposter.service.bots import BotService
from imposter.web.api import examples
from imposter.web.api.answers import BODY, Responses, problems, takes_json
from imposter.web.api.body import ItemsBody
from imposter.web.api.schemas import BotDetail, Created, Left, NotCreated
from imposter.web.dependencies import Bots
from imposter.web.home_numbers import with_country_codes
from imposter.web.problems import FieldError

log = structlog.get_logger()

router = APIRouter(prefix="/chatbot", tags=["bots"])

MAX_ITEMS = 1000
"""Maximum number of configs in a request. A body of 1 MiB can hold half a million `0`, each with its own response."""

AT_ONCE = 32
"""Maximum number of bots of one request that are created at the same time."""

_STATUS = examples.shown("Status of the bot.", examples.BOT_STATUS)
_NOT_FOUND = problems(HTTPStatus.NOT_FOUND)
_CHANGES = _STATUS | problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)

_PUT_ANSWERS: Responses = (
    examples.shown("All configs are in effect.", examples.CREATED)
    | examples.shown(
        "Some configs are in effect. For each of the others, the response gives the reason.",
        examples.SOME_CREATED,
        207,
        list[Created | NotCreated],
    )
    | problems(*BODY, HTTPStatus.SERVICE_UNAVAILABLE)
)
_PUT_ANSWERS[422]["description"] = (
    f"No config can be used (an array), or the body is not an array of at most {MAX_ITEMS} configs (a problem)."
)
_PUT_ANSWERS[422]["content"]["application/json"] = {
    "schema": {"type": "array", "items": {"$ref": "#/components/schemas/NotCreated"}},
    "example": examples.NONE_CREATED,
}


@router.put(
    "",
    summary="Create or update bots",
    response_model=list[Created],
    openapi_extra=takes_json(
        {"type": "array", "items": {"$ref": "#/components/schemas/BotConfig"}, "maxItems": MAX_ITEMS},
        **examples.CONFIGS,
    ),
    responses=_PUT_ANSWERS,
)
async def put_bots(body: ItemsBody, bots: Bots) -> JSONResponse:
    """Create or update a bot for each config of an array of at most 1,000. The response has the same order.

    Each `user_id` has one bot. If it is submitted again, the bot is updated to the new config and keeps its
    `instance_id` and its link to the platform. A rejected config changes nothing. Bots that are not in the array stay
    as they are.
    """
    if not isinstance(body, list):
        raise InvalidConfig(FieldProblem("", "must be a JSON array of configs; put [ and ] around a single one"))
    if len(body) > MAX_ITEMS:
        raise InvalidConfig(
            FieldProblem("", f"must not hold more than {MAX_ITEMS} configs; send them in several requests")
        )
    items = check_configs(await with_country_codes(body, bots), bots.catalog, bots.secret, bots.addresses)
    places = asyncio.Semaphore(AT_ONCE)
    outcomes = await asyncio.gather(*(_put(item, bots, places) for item in items), return_exceptions=True)
    answers = [_answer(item, outcome) for item, outcome in zip(items, outcomes, strict=True)]
    created = sum(isinstance(answer, Created) for answer in answers)
    unstored = (outcome for outcome in outcomes if isinstance(outcome, StorageError | NodeUnresponsive))
    if not created and (error := next(unstored, None)):
        raise error
    if created == len(answers):
        status = HTTPStatus.OK
    else:
        status = HTTPStatus.MULTI_STATUS if created else HTTPStatus.UNPROCESSABLE_ENTITY
    return JSONResponse([answer.model_dump(exclude_unset=True) for answer in answers], status)


@router.get(
    "",
    summary="List all bots",
    responses=examples.shown("Status of each bot.", [examples.BOT_STATUS]),
)
async def list_bots(bots: Bots) -> list[BotStatus]:
    """Return the status of every bot, in order of creation."""
    return await bots.statuses()


@router.get(
    "/{instance_id}",
    summary="Show a bot",
    responses=examples.shown("The bot.", examples.BOT_DETAIL)
    | _NOT_FOUND
    | problems(CONFLICT="A newer version of the server wrote this bot's config. Ask a server of that version."),
)
async def show_bot(instance_id: str, bots: Bots) -> BotDetail:
    """Return a bot's config, without its secrets, and its status."""
    bot = await bots.info(instance_id)
    return BotDetail(
        instance_id=bot.instance_id,
        user_id=bot.user_id,
        created_at=bot.created_at,
        config=masked(bot.config, bots.catalog),
        node=bot.node,
        epoch=bot.epoch,
        status=await bots.status(instance_id),
    )


@router.delete(
    "/{instance_id}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Delete a bot",
    responses=examples.shown("The bot is deleted, but the phone still lists the link.", examples.LEFT, 200, Left)
    | problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
    response_description="The bot is deleted.",
)
async def delete_bot(instance_id: str, bots: Bots) -> Response:
    """Delete a bot with its messages, its credentials and its config.

    The account is logged out if the platform can be reached within 15 seconds, even if the bot was still starting.
    Otherwise the response is a 200 that says so, and the owner removes the link on the phone.
    """
    left = await bots.delete(instance_id)
    if left is None:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return JSONResponse(Left(detail=left).model_dump())


@router.get("/{instance_id}/status", summary="Get a bot's status", responses=_STATUS | _NOT_FOUND)
async def show_status(instance_id: str, bots: Bots) -> BotStatus:
    """Return the status of a bot. While it is `linking`, `qr` holds the newest code to scan."""
    return await bots.status(instance_id)


@router.post("/{instance_id}/start", summary="Start a bot", responses=_CHANGES)
async def start_bot(instance_id: str, bots: Bots) -> BotStatus:
    """Start a bot, now and after every restart of the server. A bot that already runs is not affected."""
    return await bots.start(instance_id)


@router.post("/{instance_id}/stop", summary="Stop a bot", responses=_CHANGES)
async def stop_bot(instance_id: str, bots: Bots) -> BotStatus:
    """Disconnect a bot until it is started again, even across restarts of the server. The account stays linked."""
    return await bots.stop(instance_id)


@router.post("/{instance_id}/unlink", summary="Unlink a bot's account", responses=_CHANGES)
async def unlink_bot(instance_id: str, bots: Bots) -> BotStatus:
    """Delete the account's credentials and stop the bot. Start the bot to link an account again.

    The account is logged out if the platform can be reached within 15 seconds, even if the bot was still starting.
    Otherwise `detail` says so, and the owner removes the link on the phone.
    """
    return await bots.unlink(instance_id)


async def _put(item: BotConfig | Rejected, bots: BotService, places: asyncio.Semaphore) -> str:
    if isinstance(item, Rejected):
        raise InvalidConfig(*item.problems)
    async with places:
        return await bots.put(item)


def _answer(item: BotConfig | Rejected, outcome: str | BaseException) -> Created | NotCreated:
    """Return the response for one config. Errors that neither the caller nor the store caused are raised."""
    if isinstance(outcome, InvalidConfig):
        errors = [FieldError.of(problem) for problem in outcome.problems]
    elif isinstance(outcome, StorageError):
        log.error("config was not stored", cause=str(outcome))
        errors = [FieldError(field="", message="could not be stored, send it again; the server's log says why")]
    elif isinstance(outcome, ImposterError):
        errors = [FieldError(field="", message=str(outcome))]
    elif isinstance(outcome, BaseException):
        raise outcome
    else:
        return Created(user_id=item.user_id, instance_id=outcome)
    if len(errors) == 1:
        return NotCreated(user_id=item.user_id, error=errors[0])
    return NotCreated(user_id=item.user_id, error=errors[0], errors=errors)
