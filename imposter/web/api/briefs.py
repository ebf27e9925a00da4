"""What was said in the owner's name, and taking it back."""

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

_NOBODY = "No bot has this instance_id, or it knows nobody by this id or number, or nothing was said to them."


class UndoRequest(StrictModel):
    """What is to be taken back."""

    contact: Named = Field(description="A person or group, by any id or number.")
    last: int = Field(ge=1, le=MAX_INTEGER, description="`last` of the brief: what was said after it is kept.")


class AwaySummaryLine(BaseModel):
    """One message."""

    source: Source
    text: str
    sent_at: datetime


class AwaySummaryDetail(BaseModel):
    """What was said in one chat in the owner's name since they last wrote there themselves."""

    name: str = Field(description="Whom it was said to.")
    lines: list[AwaySummaryLine] = Field(description="Theirs and the bot's, in order.")
    promised: list[str] = Field(description="Passages of the bot's that bind its owner, as far as rules find them.")
    unanswered: list[str] = Field(description="What they wrote after the bot's last message.")
    came_back_at: datetime | None = Field(description="When the owner wrote there again; null: not yet.")
    last: int = Field(description="Names this state of things to `undo`.")

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
    """What was taken back."""

    messages: int


@router.get(
    "",
    summary="Show what was said for the owner",
    responses=examples.shown("What was said.", examples.BRIEF)
    | problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE, NOT_FOUND=_NOBODY),
)
async def show_brief(instance_id: str, asked: Annotated[ContactQuery, Query()], bots: Bots) -> AwaySummaryDetail:
    """In one chat, since they last wrote there themselves, or up to when they came back."""
    return AwaySummaryDetail.of(await bots.conversation_service.brief(instance_id, asked.contact))


@router.post(
    "/undo",
    summary="Take back what was said for the owner",
    openapi_extra=takes_json({"$ref": "#/components/schemas/UndoRequest"}, all_of_it=examples.UNDO),
    responses=examples.shown("It is taken back.", examples.UNDONE)
    | problems(
        *BODY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        NOT_FOUND="No bot has this instance_id, or it knows nobody by this id or number.",
        CONFLICT="It is taken back already, more was said since, the platform cannot or not now, or the bot is not "
        "running.",
    ),
)
async def undo_brief(instance_id: str, body: JsonBody, bots: Bots) -> Undone:
    """Deletes the bot's messages of the brief on every phone, as far as the platform lets it, and from the context."""
    await bots.exists(instance_id)
    asked = checked(body, UndoRequest)
    return Undone(messages=await bots.conversation_service.undo_brief(instance_id, asked.contact, asked.last))
