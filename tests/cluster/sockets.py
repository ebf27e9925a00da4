"""How many connections of one account were logged in at once, by the network's own log."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tests.fakes.whatsapp_network import Event

GRACE = 1.0
"""Seconds that the network may need to close the connection whose place another has taken."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two connections of an account were there at once: the later login replaced the earlier (440)."""

    phone: str
    at: float
    seconds: float

    @property
    def too_long(self) -> bool:
        return self.seconds > GRACE


def overlaps(events: Iterable[Event], until: float) -> list[Overlap]:
    """`until`: the time of the log's end, when what is not closed is still open."""
    opened: dict[str, dict[int, float]] = defaultdict(dict)
    closed: dict[tuple[str, int], float] = {}
    for event in events:
        if event.kind == "login":
            opened[event.facts["phone"]][event.facts["logins"]] = event.at
        elif event.kind == "closed":
            closed[event.facts["phone"], event.facts["logins"]] = event.at
    found = []
    for phone, logins in opened.items():
        for number, at in logins.items():
            earlier = [closed.get((phone, before), until) - at for before in logins if before < number]
            if (longest := max(earlier, default=0.0)) > 0:
                found.append(Overlap(phone, at, longest))
    return found
