"""The people that a bot knows."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from imposter.web.api import examples
from imposter.web.api.answers import problems
from imposter.web.api.schemas import ContactRow, ContactsPage, ErasureResult, GroupRow, GroupsPage, NamesQuery
from imposter.web.dependencies import Bots

router = APIRouter(prefix="/chatbot/{instance_id}", tags=["messages"])

KNOWN = problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)


@router.get(
    "/contacts",
    summary="List the people whose names are known",
    responses=examples.shown("One page.", examples.CONTACTS) | KNOWN,
)
async def list_contacts(instance_id: str, asked: Annotated[NamesQuery, Query()], bots: Bots) -> ContactsPage:
    """From the owner's address book and from what people call themselves, as far as the platform tells it."""
    found = await bots.conversation_service.names(instance_id, groups=False, after=asked.after, limit=asked.limit)
    rows = [
        ContactRow(ids=list(each.identifiers), name=name, saved_name=each.saved, own_name=each.chosen)
        for name, each in found
    ]
    return ContactsPage(contacts=rows, after=min(rows[-1].ids) if len(rows) == asked.limit else None)


@router.get(
    "/groups",
    summary="List the groups whose titles are known",
    responses=examples.shown("One page.", examples.GROUPS) | KNOWN,
)
async def list_groups(instance_id: str, asked: Annotated[NamesQuery, Query()], bots: Bots) -> GroupsPage:
    """As the platform calls them now, never by who spoke there last."""
    found = await bots.conversation_service.names(instance_id, groups=True, after=asked.after, limit=asked.limit)
    rows = [GroupRow(id=each.identifiers[0], name=name, title=each.chosen) for name, each in found]
    return GroupsPage(groups=rows, after=rows[-1].id if len(rows) == asked.limit else None)


@router.delete(
    "/contacts/{contact:path}",
    summary="Forget a person",
    responses=examples.shown("They are forgotten.", examples.FORGOTTEN)
    | problems(
        HTTPStatus.SERVICE_UNAVAILABLE,
        NOT_FOUND="No bot has this instance_id, or it knows nobody by this id or number.",
        CONFLICT="The platform's own entries could not be removed, so nothing was.",
    ),
)
async def forget_contact(
    instance_id: str,
    contact: Annotated[str, Path(description="Any number or id of theirs, written in any way.")],
    bots: Bots,
) -> ErasureResult:
    """Removes their conversation, their messages in groups, the answers to these, every id of theirs, and the
    platform's own entries about them; from the files too, before the answer comes, unless `files` says `pending`.

    An answer in the making is not sent. Whoever writes again is a stranger.
    """
    messages, scrubbed = await bots.forget(instance_id, contact)
    return ErasureResult(messages=messages, files="scrubbed" if scrubbed else "pending")
