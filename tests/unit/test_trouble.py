"""How refusals add up."""

import pytest

from imposter.runtime.account.refusals import (
    LONGEST_PAUSE,
    REMEMBERED,
    SHORTEST_PAUSE,
    RefusalTracker,
)


def after(*refusals: tuple[str, int | None], now: float = 100.0) -> RefusalTracker:
    trouble = RefusalTracker()
    for conversation, code in refusals:
        trouble.refused(now, conversation, code)
    return trouble


@pytest.mark.parametrize(
    ("refusals", "slow", "pause"),
    [
        pytest.param([], False, None, id="none"),
        pytest.param([("a", 403), ("b", None)], False, None, id="two chats that may not be written to"),
        pytest.param([("a", 403)] * 50, False, None, id="one such chat, over and over"),
        pytest.param([("a", 403), ("b", 404), ("c", 479)], True, None, id="three such chats"),
        pytest.param([("a", 500)] * 3, True, None, id="the server's own error, three times"),
        pytest.param([("a", 463)], True, None, id="463 in one chat"),
        pytest.param([("a", 463)] * 9, True, None, id="463 in one chat, over and over"),
        pytest.param([("a", 463), ("b", 463)], True, SHORTEST_PAUSE, id="463 in two chats"),
        pytest.param([("a", 429)] * 2, True, SHORTEST_PAUSE, id="429 twice"),
        pytest.param([("a", 503)] * 7, True, 2 * SHORTEST_PAUSE, id="one refusal more doubles the pause"),
        pytest.param([("a", 503)] * 99, True, LONGEST_PAUSE, id="a day at most"),
    ],
)
def test_refusals_slow_an_account_and_then_pause_it(
    refusals: list[tuple[str, int | None]], slow: bool, pause: float | None
) -> None:
    trouble = after(*refusals)
    assert trouble.is_slow(100.0) is slow
    assert trouble.pause(100.0) == pause


def test_an_outage_slows_and_never_pauses() -> None:
    trouble = RefusalTracker()
    for now in range(50):
        trouble.dropped(float(now), 503)
    assert trouble.is_slow(50.0)
    assert trouble.pause(50.0) is None


@pytest.mark.parametrize("code", [401, 408, 428, 440, 515])
def test_a_lost_network_or_a_planned_restart_is_no_trouble(code: int) -> None:
    trouble = RefusalTracker()
    for now in range(50):
        trouble.dropped(float(now), code)
    assert not trouble.is_slow(50.0)


def test_refusals_are_forgotten_in_time() -> None:
    trouble = after(("a", 463))
    assert trouble.ends(100.0) == REMEMBERED
    trouble.refused(200.0, "b", 403)
    assert trouble.ends(200.0) == REMEMBERED - 100.0
    assert trouble.is_slow(99.0 + REMEMBERED)
    assert not trouble.is_slow(100.0 + REMEMBERED)
    assert after(("a", 463), ("b", 463)).pause(101.0 + REMEMBERED) is None


def test_whose_a_refusal_was_is_forgotten_and_it_counts_on() -> None:
    trouble = after(("a", 463), ("b", 403))
    points = trouble.points(100.0)
    trouble.forget_who("a")
    assert "a" not in trouble._points
    assert trouble.points(100.0) == points
    trouble.refused(100.0, "a", 463)
    assert trouble.pause(100.0) is not None, "it is another's for all that is known"
