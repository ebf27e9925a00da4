"""Routes that check the server's health."""

import asyncio
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException

from imposter import __version__
from imposter.contracts.errors import StorageError
from imposter.web.api import examples
from imposter.web.api.answers import problems
from imposter.web.api.schemas import Health
from imposter.web.dependencies import Bots

router = APIRouter(tags=["health"])

STORE_DEADLINE = 5.0
"""Seconds that the store has to commit."""

_HEALTH = examples.shown("The server is up.", {"status": "ok", "version": __version__})


@router.get("/healthz", summary="Check that the server is up", responses=_HEALTH, openapi_extra={"security": []})
async def healthz(request: Request) -> Health:
    """Return 200 as long as the process responds. Needs no key."""
    return Health(version=request.app.version)


@router.get(
    "/readyz",
    summary="Check that the server is ready",
    responses=_HEALTH | problems(SERVICE_UNAVAILABLE="The server may not run bots now, or nothing can be stored."),
)
async def readyz(request: Request, bots: Bots) -> Health:
    """Return 200 if the server may run bots and the store works, which a commit proves."""
    if not bots.servers.ready:
        raise HTTPException(
            HTTPStatus.SERVICE_UNAVAILABLE, "This server may have no bots now: it does not reach the database in time."
        )
    try:
        async with asyncio.timeout(STORE_DEADLINE):
            await bots.servers.check_store()
    except TimeoutError:
        detail = bots.servers.trouble or f"The store did not answer within {STORE_DEADLINE:.0f} seconds."
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, detail) from None
    except StorageError:
        detail = bots.servers.trouble or "The store does not take what is to be stored. The server's log says why."
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, detail) from None
    return Health(version=request.app.version)
