"""Routes for answers that wait for the owner's approval."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from imposter.web.api import examples
from imposter.web.api.answers import BODY, problems, takes_json
from imposter.web.api.body import OptionalJsonBody, checked
from imposter.web.api.schemas import MAX_INTEGER, DraftRequest, DraftRow, DraftsPage, DraftsQuery
from imposter.web.dependencies import Bots

router = APIRouter(prefix="/chatbot/{instance_id}/drafts", tags=["messages"])

Number = Annotated[int, Path(ge=1, le=MAX_INTEGER, description="The `number` of the draft.")]

_UNKNOWN = "No bot has this instance_id, or it has no such draft."
_TOO_LATE = "The draft is already decided, has expired or has no text to send, or the bot is not running."
_DECIDED = examples.shown("The draft after the decision.", examples.DRAFT)


@router.get(
    "",
    summary="List drafts",
    responses=examples.shown("A page of drafts.", examples.DRAFTS)
    | problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_drafts(instance_id: str, asked: Annotated[DraftsQuery, Query()], bots: Bots) -> DraftsPage:
    """Return answers that wait, or waited, for the owner's approval, in any state, newest first."""
    drafts = await bots.conversation_service.drafts(instance_id, before=asked.before, limit=asked.limit)
    more = len(drafts) == asked.limit
    return DraftsPage(drafts=list(map(DraftRow.of, drafts)), before=drafts[-1].number if more else None)


@router.post(
    "/{number}/send",
    summary="Send a draft",
    openapi_extra=takes_json(
        {"$ref": "#/components/schemas/DraftRequest"}, required=False, as_it_is={}, in_other_words=examples.EDITED
    ),
    responses=_DECIDED | problems(*BODY, HTTPStatus.SERVICE_UNAVAILABLE, NOT_FOUND=_UNKNOWN, CONFLICT=_TOO_LATE),
)
async def send_draft(instance_id: str, number: Number, body: OptionalJsonBody, bots: Bots) -> DraftRow:
    """Send a draft as it is, or with another `text`. A draft is sent once, however many requests ask for it."""
    await bots.exists(instance_id)
    return DraftRow.of(
        await bots.conversation_service.send_draft(instance_id, number, checked(body, DraftRequest).text)
    )


@router.post(
    "/{number}/drop",
    summary="Drop a draft",
    responses=_DECIDED
    | problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE, NOT_FOUND=_UNKNOWN, CONFLICT=_TOO_LATE),
)
async def drop_draft(instance_id: str, number: Number, bots: Bots) -> DraftRow:
    """Drop a draft. The contact gets no answer; their message stays part of the conversation."""
    return DraftRow.of(await bots.conversation_service.drop_draft(instance_id, number))
