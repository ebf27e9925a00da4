"""How this server itself fares: what it is called, since when it runs, what it did, how late its event loop is."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from imposter.clock import DoubtedClock
from imposter.domain.usage import Usage

BEAT = 1.0
"""Seconds between two measurements."""
REMEMBERED = 60
"""Measurements."""
MOST_MODELS = 50
OTHER = "other"
BEFORE, MODEL, AFTER = PARTS = ("before", "model", "after")
"""From the message to asking the model, the model, and from its answer until the platform has that."""


@dataclass(slots=True)
class ModelTokens:
    """Of one model."""

    calls: int = 0
    input: int = 0
    """But for those that the vendor had read before."""
    cached_input: int = 0
    output: int = 0


@dataclass(slots=True)
class CallDurations:
    """How often, and seconds in all."""

    times: int = 0
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.times += 1
        self.seconds += max(0.0, seconds)


@dataclass(slots=True)
class Counts:
    """What happened on this server since it started. Raised on the event loop alone."""

    answers_sent: int = 0
    model_failures: int = 0
    """Calls of a model that failed, those that were tried again too."""
    dead_letters: int = 0
    """What a contact did not get, or may not have; whatever its owner did about it since."""
    wrong_keys: int = 0
    """Of those who wanted to get in."""
    waited: dict[str, CallDurations] = field(default_factory=lambda: {part: CallDurations() for part in PARTS})
    """What contacts waited for, of answers that were sent, by part of the way."""
    models: dict[str, ModelTokens] = field(default_factory=dict)
    """What calls took, by model."""
    money: dict[tuple[str, str], int] = field(default_factory=dict)
    """What those of known price cost, by model and currency; in millionths."""

    def wrong_key(self) -> None:
        self.wrong_keys += 1

    def used(self, usage: Usage) -> None:
        """A vendor may call its models anything, and ever more of them: beyond so many they count as one."""
        full = usage.model not in self.models and len(self.models) >= MOST_MODELS
        model = OTHER if full else usage.model
        tokens = self.models.setdefault(model, ModelTokens())
        tokens.calls += usage.calls
        tokens.input += usage.prompt_tokens - usage.cached_tokens
        tokens.cached_input += usage.cached_tokens
        tokens.output += usage.completion_tokens
        if usage.currency:
            key = (model, usage.currency)
            self.money[key] = self.money.get(key, 0) + usage.cost


class ServerMetrics:
    """See `open_server_metrics`."""

    def __init__(self, name: str, clock: DoubtedClock) -> None:
        self.name = name
        """For people, among the servers that share a database."""
        self.started_at = clock.now()
        self.clock = clock
        self._began = clock.monotonic()
        self._late: deque[float] = deque([0.0], maxlen=REMEMBERED)

    @property
    def uptime(self) -> float:
        """Seconds."""
        return self.clock.monotonic() - self._began

    @property
    def loop_lag(self) -> float:
        """Seconds that the event loop kept a task waiting which was due: the longest of the last minute."""
        return max(self._late)

    async def keep(self) -> None:
        """Measure, and look at the clock, until cancelled."""
        while True:
            due = self.clock.monotonic() + BEAT
            await self.clock.sleep(BEAT)
            self._late.append(max(0.0, self.clock.monotonic() - due))
            self.clock.look()


@asynccontextmanager
async def open_server_metrics(name: str, clock: DoubtedClock) -> AsyncIterator[ServerMetrics]:
    """While it is entered, the event loop's lag is measured."""
    server_metrics = ServerMetrics(name, clock)
    beat = asyncio.create_task(server_metrics.keep(), name="metrics")
    try:
        yield server_metrics
    finally:
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)
