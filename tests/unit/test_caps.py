"""Caps: no more answers than allowed in any span, and nobody waits for ever."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from imposter.contracts.config import SafetyLimits
from imposter.runtime.account.rate_limits import AnswerHistory, RateLimit, of_account, of_contact

BOUNDS = st.lists(
    st.builds(RateLimit, st.integers(1, 6), st.sampled_from([10.0, 60.0, 600.0]), st.just("")), min_size=1, max_size=3
)
NONE = SafetyLimits(
    answers_per_minute=None,
    answers_per_hour=None,
    answers_per_day=None,
    answers_per_contact_per_minute=None,
    answers_per_contact_per_hour=None,
)


@given(BOUNDS, st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_no_span_holds_more_answers_than_its_bound(bounds: list[RateLimit], gaps: list[float]) -> None:
    answers, now, given_at = AnswerHistory(), 1000.0, []
    for gap in gaps:
        now += gap
        while (hold := answers.hold(bounds, now)) is not None:
            assert 0 < hold.seconds <= max(bound.seconds for bound in bounds) + 1e-6
            now = max(now + hold.seconds, now + 1e-9)
        answers.add(now, bounds)
        given_at.append(now)
    for bound in bounds:
        for first, beyond in zip(given_at, given_at[bound.count :], strict=False):
            assert beyond - first >= bound.seconds - 1e-6


@given(BOUNDS, st.integers(0, 12), st.integers(0, 12))
def test_places_given_away_count_like_answers(bounds: list[RateLimit], given_before: int, taken: int) -> None:
    answers = AnswerHistory()
    for _ in range(given_before):
        answers.add(5.0, bounds)
    room = min(bound.count for bound in bounds) - given_before - taken
    assert (answers.hold(bounds, 5.0, taken=taken) is None) == (room > 0)


def test_an_answer_waits_until_the_one_that_fills_the_bound_leaves_it() -> None:
    minute, hour = RateLimit(2, 60, "minute"), RateLimit(3, 3600, "hour")
    answers = AnswerHistory()
    for time, told in [(0, None), (10, None), (20, (40, "minute")), (60, None), (61, (3539, "hour"))]:
        hold = answers.hold([minute, hour], time)
        assert (hold and (hold.seconds, hold.bound.told)) == told
        if hold is None:
            answers.add(time, [minute, hour])


def test_what_is_remembered_does_not_grow() -> None:
    answers, bounds = AnswerHistory(), [RateLimit(3, 60, "")]
    for time in range(10_000):
        answers.add(float(time), bounds)
    assert len(answers._times) <= 6


def test_a_bound_of_null_is_none_at_all() -> None:
    assert of_account(NONE) == of_contact(NONE) == ()
    for told in of_account(SafetyLimits()), of_contact(SafetyLimits()):
        assert all(first.seconds < second.seconds for first, second in pairwise(told))
