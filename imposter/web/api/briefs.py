"""Routes for the bot's messages in one chat on behalf of the owner, and for taking them back."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from imposter.contracts.base_model import StrictModel
from imposter.contracts.messages import Source
from imposter.runtime.owner.away_summary import AwaySummary
from imposter.web.api import examples
from imposter.web.api.answers import BODY, problems, takes_json
from imposter.web.api.body import JsonBody, checked
from imposter.web.api.schemas import MAX_INTEGER, ContactQuery, Named
from imposter.web.dependencies import Bots

router = APIRouter(prefix="/chatbot/{instance_id}/brief", tags=["messages"])

_NOBODY = "No bot has this instance_id, or it does not know the contact, or it said nothing to them."


class UndoRequest(StrictModel):
    """A request to take back the messages of a brief."""

    contact: Named = Field(description="Any id or number of a person or group.")
    last: int = Field(ge=1, le=MAX_INTEGER, description="The value of `last` in the brief. Later messages are kept.")


class AwaySummaryLine(BaseModel):
    """One message of a brief."""

    source: Source
    text: str
    sent_at: datetime


class AwaySummaryDetail(BaseModel):
    """The messages of one chat since the owner last wrote there, when the bot spoke for them."""

    name: str = Field(description="Name of the contact or group.")
    lines: list[AwaySummaryLine] = Field(description="Messages of the contact and of the bot, in order.")
    promised: list[str] = Field(
        description="Passages of the bot's messages that commit the owner to something, as far as the rules find them."
    )
    unanswered: list[str] = Field(description="Messages that the contact wrote after the bot's last one.")
    came_back_at: datetime | None = Field(description="When the owner wrote in the chat again. null if they have not.")
    last: int = Field(description="Identifies this state of the chat. Pass it to `undo`.")

    @classmethod
    def of(cls, brief: AwaySummary) -> "AwaySummaryDetail":
        return cls(
            name=brief.name,
            lines=[
                AwaySummaryLine(source=message.source, text=message.content, sent_at=message.sent_at)
                for message in brief.spell.talk
            ],
            promised=list(brief.promised),
            unanswered=list(brief.unanswered),
            came_back_at=brief.spell.back.sent_at if brief.spell.back is not None else None,
            last=brief.spell.last,
        )


class Undone(BaseModel):
    """The result of taking messages back."""

    messages: int


@router.get(
    "",
    summary="Show a brief",
    responses=examples.shown("The brief.", examples.BRIEF)
    | problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE, NOT_FOUND=_NOBODY),
)
async def show_brief(instance_id: str, asked: Annotated[ContactQuery, Query()], bots: Bots) -> AwaySummaryDetail:
    """Return what the bot said for the owner in one chat, from the owner's last message until their next one."""
    return AwaySummaryDetail.of(await bots.conversation_service.brief(instance_id, asked.contact))


@router.post(
    "/undo",
    summary="Take back the messages of a brief",
    openapi_extra=takes_json({"$ref": "#/components/schemas/UndoRequest"}, all_of_it=examples.UNDO),
    responses=examples.shown("The messages are taken back.", examples.UNDONE)
    | problems(
        *BODY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        NOT_FOUND="No bot has this instance_id, or it knows no contact with this id or number.",
        CONFLICT="The messages are already taken back, there are newer ones, the platform cannot delete them, "
        "or cannot do it now, or the bot is not running.",
    ),
)
async def undo_brief(instance_id: str, body: JsonBody, bots: Bots) -> Undone:
    """Delete the bot's messages of a brief on every phone, as far as the platform allows, and from the context."""
    await bots.exists(instance_id)
    asked = checked(body, UndoRequest)
    return Undone(messages=await bots.conversation_service.undo_brief(instance_id, asked.contact, asked.last))
