"""The people that a bot knows."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from imposter.web.api import examples
from imposter.web.api.answers import problems
from imposter.web.api.schemas import Forgotten
from imposter.web.dependencies import Bots

router = APIRouter(prefix="/chatbot/{instance_id}/contacts", tags=["messages"])


@router.delete(
    "/{contact:path}",
    summary="Forget a person",
    responses=examples.shown("They are forgotten.", examples.FORGOTTEN)
    | problems(
        HTTPStatus.SERVICE_UNAVAILABLE,
        NOT_FOUND="No bot has this instance_id, or it knows nobody by this id or number.",
        CONFLICT="The platform's own entries could not be removed, so nothing was.",
    ),
)
async def forget_contact(
    instance_id: str,
    contact: Annotated[str, Path(description="Any number or id of theirs, written in any way.")],
    bots: Bots,
) -> Forgotten:
    """Removes their conversation, their messages in groups, the answers to these, every id of theirs, and the
    platform's own entries about them; from the files too, before the answer comes, unless `files` says `pending`.

    An answer in the making is not sent. Whoever writes again is a stranger.
    """
    messages, scrubbed = await bots.forget(instance_id, contact)
    return Forgotten(messages=messages, files="scrubbed" if scrubbed else "pending")
