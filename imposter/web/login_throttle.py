"""Wrong keys: how many an address may try, and who is told of them.

The API lets the right key in always, also from an address that has no tries left: else a program with a wrong key would
shut out one with the right key on the same machine. The page's form lets it in there only where somebody got in before.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TypeVar

import structlog

log = structlog.get_logger()

Value = TypeVar("Value")

TRIES = 5
"""Wrong keys a minute from one address."""
TRIES_OF_ALL = 50
"""The same from all addresses that nobody has got in from: beyond that, none of them has tries left."""
MINUTE = 60.0
MOST_ADDRESSES = 1000
"""Remembered of each kind."""
LINES = 30
"""Of the log, a minute."""


class TooManyTries(Exception):
    """So many wrong keys that another one is not told from too many."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, round(seconds))
        super().__init__(f"Too many wrong keys from this address. Try again in {self.seconds} seconds.")


class LoginThrottle:
    """Wrong keys of the last minute, and the addresses that the right one came from.

    `count` hears of each wrong one.
    """

    def __init__(self, monotonic: Callable[[], float], count: Callable[[], None]) -> None:
        self._monotonic = monotonic
        self._count = count
        self._of_all: deque[float] = deque(maxlen=TRIES_OF_ALL)
        self._failing: OrderedDict[str, _FailedLogins] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lines: deque[float] = deque(maxlen=LINES)

    def right(self, client: str | None) -> None:
        """The key came from there."""
        _put_last(self._known, network_of(client), None)

    def check(self, client: str | None) -> None:
        """Whether a key may be tried there at all. Raises: TooManyTries, but not where somebody got in before."""
        address = network_of(client)
        if address not in self._known and (failing := self._failing.get(address)) is not None:
            self._check(failing.times)

    def wrong(self, client: str | None) -> None:
        """A wrong key came from there. Raises: TooManyTries."""
        address, now = network_of(client), self._monotonic()
        self._count()
        failing = self._failing.get(address)
        if failing is None or failing.last <= now - MINUTE:
            failing = _FailedLogins()
        _put_last(self._failing, address, failing)
        failing.last = now
        failing.tries += 1
        self._tell(address, failing.tries, now)
        self._check(failing.times, *(() if address in self._known else (self._of_all,)))
        failing.times.append(now)
        if address not in self._known:
            self._of_all.append(now)

    def _check(self, *spans: deque[float]) -> None:
        """Raises: TooManyTries."""
        now = self._monotonic()
        for times in spans:
            if len(times) == times.maxlen and times[0] > now - MINUTE:
                raise TooManyTries(times[0] + MINUTE - now)

    def _tell(self, address: str, tries: int, now: float) -> None:
        """The first try, the tenth, the hundredth and so on: the log cannot be filled, and shows how many there are."""
        if str(tries).strip("0") != "1" or (len(self._lines) == LINES and self._lines[0] > now - MINUTE):
            return
        self._lines.append(now)
        log.warning("wrong key", address=address, tries=tries)


class _FailedLogins:
    """Of one address."""

    def __init__(self) -> None:
        self.times: deque[float] = deque(maxlen=TRIES)
        """Of the wrong keys that were called wrong."""
        self.last = 0.0
        self.tries = 0
        """Without a minute's pause."""


def network_of(client: str | None) -> str:
    """Whose tries count together: an address of IPv4, a /64 of IPv6, and all that have neither."""
    try:
        ip = ip_address(client or "")
    except ValueError:
        return "unknown"
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped or ip_network((int(ip) >> 64 << 64, 64)))


def _put_last(table: OrderedDict[str, Value], key: str, value: Value) -> None:
    table[key] = value
    table.move_to_end(key)
    while len(table) > MOST_ADDRESSES:
        table.popitem(last=False)
