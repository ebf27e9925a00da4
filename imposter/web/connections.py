"""Limits on connections, in total and per address, and the choice of the connection that a new one replaces. Pure.

A connection waits until it has sent a complete request head, and again after each response. A waiting connection may be
replaced by a new one; a connection whose request is being answered never is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Protocol

import structlog

log = structlog.get_logger()

MOST = 1000
"""Maximum number of connections. Applies if the process may open four times as many files."""
MOST_FROM_ONE = 96
"""Maximum number from one address: enough for many browsers, which open six connections each."""
SHARE_KEPT = 8
"""One of this many connections is reserved for addresses other than this machine and its proxies."""
SAID_EVERY = 60.0
"""Seconds between log lines about the same event, so that clients cannot fill the log."""


class Connection(Protocol):
    """A connection that can be counted and closed."""

    def give_way(self) -> None:
        """Close the connection at once."""


@dataclass(slots=True)
class _Place:
    """The connections from one address."""

    count: int = 0
    waiting: dict[Connection, None] = field(default_factory=dict)
    """Waiting connections, the longest-waiting first."""


class LogThrottle:
    """Decides when an event may be logged again."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._said: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def may_say(self, what: str) -> int | None:
        """Count an event.

        Return the number since its last log line, including this one, or None if that was too recent.
        """
        count = self._unsaid[what] = self._unsaid.get(what, 0) + 1
        now = self._monotonic()
        if now - self._said.get(what, -SAID_EVERY) < SAID_EVERY:
            return None
        self._said[what], self._unsaid[what] = now, 0
        return count


class Connections:
    """All connections of a server.

    `most` is the maximum number. `is_trusted` returns whether an address is that of a proxy, which forwards for others.
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
        """Count a connection, replacing another one if necessary.

        Return False if there is no room and it must be refused.
        """
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
        """Remove a closed connection. May be called more than once."""
        name = self._of.pop(connection, None)
        if name is None:
            return
        place = self._places[name]
        place.count -= 1
        place.waiting.pop(connection, None)
        if not place.count:
            del self._places[name]

    def waits(self, connection: Connection) -> None:
        """Mark a connection as waiting: none of its requests is being answered."""
        if name := self._of.get(connection):
            self._places[name].waiting[connection] = None

    def works(self, connection: Connection) -> None:
        """Mark a connection as busy: one of its requests is being answered."""
        if name := self._of.get(connection):
            self._places[name].waiting.pop(connection, None)

    def say(self, what: str, **about: object) -> None:
        """Write a log line, at most once a minute."""
        if count := self._seldom.may_say(what):
            log.warning(what, count=count, **about)

    def _most_from(self, address: str | None) -> int:
        kept = max(1, self._most // SHARE_KEPT)
        if address is None or _is_loopback(address) or self._is_trusted(address):
            return self._most - kept
        return min(MOST_FROM_ONE, self._most - kept)

    def _fullest(self) -> _Place | None:
        """Return the address with the most connections, among those that have a waiting one."""
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
    """Return the key under which connections are counted.

    It is an IPv4 address, or the /64 of an IPv6 address, because a single host has all of it. Empty for a Unix socket.
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
