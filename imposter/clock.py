"""Time as an argument: what waits or looks at the clock is handed one."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The time of day, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never jumps back."""

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


TOLERANCE = timedelta(milliseconds=250)
"""How far two clocks may be apart before one follows: the way to the other takes time, too."""


class SharedClock(SystemClock):
    """The machine's clock, set by another that many machines follow."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self._ahead

    def follow(self, moment: datetime) -> None:
        """It is `moment` now, or was a moment ago."""
        if abs(moment - self.now()) > TOLERANCE:
            self._ahead = moment - super().now()
