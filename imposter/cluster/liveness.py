"""Whether a server is there, by what the others can know of it. Pure."""

from math import ceil

from imposter.domain.nodes import Heartbeat

MISSED = 0.5
"""Of its lease: who is silent for so long has missed two renewals of five, and should have made the next by now."""

GONE = "The server that ran it is gone, or gave it away; another takes it over within seconds."


def is_live(sign: Heartbeat) -> bool:
    """Whether what its bots said last may be believed."""
    in_time = sign.ago is None or sign.lease is None or sign.ago < MISSED * sign.lease
    return sign.left > 0 and sign.connected and in_time


def told(sign: Heartbeat | None) -> str | None:
    """One sentence on the server that a bot belongs to; None where nothing is the matter with it."""
    if sign is None or sign.left <= 0:
        return GONE
    if is_live(sign):
        return None
    return (
        f"The server that it runs on has not been heard of for {ceil(sign.ago or 0)} s; "
        f"if it is gone, another takes it over in {ceil(sign.left)} s."
    )
