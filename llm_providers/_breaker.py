"""A circuit breaker for each combination of address, key and model, shared by all bots of a server.

After some consecutive failures, no requests are sent to the model's server for a while. Then one request at a time
tests whether it is back, so that a thousand chats do not overload it at once. Other requests are rejected immediately
and wait elsewhere, so nothing is blocked.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from imposter.contracts.chat import Closable, Shared
from imposter.contracts.errors import ModelUnavailable, ResourceExhausted

FAILURES = 5
"""Consecutive failures that open the breaker."""
LONGEST_PAUSE = 30.0
"""Maximum seconds between two requests that test the server, unless it asks for a different time."""
LONGEST_WISH = 120.0
"""Maximum seconds that a server may ask for. The time may have been meant for only one of several bots."""
MOST_TROUBLES = 10_000
WHILE_ASKED = 2.0
"""Seconds to wait while another request tests the server."""

Place = tuple[str, str, str]
"""Address, key and model. Behind a gateway, a single model may be down or rate limited."""


@dataclass(slots=True)
class _BreakerState:
    failures: int = 0
    until: float = 0.0
    told: str = ""
    is_asked: bool = False


class Breakers(Closable):
    """The circuit breakers. `now` returns seconds that never jump back."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._troubles: dict[Place, _BreakerState] = {}
        """States of servers whose last request failed; no others are stored."""

    @contextmanager
    def passing(self, place: Place) -> Iterator[None]:
        """Guard one request. Raises: ModelUnavailable (the breaker is open)."""
        trouble = self._troubles.get(place)
        asks = trouble is not None and trouble.failures >= FAILURES
        if trouble is not None and asks:
            wait = WHILE_ASKED if trouble.is_asked else trouble.until - self._now()
            if wait > 0:
                raise ModelUnavailable(trouble.told, retry_after=wait)
            trouble.is_asked = True
        try:
            yield
        except ResourceExhausted:
            raise  # says nothing about the server, which was not asked
        except ModelUnavailable as error:
            self._failed(place, error, asks)
            raise
        else:
            self._troubles.pop(place, None)
        finally:
            if trouble is not None and asks:
                trouble.is_asked = False

    def _failed(self, place: Place, error: ModelUnavailable, asked: bool) -> None:
        if place not in self._troubles and len(self._troubles) >= MOST_TROUBLES:
            del self._troubles[next(iter(self._troubles))]
        trouble = self._troubles.setdefault(place, _BreakerState())
        if trouble.failures >= FAILURES and not asked:
            return  # it was already running when the breaker opened
        trouble.failures += 1
        trouble.told = str(error)
        pause = min(2.0 ** min(max(trouble.failures - FAILURES, 0), 16), LONGEST_PAUSE)
        trouble.until = self._now() + max(pause, min(error.retry_after or 0.0, LONGEST_WISH))

    async def aclose(self) -> None:
        self._troubles.clear()


async def open_breakers(_: Shared) -> Breakers:
    return Breakers(asyncio.get_running_loop().time)
