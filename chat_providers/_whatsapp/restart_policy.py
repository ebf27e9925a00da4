"""Delays before a Node process is restarted. Pure: no clock and no random numbers of its own."""

import signal
from collections.abc import Callable
from dataclasses import dataclass

from chat_providers._whatsapp.disconnects import LONGEST_DELAY, SOONER, STEADY_SECONDS, next_delay

_BY_SIGNAL = frozenset({-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP})
"""Exit codes of a process that was killed or asked to end from outside."""


@dataclass(frozen=True, slots=True)
class ProcessRun:
    """The end of a process and facts about its run."""

    code: int | None
    """Exit status. None if the process no longer responded."""
    lasted: float = 0.0
    """Seconds."""
    answered: bool = False
    served: bool = False
    """Whether an account connected or showed its code in this process."""

    @property
    def broke(self) -> bool:
        """Whether the process ended by its own fault."""
        return self.code != 0 and self.code not in _BY_SIGNAL

    @property
    def ended_by_us(self) -> bool:
        """Whether the process ended with 0.

        It does if its socket closes or pings stay away: a lost lease, or a stalled system.
        """
        return self.code == 0 and self.answered

    @property
    def was_good(self) -> bool:
        """Whether the reason of the end has no meaning for the next process."""
        from_outside = self.code is None or self.code in _BY_SIGNAL
        return self.ended_by_us or (self.served and from_outside) or self.lasted > STEADY_SECONDS


class Restarts:
    """Restarts in one place for a process: counts consecutive failed processes."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._failures = 0

    def after(self, life: ProcessRun) -> float:
        """Return the seconds until the next start. They grow while no process is healthy."""
        if life.was_good:
            self._failures = 0
            return next_delay(0, chance=self._chance)
        return self._failed(LONGEST_DELAY)

    def not_started(self, *, short: bool) -> float:
        """Return the same after a failed start. `short` means that this machine ran out of a resource."""
        return self._failed(SOONER if short else LONGEST_DELAY)

    def _failed(self, longest: float) -> float:
        delay = next_delay(self._failures, chance=self._chance, longest=longest)
        self._failures += 1
        return delay
