"""What routes ask for."""

from typing import Annotated

from fastapi import Depends, Request

from imposter.runtime.supervisor import Supervisor


def _bots(request: Request) -> Supervisor:
    bots: Supervisor = request.app.state.bots
    return bots


Bots = Annotated[Supervisor, Depends(_bots)]
"""All bots of the server that this request came to."""
