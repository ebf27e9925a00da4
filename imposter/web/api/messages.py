"""Routes that list, send and explain messages."""

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
    responses=examples.shown("A page of messages.", examples.MESSAGES)
    | problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_messages(instance_id: str, asked: Annotated[MessagesQuery, Query()], bots: Bots) -> MessagesPage:
    """Return all incoming and outgoing messages, newest first, each with its `state` and the `reason` for it."""
    messages = await bots.messages(instance_id, conversation=asked.conversation, before=asked.before, limit=asked.limit)
    more = len(messages) == asked.limit
    return MessagesPage(messages=messages, before=messages[-1].seq if more else None)


@router.post(
    "/chatbot/{instance_id}/messages",
    status_code=HTTPStatus.ACCEPTED,
    summary="Send a message as the owner",
    openapi_extra=takes_json({"$ref": "#/components/schemas/SayRequest"}, by_hand=examples.SAY),
    responses=examples.shown("The message is accepted for delivery.", examples.SAID, HTTPStatus.ACCEPTED)
    | problems(
        *BODY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        NOT_FOUND="No bot has this instance_id, or it has no messages to or from this contact.",
        CONFLICT="The bot is not running.",
    ),
)
async def say(instance_id: str, body: JsonBody, bots: Bots) -> OwnerMessageResult:
    """Send a message as if the owner had written it on the phone.

    The bot is then silent in that chat for `takeover_minutes`, and messages that wait there are not answered. With a
    `key` the message is sent once, however many requests ask for it.
    """
    await bots.exists(instance_id)
    asked = checked(body, SayRequest)
    key = asked.key or secrets.token_hex(16)
    return OwnerMessageResult(
        message_id=await bots.conversation_service.say(instance_id, asked.contact, asked.text, key)
    )


@router.get(
    "/chatbot/{instance_id}/messages/{message}/decision",
    summary="Explain what happened to a message",
    responses=examples.shown("The explanation.", examples.DECISION)
    | problems(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        NOT_FOUND="No bot has this instance_id, or it has no such message (any more), or the message is the "
        "bot's own answer.",
    ),
)
async def explain_message(
    instance_id: str,
    message: Annotated[int, Path(ge=1, le=MAX_INTEGER, description="The `seq` of the message.")],
    bots: Bots,
) -> DecisionDetail:
    """Return why a message was answered, was not, or has not been yet: every gate with its outcome, and a sentence.

    The prompt is not included, only its SHA-256.
    """
    return DecisionDetail.of(await bots.decision(instance_id, message))
