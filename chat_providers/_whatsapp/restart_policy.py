"""How soon a Node process is started again. Pure: no clock, no chance of its own."""

import signal
from collections.abc import Callable
from dataclasses import dataclass

from chat_providers._whatsapp.disconnects import LONGEST_DELAY, SOONER, STEADY_SECONDS, next_delay

_BY_SIGNAL = frozenset({-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP})
"""How a process ends that somebody else killed, or asked to end."""


@dataclass(frozen=True, slots=True)
class ProcessRun:
    """How one process ended, and what it did before."""

    code: int | None
    """Its exit status; None: it no longer answered."""
    lasted: float = 0.0
    """Seconds."""
    answered: bool = False
    served: bool = False
    """An account came up in it: connected, or showed its code."""

    @property
    def broke(self) -> bool:
        """It ended by something that it did itself."""
        return self.code != 0 and self.code not in _BY_SIGNAL

    @property
    def ended_by_us(self) -> bool:
        """It ends with 0 only where its socket closes or it hears too little: a lease was lost, or all stood still."""
        return self.code == 0 and self.answered

    @property
    def was_good(self) -> bool:
        """What ended it says nothing of the next one."""
        from_outside = self.code is None or self.code in _BY_SIGNAL
        return self.ended_by_us or (self.served and from_outside) or self.lasted > STEADY_SECONDS


class Restarts:
    """Of one place for a process: counts those in a row that were no good."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._failures = 0

    def after(self, life: ProcessRun) -> float:
        """Seconds until the next one is started: ever more while none is any good."""
        if life.was_good:
            self._failures = 0
            return next_delay(0, chance=self._chance)
        return self._failed(LONGEST_DELAY)

    def not_started(self, *, short: bool) -> float:
        """The same where there was no process at all; `short`: this machine had none left of something."""
        return self._failed(SOONER if short else LONGEST_DELAY)

    def _failed(self, longest: float) -> float:
        delay = next_delay(self._failures, chance=self._chance, longest=longest)
        self._failures += 1
        return delay
