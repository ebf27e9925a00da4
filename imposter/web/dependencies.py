"""Dependencies of the routes."""

from typing import Annotated

from fastapi import Depends, Request

from imposter.service.bots import BotService


async def _bots(request: Request) -> BotService:  # async, because a plain function would need a thread per request
    bots: BotService = request.app.state.bots
    return bots


Bots = Annotated[BotService, Depends(_bots)]
"""The service for all bots, on whichever server they run."""
