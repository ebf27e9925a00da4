"""How the owner writes: what the bot may learn it from, and what it knows."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile

from imposter.contracts.errors import FieldProblem, InvalidConfig
from imposter.runtime.learning.chat_import import Learned, VoiceProfile
from imposter.web.api import examples
from imposter.web.api.answers import problems
from imposter.web.dependencies import Bots

router = APIRouter(prefix="/chatbot/{instance_id}/voice", tags=["messages"])

_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The export as it comes from the phone, a .txt, .zip or .json; 20 MiB at most. Several files of"
        " one chat come as a form (multipart/form-data).",
        "content": {
            name: {
                "schema": {"type": "string", "format": "binary"},
                "examples": {"one_message": {"value": examples.EXPORT}},
            }
            for name in ("application/octet-stream", "text/plain")
        },
    }
}
MOST_FILES = 100


class SpeakerDetail(BaseModel):
    """Somebody who has lines in the file."""

    name: str
    lines: int
    member: bool = Field(description="False where these lines were pasted into others' messages: nobody of this chat.")


class UnreadLine(BaseModel):
    """A line that looks like a message and was not understood: nothing of it is learned."""

    file: str = Field(description="Empty where only one file was sent.")
    line: int = Field(description="Its number in the file, from 1; in JSON that of the message.")
    text: str


class ImportResult(BaseModel):
    """What an export held."""

    answers: int = Field(description="What the owner wrote in one go counts as one.")
    app: str = Field(description="Which app's export it is.")
    owner: str = Field(description="The owner's name as the file spells it.")
    chat_with: list[str] = Field(description="Whose chat it is taken for: the other members, at most 20.")
    members: int = Field(description="How many they are, with the owner.")
    group: bool = Field(description="Of a group only the owner's words are learned, not what they answer.")
    speakers: list[SpeakerDetail] = Field(description="Who has lines in the file, at most 20; members first.")
    counts: dict[str, int] = Field(description="Lines by kind: text, media, deleted, call, notice, quoted and so on.")
    unread: list[UnreadLine] = Field(description="The first lines that were not understood, at most 10.")
    unread_lines: int = Field(description="How many were not understood.")
    damaged_lines: int = Field(description="Lines with bytes in them that are no text, which were left out.")
    first_at: datetime
    last_at: datetime

    @classmethod
    def of(cls, learned: Learned) -> "ImportResult":
        report = learned.report
        return cls(
            answers=learned.answers,
            app=report.app,
            owner=report.owner,
            chat_with=list(report.chat_with),
            members=report.others + 1,
            group=report.group,
            speakers=[SpeakerDetail(name=each.name, lines=each.lines, member=each.member) for each in report.speakers],
            counts=dict(report.counts),
            unread=[UnreadLine(file=each.file, line=each.line, text=each.text) for each in report.not_read],
            unread_lines=report.lines_not_read,
            damaged_lines=report.damaged_lines,
            first_at=datetime.fromisoformat(report.first_at),
            last_at=datetime.fromisoformat(report.last_at),
        )


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
    chat: Annotated[
        str | None, Query(max_length=256, description="Which chat is meant, where the files hold several.")
    ] = None,
) -> ImportResult:
    """Takes a chat that WhatsApp, Telegram, Signal or iMessage exported, and says what of it was read.

    Sent again, it takes the place of the one before. Only the owner's own words are learned from; the contact's are
    kept beside them, to find what answers the like.
    """
    info = await bots.info(instance_id)
    files = [(name, data) for name, data in await _files(request) if data]
    if not files:
        raise InvalidConfig(FieldProblem("file", "is empty: send the export as the body, as it comes from the phone"))
    return ImportResult.of(await bots.learning.learn(instance_id, info.config, contact, owner, files, chat))


async def _files(request: Request) -> list[tuple[str, bytes]]:
    """By name: the parts of a form, or the body itself."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return [("", await request.body())]
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FILES) as form:
        return [
            (part.filename or "", await part.read()) for _, part in form.multi_items() if isinstance(part, UploadFile)
        ]


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
