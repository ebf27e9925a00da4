"""What routes ask for."""

from typing import Annotated

from fastapi import Depends, Request

from imposter.service.bots import BotService


async def _bots(request: Request) -> BotService:  # a plain one would take a thread for each request
    bots: BotService = request.app.state.bots
    return bots


Bots = Annotated[BotService, Depends(_bots)]
"""All bots, whichever server they live on."""
