"""The route that makes a backup."""

from http import HTTPStatus

from fastapi import APIRouter

from imposter.web.api import examples
from imposter.web.api.answers import problems
from imposter.web.api.schemas import Backup
from imposter.web.dependencies import Bots

router = APIRouter(tags=["backup"])


@router.post(
    "/backup",
    summary="Create a backup",
    responses=examples.shown("The backup is complete.", examples.BACKUP)
    | problems(
        HTTPStatus.SERVICE_UNAVAILABLE,
        CONFLICT="The database is PostgreSQL, which has its own backup tools.",
    ),
)
async def make_backup(bots: Bots) -> Backup:
    """Copy the database, and the secret key if it is a file, into a new folder on the server's machine.

    The server keeps running meanwhile. Anyone with access to the folder can read all of its data.
    """
    folder = await bots.servers.back_up()
    return Backup(folder=str(folder), files=sorted(path.name for path in folder.iterdir()))
