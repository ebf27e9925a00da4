import signal
from collections.abc import Sequence

import pytest

from chat_providers._whatsapp.disconnects import LONGEST_DELAY, SOONER, STEADY_LINK, STEADY_SECONDS, Reconnects
from chat_providers._whatsapp.restart_policy import ProcessRun, Restarts

TOLD_TO_END = ProcessRun(0, 7, answered=True, served=True)
KILLED = ProcessRun(-signal.SIGKILL, 5, answered=True, served=True)
HUNG = ProcessRun(None, 12, answered=True, served=True)
CRASHED = ProcessRun(1, 5, answered=True, served=True)


def high() -> float:
    return 1.0


def delays(lives: Sequence[ProcessRun]) -> list[float]:
    restarts = Restarts(high)
    return [restarts.after(life) for life in lives]


@pytest.mark.parametrize("life", [TOLD_TO_END, KILLED, HUNG], ids=["told to end", "killed", "hung"])
def test_what_somebody_else_ended_comes_back_as_soon_the_tenth_time_as_the_first(life: ProcessRun) -> None:
    assert delays([life] * 10) == [1] * 10


def test_what_breaks_again_and_again_is_started_ever_more_seldom() -> None:
    assert delays([CRASHED] * 8) == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize(
    "life",
    [ProcessRun(0), ProcessRun(-signal.SIGKILL, 5, answered=True), ProcessRun(None, 30)],
    ids=["a program that only ends", "killed before any account was up", "never answered"],
)
def test_what_never_was_any_good_counts_however_it_ended(life: ProcessRun) -> None:
    assert delays([life] * 4) == [1, 2, 4, 8]


@pytest.mark.parametrize("good", [TOLD_TO_END, KILLED, ProcessRun(1, STEADY_SECONDS + 1)])
def test_a_good_one_ends_the_count(good: ProcessRun) -> None:
    assert delays([CRASHED, CRASHED, CRASHED, good, CRASHED, CRASHED]) == [1, 2, 4, 1, 1, 2]


def test_what_cannot_be_started_is_tried_ever_more_seldom_and_soon_where_the_machine_ran_short() -> None:
    missing, short = Restarts(high), Restarts(high)
    assert [missing.not_started(short=False) for _ in range(8)][-1] == LONGEST_DELAY
    assert [short.not_started(short=True) for _ in range(8)][-1] == SOONER


@pytest.mark.parametrize(("life", "broke"), [(TOLD_TO_END, False), (KILLED, False), (HUNG, True), (CRASHED, True)])
def test_a_message_is_suspect_only_where_the_process_did_it_itself(life: ProcessRun, broke: bool) -> None:
    assert life.broke is broke


def reconnects(*ends: tuple[int, float | None]) -> list[float]:
    policy = Reconnects(high)
    found = []
    for code, open_for in ends:
        found.append(policy.after(code, open_for))
        policy.again(found[-1])
    return found


def test_a_connection_that_was_good_for_a_while_is_made_again_as_soon_as_ever() -> None:
    assert reconnects(*[(503, STEADY_LINK + 1)] * 10) == [1] * 10


def test_a_line_that_breaks_at_once_again_and_again_is_never_waited_for_long() -> None:
    assert reconnects(*[(428, 1.0)] * 8) == [1, 2, 4, 8, 8, 8, 8, 8]


def test_so_is_one_that_our_own_database_was_in_the_way_of() -> None:
    assert reconnects(*[(-1, None)] * 6)[-1] == SOONER


@pytest.mark.parametrize(("code", "open_for"), [(428, None), (503, 1.0), (429, 1.0), (405, None)])
def test_what_whatsapp_refuses_is_asked_ever_more_seldom(code: int, open_for: float | None) -> None:
    assert reconnects(*[(code, open_for)] * 8) == [1, 2, 4, 8, 16, 32, 60, 60]
