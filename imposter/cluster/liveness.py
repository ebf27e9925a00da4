"""Whether a node is alive, judged by its row in the database. Pure."""

from math import ceil

from imposter.domain.nodes import Heartbeat

MISSED = 0.5
"""Fraction of the lease. A node that is silent for so long has missed two renewals of five, and the next is due."""

GONE = "The server that ran it is gone, or gave it away; another takes it over within seconds."


def is_live(sign: Heartbeat) -> bool:
    """Return whether the last published status of the node's bots can be trusted."""
    in_time = sign.ago is None or sign.lease is None or sign.ago < MISSED * sign.lease
    return sign.left > 0 and sign.connected and in_time


def told(sign: Heartbeat | None) -> str | None:
    """Return a sentence about a bot's node for the owner; None if the node is alive."""
    if sign is None or sign.left <= 0:
        return GONE
    if is_live(sign):
        return None
    return (
        f"The server that it runs on has not been heard of for {ceil(sign.ago or 0)} s; "
        f"if it is gone, another takes it over in {ceil(sign.left)} s."
    )
