import errno
from datetime import UTC, datetime, timedelta

import pytest

from imposter.contracts.errors import ModelRefused, ModelUnavailable
from imposter.runtime.retry import (
    LONGEST_PATIENCE,
    LONGEST_WAIT,
    MODEL_ATTEMPTS,
    PATIENT_ATTEMPTS,
    backoff,
    model_retry,
    patience_ends,
)


def low() -> float:
    return 0.0


def high() -> float:
    return 1.0


def test_waits_double_up_to_a_bound_and_chance_takes_away_at_most_half() -> None:
    assert [backoff(attempt, high) for attempt in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert [backoff(attempt, low) for attempt in (1, 2, 3, 4)] == [0.5, 1, 2, 4]
    assert backoff(10_000, high) == LONGEST_WAIT
    assert backoff(9, high, longest=30) == 30


def test_a_model_that_cannot_answer_now_is_asked_again_a_few_times() -> None:
    waits = [model_retry(attempt, ModelUnavailable(), high) for attempt in range(1, MODEL_ATTEMPTS + 1)]
    assert waits == [1, 2, 4, None]


def test_the_models_own_wish_is_honoured_within_reason() -> None:
    assert model_retry(1, ModelUnavailable(retry_after=7), low) == 7
    assert model_retry(1, ModelUnavailable(retry_after=LONGEST_WAIT + 1), low) is None
    assert model_retry(1, ModelUnavailable(retry_after=300), high, left=900) == 330, "not all at once"
    assert model_retry(8, ModelUnavailable(retry_after=1), high, most=9) == LONGEST_WAIT, "nor over and over"


def test_patience_grows_to_a_minute_and_ends_with_what_an_answer_is_worth() -> None:
    waits = [model_retry(attempt, ModelUnavailable(), high, most=PATIENT_ATTEMPTS) for attempt in range(1, 41)]
    assert waits == [1, 2, 4, 8, 16, 32, *[60] * 33, None]
    assert model_retry(5, ModelUnavailable(), high, most=PATIENT_ATTEMPTS, left=15.9) is None


def test_a_try_that_may_have_cost_is_repeated_once() -> None:
    assert model_retry(7, ModelUnavailable(), high, most=PATIENT_ATTEMPTS, costly=1) == LONGEST_WAIT
    assert model_retry(7, ModelUnavailable(), high, most=PATIENT_ATTEMPTS, costly=2) is None


def test_a_message_that_was_old_when_it_was_taken_counts_from_then_on() -> None:
    now, within = datetime(2026, 1, 1, tzinfo=UTC), timedelta(minutes=15)
    assert patience_ends(now - timedelta(minutes=5), now, within) == now + timedelta(minutes=10)
    assert patience_ends(now - timedelta(hours=9), now, within) == now + within
    assert patience_ends(now, now, None) == now + LONGEST_PATIENCE


def test_what_this_machine_has_none_left_of_is_waited_for() -> None:
    assert model_retry(3, OSError(errno.EMFILE, "too many"), high) == 4


@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken"), ModelRefused(), ValueError(), KeyError("key")])
def test_what_would_fail_again_is_not_asked_again(error: Exception) -> None:
    assert model_retry(1, error, high) is None
