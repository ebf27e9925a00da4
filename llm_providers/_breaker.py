"""One circuit breaker for each address, key and model, shared by all bots of a server.

After some failures in a row a server is left alone for a while, and then one request at a time asks whether it is back:
a thousand chats do not storm it when it returns. Whoever is not let through is told so at once and waits elsewhere, so
nothing is held up.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from imposter.contracts.chat import Closable, Shared
from imposter.contracts.errors import ModelUnavailable, ResourceExhausted

FAILURES = 5
"""In a row, until a server is left alone."""
LONGEST_PAUSE = 30.0
"""Seconds between two requests that ask whether it is back, unless it names a time itself."""
LONGEST_WISH = 120.0
"""Seconds of such a time: it may have been meant for one of several bots."""
MOST_TROUBLES = 10_000
WHILE_ASKED = 2.0
"""Seconds after which to come back where another request is asking it."""

Place = tuple[str, str, str]
"""An address, a key and a model: behind one gateway a model may be away, or limited, alone."""


@dataclass(slots=True)
class _BreakerState:
    failures: int = 0
    until: float = 0.0
    told: str = ""
    is_asked: bool = False


class Breakers(Closable):
    """`now`: seconds that never jump back."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._troubles: dict[Place, _BreakerState] = {}
        """Of servers whose last request failed, and of no others."""

    @contextmanager
    def passing(self, place: Place) -> Iterator[None]:
        """Around one request. Raises: ModelUnavailable, where the server is to be left alone now."""
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
            raise  # it says nothing of the server, which was not asked
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
            return  # it was under way before
        trouble.failures += 1
        trouble.told = str(error)
        pause = min(2.0 ** min(max(trouble.failures - FAILURES, 0), 16), LONGEST_PAUSE)
        trouble.until = self._now() + max(pause, min(error.retry_after or 0.0, LONGEST_WISH))

    async def aclose(self) -> None:
        self._troubles.clear()


async def open_breakers(_: Shared) -> Breakers:
    return Breakers(asyncio.get_running_loop().time)
