"""What was said, what became of it, and why."""

import secrets
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from imposter.web.api import examples
from imposter.web.api.answers import BODY, problems, takes_json
from imposter.web.api.body import JsonBody, checked
from imposter.web.api.schemas import (
    MAX_INTEGER,
    DecisionDetail,
    MessagesPage,
    MessagesQuery,
    OwnerMessageResult,
    SayRequest,
)
from imposter.web.dependencies import Bots

router = APIRouter(tags=["messages"])


@router.get(
    "/chatbot/{instance_id}/messages",
    summary="List a bot's messages",
    responses=examples.shown("One page.", examples.MESSAGES)
    | problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_messages(instance_id: str, asked: Annotated[MessagesQuery, Query()], bots: Bots) -> MessagesPage:
    """Every message that came in, ours and the owner's too, newest first: its `state`, and the `reason` for it."""
    messages = await bots.messages(instance_id, conversation=asked.conversation, before=asked.before, limit=asked.limit)
    more = len(messages) == asked.limit
    return MessagesPage(messages=messages, before=messages[-1].seq if more else None)


@router.post(
    "/chatbot/{instance_id}/messages",
    status_code=HTTPStatus.ACCEPTED,
    summary="Say something yourself",
    openapi_extra=takes_json({"$ref": "#/components/schemas/SayRequest"}, by_hand=examples.SAY),
    responses=examples.shown("It is on its way.", examples.SAID, HTTPStatus.ACCEPTED)
    | problems(
        *BODY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        NOT_FOUND="No bot has this instance_id, or nothing was ever said to or by this contact.",
        CONFLICT="The bot does not run.",
    ),
)
async def say(instance_id: str, body: JsonBody, bots: Bots) -> OwnerMessageResult:
    """As if its owner had written it on the phone: the bot is silent in that chat for `takeover_minutes`, and what
    waited there is not answered. With a `key` it is said once, however often it is asked for.
    """
    await bots.exists(instance_id)
    asked = checked(body, SayRequest)
    key = asked.key or secrets.token_hex(16)
    return OwnerMessageResult(
        message_id=await bots.conversation_service.say(instance_id, asked.contact, asked.text, key)
    )


@router.get(
    "/chatbot/{instance_id}/messages/{message}/decision",
    summary="Explain what became of a message",
    responses=examples.shown("Why.", examples.DECISION)
    | problems(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        NOT_FOUND="No bot has this instance_id, or it has no such message (any more), or that is an answer of its own.",
    ),
)
async def explain_message(
    instance_id: str,
    message: Annotated[int, Path(ge=1, le=MAX_INTEGER, description="The `seq` of the message.")],
    bots: Bots,
) -> DecisionDetail:
    """Why it was answered, was not, or is not yet: every gate with its outcome, and `explanation`, one plain sentence.

    What the model was shown is not repeated, only its SHA-256.
    """
    return DecisionDetail.of(await bots.decision(instance_id, message))
