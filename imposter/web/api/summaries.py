"""Notes on what was said in a chat before the turns that the model is shown."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from imposter.contracts.base_model import StrictModel
from imposter.contracts.model import LONGEST_SUMMARY
from imposter.storage.conversation.summaries import Summary
from imposter.web.api import examples
from imposter.web.api.answers import BODY, problems, takes_json
from imposter.web.api.body import JsonBody, checked
from imposter.web.api.schemas import ContactQuery, Named
from imposter.web.dependencies import Bots

router = APIRouter(prefix="/chatbot/{instance_id}/summary", tags=["messages"])

_NOBODY = "No bot has this instance_id, or it knows nobody by this id or number."


class SummaryRequest(StrictModel):
    """The owner's own notes."""

    contact: Named = Field(description="A person or group, by any id or number.")
    text: str = Field(max_length=LONGEST_SUMMARY, description="In place of the notes there are; empty: none.")


class SummaryDetail(BaseModel):
    """What the model is told of what was said before."""

    text: str
    changed_at: datetime | None = Field(description="When the model or the owner last changed it; null: never.")

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
    """The model makes them when a chat grows longer than what it is shown of it (`context_config`)."""
    return SummaryDetail.of(await bots.conversation_service.summary(instance_id, asked.contact))


@router.put(
    "",
    summary="Change the notes on a chat",
    openapi_extra=takes_json({"$ref": "#/components/schemas/SummaryRequest"}, all_of_it=examples.NEW_SUMMARY),
    responses=examples.shown("They are changed.", examples.SUMMARY)
    | problems(*BODY, HTTPStatus.SERVICE_UNAVAILABLE, NOT_FOUND=_NOBODY),
)
async def change_summary(instance_id: str, body: JsonBody, bots: Bots) -> SummaryDetail:
    """From now on the model is told this, and adds to it."""
    await bots.exists(instance_id)
    asked = checked(body, SummaryRequest)
    await bots.conversation_service.write_summary(instance_id, asked.contact, asked.text)
    return SummaryDetail.of(await bots.conversation_service.summary(instance_id, asked.contact))
