"""When to try again: pure functions of what happened; chance is passed in."""

from collections.abc import Callable

from imposter.contracts.errors import ModelUnavailable

MODEL_ATTEMPTS = 4
DELIVERY_ATTEMPTS = 5
LONGEST_WAIT = 60.0
"""Seconds. A model that asks for more patience than this has failed."""

Chance = Callable[[], float]
"""A number from 0 to 1."""


def backoff(attempt: int, chance: Chance, *, longest: float = LONGEST_WAIT) -> float:
    """Seconds before try number `attempt + 1`: 1, 2, 4, ... at most `longest`, less up to a half by chance."""
    return float(min(longest, 2.0 ** min(attempt - 1, 16))) * (0.5 + chance() / 2)


def model_retry(attempt: int, error: Exception, chance: Chance) -> float | None:
    """Seconds to wait after failed try number `attempt` (from 1), or None to give up."""
    if not isinstance(error, ModelUnavailable) or attempt >= MODEL_ATTEMPTS:
        return None
    if error.retry_after is None:
        return backoff(attempt, chance)
    return None if error.retry_after > LONGEST_WAIT else error.retry_after + chance() / 2
