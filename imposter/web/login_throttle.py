"""Limits on wrong keys per address, and log lines about them.

The API always accepts the right key, even from an address that has no tries left. Otherwise a program with a wrong key
could lock out one with the right key on the same machine. The sign-in form accepts it from such an address only if
somebody signed in from there before.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TypeVar

import structlog

log = structlog.get_logger()

Value = TypeVar("Value")

TRIES = 5
"""Wrong keys per minute from one address."""
TRIES_OF_ALL = 50
"""Wrong keys per minute from all addresses that never sent the right key. Beyond that, none of them has tries left."""
MINUTE = 60.0
MOST_ADDRESSES = 1000
"""Maximum number of addresses that are remembered, each for failures and for successes."""
LINES = 30
"""Maximum number of log lines per minute."""


class TooManyTries(Exception):
    """Too many wrong keys were sent. A key is then no longer compared."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, round(seconds))
        super().__init__(f"Too many wrong keys from this address. Try again in {self.seconds} seconds.")


class LoginThrottle:
    """Wrong keys of the last minute, and the addresses that sent the right one.

    `count` is called for each wrong key.
    """

    def __init__(self, monotonic: Callable[[], float], count: Callable[[], None]) -> None:
        self._monotonic = monotonic
        self._count = count
        self._of_all: deque[float] = deque(maxlen=TRIES_OF_ALL)
        self._failing: OrderedDict[str, _FailedLogins] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lines: deque[float] = deque(maxlen=LINES)

    def right(self, client: str | None) -> None:
        """Record that the right key came from an address."""
        _put_last(self._known, network_of(client), None)

    def check(self, client: str | None) -> None:
        """Check that an address may try a key. Raises: TooManyTries (unless the right key came from there before)."""
        address = network_of(client)
        if address not in self._known and (failing := self._failing.get(address)) is not None:
            self._check(failing.times)

    def wrong(self, client: str | None) -> None:
        """Record a wrong key from an address. Raises: TooManyTries."""
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
        """Check that none of the spans is full. Raises: TooManyTries."""
        now = self._monotonic()
        for times in spans:
            if len(times) == times.maxlen and times[0] > now - MINUTE:
                raise TooManyTries(times[0] + MINUTE - now)

    def _tell(self, address: str, tries: int, now: float) -> None:
        """Log the first try, the tenth, the hundredth and so on.

        This cannot fill the log and still shows the number of tries.
        """
        if str(tries).strip("0") != "1" or (len(self._lines) == LINES and self._lines[0] > now - MINUTE):
            return
        self._lines.append(now)
        log.warning("wrong key", address=address, tries=tries)


class _FailedLogins:
    """Wrong keys from one address."""

    def __init__(self) -> None:
        self.times: deque[float] = deque(maxlen=TRIES)
        """Times of the keys that were compared and found wrong."""
        self.last = 0.0
        self.tries = 0
        """Number of tries without a pause of a minute."""


def network_of(client: str | None) -> str:
    """Return the key under which tries are counted: an IPv4 address, the /64 of an IPv6 address, or `unknown`."""
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
