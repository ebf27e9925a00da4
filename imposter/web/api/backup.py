"""A copy of what the server keeps."""

from http import HTTPStatus

from fastapi import APIRouter

from imposter.web.api import examples
from imposter.web.api.answers import problems
from imposter.web.api.schemas import Backup
from imposter.web.dependencies import Bots

router = APIRouter(tags=["backup"])


@router.post(
    "/backup",
    summary="Make a backup",
    responses=examples.shown("It is made.", examples.BACKUP)
    | problems(
        HTTPStatus.SERVICE_UNAVAILABLE,
        CONFLICT="The database is PostgreSQL, which has programs of its own for that.",
    ),
)
async def make_backup(bots: Bots) -> Backup:
    """Copies the database, and the secret key where it is a file, into a new folder on the server's machine.

    The server goes on meanwhile. Whoever has the folder can read everything in it.
    """
    folder = await bots.servers.back_up()
    return Backup(folder=str(folder), files=sorted(path.name for path in folder.iterdir()))
