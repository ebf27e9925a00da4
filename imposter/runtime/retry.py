"""Retry rules: pure functions of the failures so far; randomness is passed in."""

from collections.abc import Callable
from datetime import datetime, timedelta

from imposter.contracts.errors import ModelUnavailable
from imposter.contracts.resource_exhaustion import shortage

MODEL_ATTEMPTS = 4
PATIENT_ATTEMPTS = 40
"""Tries while an answer is still useful: about forty minutes of waits that have grown to LONGEST_WAIT."""
COSTLY_ATTEMPTS = 2
"""Tries of a model that timed out: each may have been billed."""
DELIVERY_ATTEMPTS = 5
LONGEST_WAIT = 60.0
"""Maximum seconds between two tries, unless the model asks for more."""
LONGEST_PATIENCE = timedelta(hours=1)
"""Used if messages of any age are answered."""

Chance = Callable[[], float]
"""Returns a random number from 0 to 1."""


def backoff(attempt: int, chance: Chance, *, longest: float = LONGEST_WAIT) -> float:
    """Return the seconds before try `attempt + 1`: 1, 2, 4, ... up to `longest`, less a random part of up to a half."""
    return float(min(longest, 2.0 ** min(attempt - 1, 16))) * (0.5 + chance() / 2)


def may_pass(error: Exception) -> bool:
    """Return whether a model that failed with this error may answer later."""
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
    """Return the seconds to wait after failed try number `attempt` (from 1), or None to give up.

    `most`: maximum number of tries. `left`: seconds for which an answer is still useful. `costly`: tries so far that
    may have been billed like an answer.
    """
    if not may_pass(error) or attempt >= most or costly >= COSTLY_ATTEMPTS:
        return None
    wait = backoff(attempt, chance)
    wish = error.retry_after if isinstance(error, ModelUnavailable) else None
    if wish is not None and wish >= wait:
        # A random delay, so that clients with the same retry_after do not all come back at once.
        wait = wish + chance() * max(0.5, wish / 10)
    return wait if wait <= left else None


def patience_ends(received: datetime, taken: datetime, within: timedelta | None) -> datetime:
    """Return the time until which a message may be retried.

    A message that was already old when it was taken has the full time from that moment.
    """
    if within is None:
        return taken + LONGEST_PATIENCE
    return received + within if received + within > taken else taken + within
