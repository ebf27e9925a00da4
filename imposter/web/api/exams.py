"""Exams: how close a bot comes to its owner."""

from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from imposter.contracts.base_model import StrictModel
from imposter.contracts.errors import InvalidConfig
from imposter.runtime.providers.config_validation import field_problems
from imposter.storage.learning.evaluations import EvaluationRow, EvaluationState
from imposter.web.api import examples
from imposter.web.api.answers import BODY, problems, takes_json
from imposter.web.api.body import OptionalJsonBody
from imposter.web.api.schemas import Named
from imposter.web.dependencies import Bots

router = APIRouter(prefix="/chatbot/{instance_id}/exam", tags=["messages"])

TOLD = {
    EvaluationState.RUNNING: "It is under way.",
    EvaluationState.DONE: "It is finished.",
    EvaluationState.FAILED: "The bot gave no answer.",
    EvaluationState.CANCELLED: "It was cancelled.",
    EvaluationState.INTERRUPTED: "It was cut short: the server that held it was stopped.",
}
"""Where whoever held it did not say more."""


def _whole(value: object) -> object:
    """JSON has one kind of numbers: 20.0 is 20."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class ExamRequest(StrictModel):
    """What the bot is to be asked."""

    pairs: Annotated[int, BeforeValidator(_whole)] = Field(
        default=20, ge=1, le=200, description="At most so many questions."
    )
    contact: Named | None = Field(
        default=None, description="Only those of this person, by any id or number; left out: of all, spread over them."
    )


class ExamMeasure(BaseModel):
    """One way in which the bot's answers are like the owner's."""

    name: str
    score: float = Field(description="0 to 100; 100: the same.")
    told: str


class ExamPair(BaseModel):
    """One question, and both answers."""

    contact: str = Field(description="The conversation, or whose imported chat it was.")
    name: str = Field(description="As the contact calls themselves, where that is known.")
    asked: str
    owner: str = Field(description="What the owner answered; several messages have a line each.")
    bot: str | None = Field(description="What the bot answered; empty: nothing, null: the model failed.")
    at: datetime = Field(description="When the owner answered.")
    imported: bool


class ExamDetail(BaseModel):
    """The bot's last exam."""

    state: EvaluationState
    told: str = Field(description="One sentence for the owner.")
    begun_at: datetime
    ended_at: datetime | None
    done: int
    total: int
    score: float | None = Field(description="0 to 100, once it is done.")
    last_score: float | None = Field(
        description="Of the last exam that was finished, which is the one that `auto_from_score` looks at."
    )
    measures: list[ExamMeasure]
    pairs: list[ExamPair] = Field(description="Once it is done.")
    removed: int = Field(
        description="Pairs that are gone: one of their messages was edited or deleted, their contact was forgotten, or "
        "they grew too old."
    )
    models: list[str] = Field(description="Which ones answered, as their vendor names them.")
    prompt_tokens: int | None
    completion_tokens: int | None

    @classmethod
    def of(cls, row: EvaluationRow) -> "ExamDetail":
        nothing: dict[str, Any] = {
            "told": TOLD[row.state],
            "measures": [],
            "pairs": [],
            "removed": 0,
            "models": [],
            "prompt_tokens": None,
            "completion_tokens": None,
        }
        return cls.model_validate(nothing | row.body | asdict(row))


_NO_EXAM = "No bot has this instance_id, or it had no exam."


@router.post(
    "",
    status_code=HTTPStatus.ACCEPTED,
    summary="Begin an exam",
    openapi_extra=takes_json(
        {"$ref": "#/components/schemas/ExamRequest"}, required=False, all_chats={}, one_chat=examples.EXAM_REQUEST
    ),
    responses=examples.shown("It has begun.", examples.EXAM_BEGUN, HTTPStatus.ACCEPTED)
    | problems(
        *BODY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        NOT_FOUND="No bot has this instance_id, or it knows nobody by this id or number.",
        CONFLICT="An exam is under way, or there is nothing that the owner ever answered.",
    ),
)
async def begin_exam(instance_id: str, body: OptionalJsonBody, bots: Bots) -> ExamDetail:
    """Has the bot answer what contacts once wrote and its owner answered themselves, here or in imported chats.

    It is shown what was said before, never the owner's answer or anything later. Nothing is sent to anybody. The model
    is asked as often as there are questions, and costs what that costs.
    """
    await bots.exists(instance_id)
    try:
        asked = ExamRequest.model_validate(body)
    except ValidationError as error:
        raise InvalidConfig(*field_problems(error, ExamRequest)) from None
    return ExamDetail.of(await bots.begin_exam(instance_id, asked.pairs, asked.contact))


@router.get(
    "",
    summary="Show the last exam",
    responses=examples.shown("How it stands.", examples.EXAM)
    | problems(HTTPStatus.SERVICE_UNAVAILABLE, NOT_FOUND=_NO_EXAM),
)
async def show_exam(instance_id: str, bots: Bots) -> ExamDetail:
    """How far it is, and once it is done its score, what that is made of, and both answers to each question."""
    return ExamDetail.of(await bots.exam(instance_id))


@router.delete(
    "",
    summary="Cancel the exam",
    responses=examples.shown("How it stands; nothing changes where none is under way.", examples.EXAM)
    | problems(HTTPStatus.SERVICE_UNAVAILABLE, NOT_FOUND=_NO_EXAM),
)
async def cancel_exam(instance_id: str, bots: Bots) -> ExamDetail:
    """Ends the exam that is under way. The score of the last one that was finished goes on counting."""
    return ExamDetail.of(await bots.cancel_exam(instance_id))
