"""Measurements of this server: its name, uptime, counters and event loop lag."""

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
"""Number of measurements that are kept."""
MOST_MODELS = 50
OTHER = "other"
BEFORE, MODEL, AFTER = PARTS = ("before", "model", "after")
"""Parts of an answer's latency: from the message to the model call, the model call, and from there to the platform."""


@dataclass(slots=True)
class ModelTokens:
    """The calls and tokens of one model."""

    calls: int = 0
    input: int = 0
    """Input tokens that the vendor did not have in its cache."""
    cached_input: int = 0
    output: int = 0


@dataclass(slots=True)
class CallDurations:
    """The number of calls and their total duration in seconds."""

    times: int = 0
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.times += 1
        self.seconds += max(0.0, seconds)


@dataclass(slots=True)
class Counts:
    """Counters of this server since its start. Only the event loop may increment them."""

    answers_sent: int = 0
    model_failures: int = 0
    """Failed model calls, including those that were retried."""
    dead_letters: int = 0
    """Answers that a contact did not get, or may not have got, whether or not the owner has dealt with them since."""
    wrong_keys: int = 0
    """Requests and sign-ins with a wrong key."""
    waited: dict[str, CallDurations] = field(default_factory=lambda: {part: CallDurations() for part in PARTS})
    """Latency of the answers that were sent, by part."""
    models: dict[str, ModelTokens] = field(default_factory=dict)
    """Tokens by model."""
    money: dict[tuple[str, str], int] = field(default_factory=dict)
    """Cost by model and currency, in millionths, of the models whose price is known."""

    def wrong_key(self) -> None:
        self.wrong_keys += 1

    def used(self, usage: Usage) -> None:
        """Count the usage of a call.

        Models beyond the first MOST_MODELS count as one, because a vendor may use any names.
        """
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
    """The measurements of this server. See `open_server_metrics`."""

    def __init__(self, name: str, clock: DoubtedClock) -> None:
        self.name = name
        """Name for people, among the nodes that share a database."""
        self.started_at = clock.now()
        self.clock = clock
        self._began = clock.monotonic()
        self._late: deque[float] = deque([0.0], maxlen=REMEMBERED)

    @property
    def uptime(self) -> float:
        """Seconds since the server started."""
        return self.clock.monotonic() - self._began

    @property
    def loop_lag(self) -> float:
        """The event loop's greatest delay of a due task within the last minute, in seconds."""
        return max(self._late)

    async def keep(self) -> None:
        """Measure the lag and check the clock until cancelled."""
        while True:
            due = self.clock.monotonic() + BEAT
            await self.clock.sleep(BEAT)
            self._late.append(max(0.0, self.clock.monotonic() - due))
            self.clock.look()


@asynccontextmanager
async def open_server_metrics(name: str, clock: DoubtedClock) -> AsyncIterator[ServerMetrics]:
    """Measure the event loop's lag while the context is entered."""
    server_metrics = ServerMetrics(name, clock)
    beat = asyncio.create_task(server_metrics.keep(), name="metrics")
    try:
        yield server_metrics
    finally:
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)
