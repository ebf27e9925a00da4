"""Clocks that are passed as arguments to all code that waits or reads the time."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

log = structlog.get_logger()


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the time of day, in UTC."""

    def monotonic(self) -> float:
        """Return the seconds since some fixed moment. Never jumps back."""

    async def sleep(self, seconds: float) -> None: ...


class DoubtedClock(Clock, Protocol):
    """A clock whose time of day may turn out to be wrong."""

    @property
    def jump(self) -> float:
        """Seconds by which the machine's clock has jumped ahead without being followed; 0 if it has not."""

    def heard(self, moment: datetime) -> None:
        """Take note that a chat platform reports the time as `moment`."""

    def look(self) -> None:
        """Check the machine's clock for jumps. Must be called about once a second."""


class SystemClock:
    """The machine's own clock. Jumps are followed at once."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @property
    def jump(self) -> float:
        return 0.0

    def heard(self, moment: datetime) -> None: ...

    def look(self) -> None: ...


TOLERANCE = timedelta(milliseconds=250)
"""Difference of two clocks that is not corrected: reading the other clock takes time, too."""
STEP = 5.0
"""Seconds. Smaller steps are normal corrections of a machine's clock and followed at once."""
STEADY = 3600.0
"""Seconds of regular running after which a clock that jumped is trusted."""
AT_START = 15.0
"""Seconds that a platform has to report a different time before any data is deleted.

The clock may be wrong from the start.
"""
AGREES = 60.0
"""Seconds by which a platform's time may differ from a correct clock."""


class Jumps:
    """The valid time of day: the machine's, without a jump that has not been confirmed. Pure, in seconds.

    `wall` is the machine's time of day. `steady` is a second clock that never jumps and also counts during sleep.
    """

    def __init__(self, wall: float, steady: float) -> None:
        self._base = wall - steady
        self._since: float | None = None
        """Time at which the jump was noticed, or last contradicted."""

    def now(self, wall: float, steady: float) -> float:
        if self.jump(wall, steady):
            return steady + self._base
        self._base = wall - steady
        return wall

    def jump(self, wall: float, steady: float) -> float:
        """Return the seconds by which the machine's clock is ahead of the valid time; 0 if it is valid."""
        ahead = wall - steady - self._base
        return ahead if abs(ahead) > STEP else 0.0

    def follow(self, wall: float, steady: float) -> None:
        """Accept the machine's clock as it is now."""
        self._base, self._since = wall - steady, None

    def heard(self, moment: float, wall: float, steady: float) -> bool:
        """Compare with the time of an independent clock. Return whether it confirms the jump."""
        if not self.jump(wall, steady):
            return False
        if abs(moment - wall) < abs(moment - self.now(wall, steady)):
            self.follow(wall, steady)
            return True
        self._since = steady
        return False

    def look(self, wall: float, steady: float) -> tuple[bool, bool]:
        """Check for jumps. Return whether a jump began or ended, and whether a jump is accepted from now on."""
        if not self.jump(wall, steady):
            ended, self._since = self._since is not None, None
            return ended, False
        if self._since is None:
            self._since = steady
            return True, False
        if steady - self._since < STEADY:
            return False, False
        self.follow(wall, steady)
        return True, True


def steady_time() -> float:
    """Return the seconds of a clock that never jumps. On Linux it also counts while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SharedClock(SystemClock):
    """The machine's clock while it is trusted, or a clock that follows another one, as all nodes follow the database's.

    A jump of the machine's clock is logged and ignored for an hour. It is followed only if the clock runs regularly
    from then on, or a platform reports the same time, because messages are evicted and deleted by their age.
    """

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = steady_time) -> None:
        self._wall, self._steady = wall, steady
        self._jumps = Jumps(wall(), steady())
        self._ahead = timedelta()
        self._leader = False
        """Whether another clock sets this one."""
        self._unsure_until = steady() + AT_START
        self._differs = False

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._jumps.now(self._wall(), self._steady()), UTC) + self._ahead

    @property
    def jump(self) -> float:
        return self._jumps.jump(self._wall(), self._steady())

    @property
    def is_sure(self) -> bool:
        """Whether the time of day is trusted enough to delete data by age."""
        return not self.jump and self._steady() >= self._unsure_until

    def follow(self, moment: datetime) -> None:
        """Set the clock: it is `moment` now, or was a moment ago."""
        wall, steady = self._wall(), self._steady()
        jump, off = self._jumps.jump(wall, steady), moment - self.now()
        if jump:
            log.warning("this machine's clock jumped; the database's time holds", seconds=round(jump))
        if self._leader and abs(off).total_seconds() > AGREES:
            self._unsure_until = steady + STEADY
            log.error("the database's clock jumped, or this machine stood still: nothing old is deleted for an hour",
                      seconds=round(off.total_seconds()))  # fmt: skip
        if jump or abs(off) > TOLERANCE:
            self._jumps.follow(wall, steady)
            self._ahead = moment - datetime.fromtimestamp(wall, UTC)
        self._leader = True

    def heard(self, moment: datetime) -> None:
        wall, steady = self._wall(), self._steady()
        if not self._leader and self._jumps.heard(moment.timestamp(), wall, steady):
            log.warning("this machine's clock jumped, and a platform's time says the same: it is followed")
        off = (moment - self.now()).total_seconds()
        differs = abs(off) > AGREES
        self._unsure_until = steady + STEADY if differs else float("-inf")
        if differs is not self._differs:
            self._differs = differs
            if differs:
                log.error("this machine's clock differs from a platform's: what is old is not deleted meanwhile",
                          seconds=round(-off))  # fmt: skip
            else:
                log.info("this machine's clock and a platform's are the same again")

    def look(self) -> None:
        wall, steady = self._wall(), self._steady()
        jump = self._jumps.jump(wall, steady)
        new, believed = self._jumps.look(wall, steady)
        if believed:
            log.warning("this machine's clock jumped an hour ago and is steady since: it is followed")
        elif new and jump:
            log.error("this machine's clock jumped: it is not followed for an hour, unless a platform says the same",
                      seconds=round(jump))  # fmt: skip
        elif new:
            log.info("this machine's clock is set right again")
