import pytest

from imposter.contracts.errors import ModelRefused, ModelUnavailable
from imposter.runtime.retry import LONGEST_WAIT, MODEL_ATTEMPTS, backoff, model_retry


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


@pytest.mark.parametrize("error", [ModelRefused(), ValueError(), KeyError("key")])
def test_what_would_fail_again_is_not_asked_again(error: Exception) -> None:
    assert model_retry(1, error, high) is None
