"""Routes for the people and groups that a bot knows."""

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
    summary="List contacts with known names",
    responses=examples.shown("A page of contacts.", examples.CONTACTS) | KNOWN,
)
async def list_contacts(instance_id: str, asked: Annotated[NamesQuery, Query()], bots: Bots) -> ContactsPage:
    """Return names from the owner's address book and names that people chose, as far as the platform reports them."""
    found = await bots.conversation_service.names(instance_id, groups=False, after=asked.after, limit=asked.limit)
    rows = [
        ContactRow(ids=list(each.identifiers), name=name, saved_name=each.saved, own_name=each.chosen)
        for name, each in found
    ]
    return ContactsPage(contacts=rows, after=min(rows[-1].ids) if len(rows) == asked.limit else None)


@router.get(
    "/groups",
    summary="List groups with known titles",
    responses=examples.shown("A page of groups.", examples.GROUPS) | KNOWN,
)
async def list_groups(instance_id: str, asked: Annotated[NamesQuery, Query()], bots: Bots) -> GroupsPage:
    """Return groups under their current titles on the platform."""
    found = await bots.conversation_service.names(instance_id, groups=True, after=asked.after, limit=asked.limit)
    rows = [GroupRow(id=each.identifiers[0], name=name, title=each.chosen) for name, each in found]
    return GroupsPage(groups=rows, after=rows[-1].id if len(rows) == asked.limit else None)


@router.delete(
    "/contacts/{contact:path}",
    summary="Forget a contact",
    responses=examples.shown("The contact is forgotten.", examples.FORGOTTEN)
    | problems(
        HTTPStatus.SERVICE_UNAVAILABLE,
        NOT_FOUND="No bot has this instance_id, or it knows no contact with this id or number.",
        CONFLICT="The platform's own entries could not be removed, so nothing was removed.",
    ),
)
async def forget_contact(
    instance_id: str,
    contact: Annotated[str, Path(description="Any number or id of the person, in any format.")],
    bots: Bots,
) -> ErasureResult:
    """Delete all data about a person.

    This covers their conversation, their messages in groups, the answers to these, all their ids and the platform's own
    entries about them. Deleted data is also removed from the database files before the response is sent, unless `files`
    is `pending`. An answer that is being generated is not sent. If the person writes again, they are a stranger to the
    bot.
    """
    messages, scrubbed = await bots.forget(instance_id, contact)
    return ErasureResult(messages=messages, files="scrubbed" if scrubbed else "pending")
