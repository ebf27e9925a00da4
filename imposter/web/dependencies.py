"""What routes ask for."""

from typing import Annotated

from fastapi import Depends, Request

from imposter.cluster.fleet import Fleet


async def _bots(request: Request) -> Fleet:  # a plain one would take a thread for each request
    bots: Fleet = request.app.state.bots
    return bots


Bots = Annotated[Fleet, Depends(_bots)]
"""All bots, whichever server they live on."""
