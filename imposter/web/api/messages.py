"""What was said, and what became of it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from imposter.web.api import examples
from imposter.web.api.answers import problems
from imposter.web.api.schemas import MessagesPage, MessagesQuery
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
