"""Routes for the notes on the part of a chat that the model no longer sees."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from imposter.contracts.base_model import StrictModel
from imposter.contracts.model import LONGEST_SUMMARY
from imposter.domain.summaries import Summary
from imposter.web.api import examples
from imposter.web.api.answers import BODY, problems, takes_json
from imposter.web.api.body import JsonBody, checked
from imposter.web.api.schemas import ContactQuery, Named
from imposter.web.dependencies import Bots

router = APIRouter(prefix="/chatbot/{instance_id}/summary", tags=["messages"])

_NOBODY = "No bot has this instance_id, or it knows no contact with this id or number."


class SummaryRequest(StrictModel):
    """New notes from the owner."""

    contact: Named = Field(description="Any id or number of a person or group.")
    text: str = Field(
        max_length=LONGEST_SUMMARY, description="Text that replaces the current notes. Empty to remove them."
    )


class SummaryDetail(BaseModel):
    """The notes on a chat, which are part of the prompt."""

    text: str
    changed_at: datetime | None = Field(
        description="When the model or the owner last changed the notes. null if never."
    )

    @classmethod
    def of(cls, summary: Summary | None) -> "SummaryDetail":
        return cls(text=summary.text if summary else "", changed_at=summary.changed_at if summary else None)


@router.get(
    "",
    summary="Show the notes on a chat",
    responses=examples.shown("The notes.", examples.SUMMARY)
    | problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE, NOT_FOUND=_NOBODY),
)
async def show_summary(instance_id: str, asked: Annotated[ContactQuery, Query()], bots: Bots) -> SummaryDetail:
    """Return the notes on a chat. The model writes them when a chat exceeds its context (`context_config`)."""
    return SummaryDetail.of(await bots.conversation_service.summary(instance_id, asked.contact))


@router.put(
    "",
    summary="Change the notes on a chat",
    openapi_extra=takes_json({"$ref": "#/components/schemas/SummaryRequest"}, all_of_it=examples.NEW_SUMMARY),
    responses=examples.shown("The notes are changed.", examples.SUMMARY)
    | problems(*BODY, HTTPStatus.SERVICE_UNAVAILABLE, NOT_FOUND=_NOBODY),
)
async def change_summary(instance_id: str, body: JsonBody, bots: Bots) -> SummaryDetail:
    """Replace the notes on a chat. The model sees them from now on and adds to them."""
    await bots.exists(instance_id)
    asked = checked(body, SummaryRequest)
    await bots.conversation_service.write_summary(instance_id, asked.contact, asked.text)
    return SummaryDetail.of(await bots.conversation_service.summary(instance_id, asked.contact))
