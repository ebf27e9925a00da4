"""Timers that end early when something changes."""

import asyncio

from imposter.clock import Clock

LONGEST_SLEEP = 60.0
"""Maximum seconds of one sleep, because the system clock may be set meanwhile."""


class Timers:
    """Timers of conversations, each identified by a name."""

    def __init__(self, instance_id: str, clock: Clock) -> None:
        self._instance_id = instance_id
        self._clock = clock
        self._resting: dict[str, asyncio.Event] = {}

    async def rest(self, name: str, seconds: float) -> None:
        changed = self._resting[name] = asyncio.Event()
        waits = [
            asyncio.create_task(self._clock.sleep(seconds), name=f"nap:{self._instance_id}"),
            asyncio.create_task(changed.wait(), name=f"change:{self._instance_id}"),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._resting.pop(name, None)
            for wait in waits:
                wait.cancel()

    def wake(self, name: str | None = None) -> None:
        """End the rest of this name early; None: of all names."""
        for each in [*self._resting] if name is None else [name]:
            if (changed := self._resting.get(each)) is not None:
                changed.set()
