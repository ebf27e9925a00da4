"""Rate limits on answers. Pure: every time is passed in, in seconds of a monotonic clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from imposter.contracts.config import SafetyLimits

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A limit of `count` answers in any span of `seconds`."""

    count: int
    seconds: float
    told: str
    """The limit in words for the owner."""


@dataclass(frozen=True, slots=True)
class RateLimited:
    """A limit that is reached, and the seconds until it has room."""

    seconds: float
    bound: RateLimit


@lru_cache(maxsize=64)  # most bots have the same limits, and a thousand idle ones should not each keep a copy
def of_account(limits: SafetyLimits) -> tuple[RateLimit, ...]:
    return _bounds(
        ("answers_per_minute", limits.answers_per_minute, MINUTE),
        ("answers_per_hour", limits.answers_per_hour, HOUR),
        ("answers_per_day", limits.answers_per_day, DAY),
    )


@lru_cache(maxsize=64)
def of_contact(limits: SafetyLimits) -> tuple[RateLimit, ...]:
    return _bounds(
        ("answers_per_contact_per_minute", limits.answers_per_contact_per_minute, MINUTE),
        ("answers_per_contact_per_hour", limits.answers_per_contact_per_hour, HOUR),
    )


def _bounds(*named: tuple[str, int | None, float]) -> tuple[RateLimit, ...]:
    return tuple(RateLimit(count, span, f"limits_config.{name} is {count}") for name, count, span in named if count)


class AnswerHistory:
    """The times of the latest answers, as many as the widest limit has to look back on."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times: list[float] = []

    def add(self, time: float, bounds: Sequence[RateLimit]) -> None:
        """Add an answer. `time` must not be before the time of the previous answer."""
        self._times.append(time)
        most = max((bound.count for bound in bounds), default=0)
        if len(self._times) > 2 * most:
            del self._times[: len(self._times) - most]

    def hold(self, bounds: Sequence[RateLimit], now: float, *, taken: int = 0) -> RateLimited | None:
        """Return how long one more answer has to wait, or None if it may go out now.

        `taken` is the number of places already given away: to answers in progress, and to conversations that have
        waited longer.
        """
        holds = (RateLimited(seconds, bound) for bound, seconds in self._waits(bounds, now, taken) if seconds > 0)
        return max(holds, key=lambda hold: hold.seconds, default=None)

    def _waits(self, bounds: Sequence[RateLimit], now: float, taken: int) -> Iterator[tuple[RateLimit, float]]:
        for bound in bounds:
            place = bound.count - taken
            if place <= 0:
                yield bound, bound.seconds
            elif len(self._times) >= place:
                yield bound, self._times[-place] + bound.seconds - now
