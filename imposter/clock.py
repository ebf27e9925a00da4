"""Time as an argument: what waits or looks at the clock is handed one."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

log = structlog.get_logger()


class Clock(Protocol):
    def now(self) -> datetime:
        """The time of day, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never jumps back."""

    async def sleep(self, seconds: float) -> None: ...


class DoubtedClock(Clock, Protocol):
    """Its time of day may turn out to be wrong."""

    @property
    def jump(self) -> float:
        """Seconds by which the machine's clock has jumped ahead, which is not followed; 0: none."""

    def heard(self, moment: datetime) -> None:
        """A chat platform says that it is `moment` now."""

    def look(self) -> None:
        """Notice what became of the machine's clock: to be called every second or so."""


class SystemClock:
    """The machine's own clock, whatever becomes of it."""

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
"""How far two clocks may be apart before one follows: the way to the other takes time, too."""
STEP = 5.0
"""Seconds by which a machine's clock is corrected now and then: followed at once."""
STEADY = 3600.0
"""Seconds after which a clock that jumped, and goes on as it should, is believed."""
AT_START = 15.0
"""Seconds that a platform has to say otherwise before anything is deleted: a clock may be wrong from the start."""
AGREES = 60.0
"""Seconds that a platform's time may differ from one that is right."""


class Jumps:
    """The time of day that holds: the machine's, but for a jump of it that has not proved right. Pure, in seconds.

    `wall` is the machine's time of day, `steady` a clock beside it that never jumps and also counts while it sleeps.
    """

    def __init__(self, wall: float, steady: float) -> None:
        self._base = wall - steady
        self._since: float | None = None
        """When the jump was noticed, or was last denied."""

    def now(self, wall: float, steady: float) -> float:
        if self.jump(wall, steady):
            return steady + self._base
        self._base = wall - steady
        return wall

    def jump(self, wall: float, steady: float) -> float:
        """How far the machine's clock is ahead of the time that holds; 0: it is that time."""
        ahead = wall - steady - self._base
        return ahead if abs(ahead) > STEP else 0.0

    def follow(self, wall: float, steady: float) -> None:
        """The machine's clock holds as it is now."""
        self._base, self._since = wall - steady, None

    def heard(self, moment: float, wall: float, steady: float) -> bool:
        """A clock that knows nothing of this machine's says what time it is: whether the jump proved right by it."""
        if not self.jump(wall, steady):
            return False
        if abs(moment - wall) < abs(moment - self.now(wall, steady)):
            self.follow(wall, steady)
            return True
        self._since = steady
        return False

    def look(self, wall: float, steady: float) -> tuple[bool, bool]:
        """Whether something is new: a jump came or is over; and whether it is believed from now on."""
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
    """Seconds of a clock that never jumps, and on Linux counts while the machine sleeps, too."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SharedClock(SystemClock):
    """The machine's clock, as far as it is believed, or set by another that many machines follow.

    A jump of the machine's clock is told, and changes nothing for an hour: only if it stays as it is, or a platform's
    time says the same, it is followed. For messages fall out of queues, and are deleted, by their age.
    """

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = steady_time) -> None:
        self._wall, self._steady = wall, steady
        self._jumps = Jumps(wall(), steady())
        self._ahead = timedelta()
        self._leader = False
        """Another clock sets this one."""
        self._unsure_until = steady() + AT_START
        self._differs = False

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._jumps.now(self._wall(), self._steady()), UTC) + self._ahead

    @property
    def jump(self) -> float:
        return self._jumps.jump(self._wall(), self._steady())

    @property
    def is_sure(self) -> bool:
        """Whether the time of day may be taken for right where something is deleted by it."""
        return not self.jump and self._steady() >= self._unsure_until

    def follow(self, moment: datetime) -> None:
        """It is `moment` now, or was a moment ago."""
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
