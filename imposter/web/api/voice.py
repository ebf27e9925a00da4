"""How the owner writes: what the bot may learn it from, and what it knows."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from imposter.contracts.errors import FieldProblem, InvalidConfig
from imposter.runtime.learning.chat_import import VoiceProfile
from imposter.web.api import examples
from imposter.web.api.answers import problems
from imposter.web.dependencies import Bots

router = APIRouter(prefix="/chatbot/{instance_id}/voice", tags=["messages"])

_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The export as it comes from the phone, a .txt or a .zip; 20 MiB at most.",
        "content": {
            name: {
                "schema": {"type": "string", "format": "binary"},
                "examples": {"one_message": {"value": examples.EXPORT}},
            }
            for name in ("application/octet-stream", "text/plain")
        },
    }
}


class ImportResult(BaseModel):
    """What an export held."""

    answers: int = Field(description="What the owner wrote in one go counts as one.")


class VoiceDeletion(BaseModel):
    """What was deleted."""

    answers: int


class LearnedFrom(BaseModel):
    """One imported chat."""

    contact: str
    answers: int


class VoiceDetail(BaseModel):
    """How the owner writes."""

    told: list[str] = Field(description="In sentences; empty where too little is known.")
    messages: int = Field(description="Of the owner's, that the sentences are about, imported or written here.")
    imported: list[LearnedFrom] = Field(description="The exported chats; most answers first.")

    @classmethod
    def of(cls, profile: VoiceProfile) -> "VoiceDetail":
        imported = [LearnedFrom(contact=contact, answers=count) for contact, count in profile.imported.items()]
        return cls(told=list(profile.told), messages=profile.messages, imported=imported)


@router.post(
    "/import",
    summary="Import an exported chat",
    openapi_extra=_FILE,
    responses=examples.shown("It is learned from.", examples.VOICE_IMPORTED)
    | problems(
        HTTPStatus.NOT_FOUND,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)
async def import_chat(
    instance_id: str,
    request: Request,
    bots: Bots,
    contact: Annotated[
        str, Query(min_length=1, max_length=256, description="Whose chat it is: a number, or an id of the platform.")
    ],
    owner: Annotated[
        str | None, Query(max_length=256, description="The owner's name in the file; without it the names are told.")
    ] = None,
) -> ImportResult:
    """Takes a chat that WhatsApp exported, without media or with it. Sent again, it takes the place of the one before.

    Only the owner's own words are learned from; the contact's are kept beside them, to find what answers the like.
    """
    info = await bots.info(instance_id)
    data = await request.body()
    if not data:
        raise InvalidConfig(FieldProblem("file", "is empty: send the export as the body, as it comes from the phone"))
    return ImportResult(answers=await bots.learning.learn(instance_id, info.config, contact, owner, data))


@router.get(
    "",
    summary="Show how the owner writes",
    responses=examples.shown("What is known.", examples.VOICE)
    | problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def show_voice(instance_id: str, bots: Bots) -> VoiceDetail:
    """By the owner's newest messages in imported chats and in those that are here."""
    await bots.exists(instance_id)
    return VoiceDetail.of(await bots.learning.profile(instance_id))


@router.delete(
    "",
    summary="Delete all imported chats",
    responses=examples.shown("They are deleted.", examples.VOICE_UNLEARNED)
    | problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def delete_voice(instance_id: str, bots: Bots) -> VoiceDeletion:
    """What the owner writes here goes on being learned from; `voice` in behaviour_config turns that off."""
    await bots.exists(instance_id)
    return VoiceDeletion(answers=await bots.learning.unlearn(instance_id))
