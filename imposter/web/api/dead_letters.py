"""What contacts did not get, and what the owner does about it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from imposter.web.api import examples
from imposter.web.api.answers import problems
from imposter.web.api.schemas import MAX_INTEGER, DeadLettersPage, DeadLettersQuery, RetriedLetters
from imposter.web.dependencies import Bots

router = APIRouter(prefix="/chatbot/{instance_id}/dead-letters", tags=["messages"])

Letter = Annotated[int, Path(ge=1, le=MAX_INTEGER, description="The `seq` of the dead letter.")]

_UNKNOWN = problems(
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    NOT_FOUND="No bot has this instance_id, or it has no such dead letter (any more).",
)
_RETRIED = examples.shown("What is tried again.", examples.RETRIED)


@router.get(
    "",
    summary="List what contacts did not get",
    responses=examples.shown("One page.", examples.DEAD_LETTERS)
    | problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_dead_letters(
    instance_id: str, asked: Annotated[DeadLettersQuery, Query()], bots: Bots
) -> DeadLettersPage:
    """Answers that did not arrive, or may not have, and messages that the model had no answer to; newest first."""
    letters = await bots.conversation_service.dead_letters(instance_id, before=asked.before, limit=asked.limit)
    more = len(letters) == asked.limit
    return DeadLettersPage(dead_letters=letters, before=letters[-1].seq if more else None)


@router.post(
    "/retry",
    summary="Try all dead letters again",
    responses=_RETRIED | problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def retry_dead_letters(instance_id: str, bots: Bots) -> RetriedLetters:
    """As for a single one. Those whose contact today's rules leave out are counted as `refused`, and stay."""
    retried = await bots.conversation_service.retry(instance_id)
    return RetriedLetters(retried=retried.letters, refused=retried.refused)


@router.post(
    "/{letter}/retry",
    summary="Try a dead letter again",
    responses=_RETRIED | _UNKNOWN | problems(CONFLICT="By today's rules the bot does not answer this contact."),
)
async def retry_dead_letter(instance_id: str, letter: Letter, bots: Bots) -> RetriedLetters:
    """An answer is sent again, as the same message; for a message the model is asked once more.

    From then on it is no dead letter; asked for twice, it is done once. A bot that does not run does it when it does.
    """
    retried = await bots.conversation_service.retry(instance_id, letter)
    return RetriedLetters(retried=retried.letters, refused=retried.refused)


@router.delete(
    "/{letter:int}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Let a dead letter go",
    responses=_UNKNOWN,
    response_description="It is no dead letter any more.",
)
async def remove_dead_letter(instance_id: str, letter: Letter, bots: Bots) -> None:
    """It stays on record among the messages."""
    await bots.conversation_service.remove_letter(instance_id, letter)
