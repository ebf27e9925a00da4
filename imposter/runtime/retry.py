"""When to try again: pure functions of what happened; chance is passed in."""

from collections.abc import Callable
from datetime import datetime, timedelta

from imposter.contracts.errors import ModelUnavailable
from imposter.contracts.resource_exhaustion import shortage

MODEL_ATTEMPTS = 4
PATIENT_ATTEMPTS = 40
"""While an answer is worth it: some forty minutes of waits that have grown to LONGEST_WAIT."""
COSTLY_ATTEMPTS = 2
"""Of a model that let us wait in vain: it may have been paid for each."""
DELIVERY_ATTEMPTS = 5
LONGEST_WAIT = 60.0
"""Seconds between two tries, unless the model asks for more."""
LONGEST_PATIENCE = timedelta(hours=1)
"""Where messages are answered however old they are."""

Chance = Callable[[], float]
"""A number from 0 to 1."""


def backoff(attempt: int, chance: Chance, *, longest: float = LONGEST_WAIT) -> float:
    """Seconds before try number `attempt + 1`: 1, 2, 4, ... at most `longest`, less up to a half by chance."""
    return float(min(longest, 2.0 ** min(attempt - 1, 16))) * (0.5 + chance() / 2)


def may_pass(error: Exception) -> bool:
    """Whether a model that failed so may answer later."""
    return isinstance(error, ModelUnavailable) or shortage(error) is not None


def model_retry(
    attempt: int,
    error: Exception,
    chance: Chance,
    *,
    most: int = MODEL_ATTEMPTS,
    left: float = LONGEST_WAIT,
    costly: int = 0,
) -> float | None:
    """Seconds to wait after failed try number `attempt` (from 1), or None to give up.

    `most`: tries; `left`: seconds that an answer is still worth; `costly`: tries so far that may have cost as much as
    an answer.
    """
    if not may_pass(error) or attempt >= most or costly >= COSTLY_ATTEMPTS:
        return None
    wait = backoff(attempt, chance)
    wish = error.retry_after if isinstance(error, ModelUnavailable) else None
    if wish is not None and wish >= wait:
        # Later by chance, so that not all who were told the same time come at once.
        wait = wish + chance() * max(0.5, wish / 10)
    return wait if wait <= left else None


def patience_ends(received: datetime, taken: datetime, within: timedelta | None) -> datetime:
    """Until when a message is worth asking again. One that was old when it was taken counts from then on."""
    if within is None:
        return taken + LONGEST_PATIENCE
    return received + within if received + within > taken else taken + within
