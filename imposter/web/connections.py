"""How many connections there may be, in all and from one place, and which of them gives way to a new one. Pure.

A connection waits until it has sent a complete request head, and again once it was answered. One that waits gives way
to a new one; one whose request is being answered never does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Protocol

import structlog

log = structlog.get_logger()

MOST = 1000
"""Connections in all, where the process may have four times as many files open."""
MOST_FROM_ONE = 96
"""From one address: a house full of browsers, which open six each."""
SHARE_KEPT = 8
"""One in so many is kept for others than this machine and the proxies in front of it, however many those open."""
SAID_EVERY = 60.0
"""Seconds between two words in the log about the same thing: it must not be filled from outside."""


class Connection(Protocol):
    """One connection, as far as it is counted."""

    def give_way(self) -> None:
        """End it at once."""


@dataclass(slots=True)
class _Place:
    """The connections from one place."""

    count: int = 0
    waiting: dict[Connection, None] = field(default_factory=dict)
    """Those that wait, the longest first."""


class LogThrottle:
    """Says when something may be said again."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._said: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def may_say(self, what: str) -> int | None:
        """How often it happened since it was said last, now included; None where that was just now."""
        count = self._unsaid[what] = self._unsaid.get(what, 0) + 1
        now = self._monotonic()
        if now - self._said.get(what, -SAID_EVERY) < SAID_EVERY:
            return None
        self._said[what], self._unsaid[what] = now, 0
        return count


class Connections:
    """All connections of a server.

    `most` is how many there may be; `is_trusted` knows the addresses of proxies, through which others come.
    """

    def __init__(self, most: int, is_trusted: Callable[[str], bool], monotonic: Callable[[], float]) -> None:
        self._most = most
        self._is_trusted = is_trusted
        self._seldom = LogThrottle(monotonic)
        self._places: dict[str, _Place] = {}
        self._of: dict[Connection, str] = {}

    def __len__(self) -> int:
        return len(self._of)

    def enter(self, connection: Connection, address: str | None) -> bool:
        """Count it, if need be in the place of another. False: there is no room; it has to be refused."""
        name, most = place_of(address), self._most_from(address)
        here = self._places.get(name)
        if here is not None and here.count >= most:
            if not self._make_room(here):
                return self._full("too many connections from one address, new ones are refused", address)
        elif len(self._of) >= self._most and not self._make_room(self._fullest()):
            return self._full("too many connections, new ones are refused", address)
        here = self._places.setdefault(name, _Place())
        here.count += 1
        self._of[connection] = name
        return True

    def leave(self, connection: Connection) -> None:
        """It is gone; for good, however often that is said."""
        name = self._of.pop(connection, None)
        if name is None:
            return
        place = self._places[name]
        place.count -= 1
        place.waiting.pop(connection, None)
        if not place.count:
            del self._places[name]

    def waits(self, connection: Connection) -> None:
        """It has no request that is being answered."""
        if name := self._of.get(connection):
            self._places[name].waiting[connection] = None

    def works(self, connection: Connection) -> None:
        """It has one."""
        if name := self._of.get(connection):
            self._places[name].waiting.pop(connection, None)

    def say(self, what: str, **about: object) -> None:
        """A word in the log, once a minute at most."""
        if count := self._seldom.may_say(what):
            log.warning(what, count=count, **about)

    def _most_from(self, address: str | None) -> int:
        kept = max(1, self._most // SHARE_KEPT)
        if address is None or _is_loopback(address) or self._is_trusted(address):
            return self._most - kept
        return min(MOST_FROM_ONE, self._most - kept)

    def _fullest(self) -> _Place | None:
        """Where most connections are from, of the places that have one which waits."""
        return max((place for place in self._places.values() if place.waiting), key=lambda it: it.count, default=None)

    def _make_room(self, place: _Place | None) -> bool:
        longest = next(iter(place.waiting), None) if place else None
        if longest is None:
            return False
        self.say("too many connections, those that wait for longest are ended")
        self.leave(longest)
        longest.give_way()
        return True

    def _full(self, what: str, address: str | None) -> bool:
        self.say(what, address=address)
        return False


def place_of(address: str | None) -> str:
    """What connections are counted by: an IPv4 address, or the /64 of an IPv6 one, which a single host has to itself.

    Empty for a socket in the file system.
    """
    try:
        found = ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return f"{int(found) >> 64:x}/64"
    return str(found)


def _is_loopback(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback
