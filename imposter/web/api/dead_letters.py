"""Routes for dead letters."""

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
_RETRIED = examples.shown("The number of dead letters that are tried again.", examples.RETRIED)


@router.get(
    "",
    summary="List dead letters",
    responses=examples.shown("A page of dead letters.", examples.DEAD_LETTERS)
    | problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_dead_letters(
    instance_id: str, asked: Annotated[DeadLettersQuery, Query()], bots: Bots
) -> DeadLettersPage:
    """Return answers that were not or possibly not delivered, and messages that the model did not answer.

    Newest first.
    """
    letters = await bots.conversation_service.dead_letters(instance_id, before=asked.before, limit=asked.limit)
    more = len(letters) == asked.limit
    return DeadLettersPage(dead_letters=letters, before=letters[-1].seq if more else None)


@router.post(
    "/retry",
    summary="Retry all dead letters",
    responses=_RETRIED | problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def retry_dead_letters(instance_id: str, bots: Bots) -> RetriedLetters:
    """Retry every dead letter.

    Those whose contact the current rules do not answer are counted as `refused` and remain.
    """
    retried = await bots.conversation_service.retry(instance_id)
    return RetriedLetters(retried=retried.letters, refused=retried.refused)


@router.post(
    "/{letter}/retry",
    summary="Retry a dead letter",
    responses=_RETRIED | _UNKNOWN | problems(CONFLICT="By the current rules, the bot does not answer this contact."),
)
async def retry_dead_letter(instance_id: str, letter: Letter, bots: Bots) -> RetriedLetters:
    """Send an answer again as the same message, or call the model again for a message without an answer.

    The message is then no longer a dead letter, so a repeated request retries it only once. If the bot is not running,
    it retries the message when it starts.
    """
    retried = await bots.conversation_service.retry(instance_id, letter)
    return RetriedLetters(retried=retried.letters, refused=retried.refused)


@router.delete(
    "/{letter:int}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Dismiss a dead letter",
    responses=_UNKNOWN,
    response_description="The message is no longer a dead letter.",
)
async def remove_dead_letter(instance_id: str, letter: Letter, bots: Bots) -> None:
    """Remove a message from the dead letters. It stays in the list of messages."""
    await bots.conversation_service.remove_letter(instance_id, letter)
