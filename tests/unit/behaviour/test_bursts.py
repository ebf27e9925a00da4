from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imposter.behaviour.debounce import due_at
from imposter.contracts.behaviour import Behaviour

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BEHAVIOURS = st.builds(
    lambda quiet, longest: Behaviour(debounce_seconds=quiet, debounce_max_seconds=max(quiet, longest)),
    st.floats(0, 60),
    st.floats(0, 600),
)
GAPS = st.floats(0, 900)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("last", "typing", "due"),
    [
        (0, None, 2.5),
        (2, None, 4.5),
        (2, 3, 4.5),
        (2, 8, 8),
        (2, 99, 10),
        (9, None, 10),
        (30, None, 10),
    ],
)
def test_a_burst_is_over_when_it_is_quiet_and_at_the_latest_after_ten_seconds(
    last: float, typing: float | None, due: float
) -> None:
    assert due_at(NOW, at(last), Behaviour(), None if typing is None else at(typing)) == at(due)


def test_turned_off_nothing_is_waited_for() -> None:
    assert due_at(NOW, at(1), Behaviour(debounce_seconds=0), at(9)) == at(1)


@given(BEHAVIOURS, GAPS, GAPS, GAPS, st.none() | GAPS)
def test_who_writes_on_or_types_on_is_waited_for_but_never_longer_than_the_bound(
    behaviour: Behaviour, last: float, later: float, more: float, typing: float | None
) -> None:
    until = None if typing is None else at(typing)
    due = due_at(NOW, at(last), behaviour, until)
    assert due <= due_at(NOW, at(last + later), behaviour, until)
    if until is not None:
        assert due <= due_at(NOW, at(last), behaviour, until + timedelta(seconds=more))
        assert due >= due_at(NOW, at(last), behaviour)
    if behaviour.debounce_seconds:
        assert due <= at(behaviour.longest_debounce)
        assert due >= min(at(behaviour.longest_debounce), at(last))
