"""What becomes of a machine's clock that jumps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chat_providers._whatsapp.clock_skew import PlatformClock
from imposter.clock import AGREES, AT_START, STEADY, SharedClock

DAY = 86_400.0
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Machine:
    """Two clocks: the time of day, which may be set, and one that only goes on."""

    def __init__(self) -> None:
        self.wall, self.steady = NOON.timestamp() - AT_START, 50.0 - AT_START
        self.clock = SharedClock(lambda: self.wall, lambda: self.steady)
        self.sure_at_start = self.clock.is_sure
        self.pass_by(AT_START)

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds
        self.clock.look()

    def is_set(self, seconds: float) -> None:
        self.wall += seconds
        self.clock.look()

    @property
    def passed(self) -> float:
        """Seconds since noon, as the server has it."""
        return (self.clock.now() - NOON).total_seconds()


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.mark.parametrize("jump", [DAY, -DAY, 6.0, -6.0])
def test_a_jump_changes_nothing_and_one_that_is_set_right_is_forgotten(machine: Machine, jump: float) -> None:
    machine.is_set(jump)
    machine.pass_by(10)
    assert (machine.passed, machine.clock.jump, machine.clock.is_sure) == (10, jump, False)
    machine.pass_by(STEADY / 2)
    machine.is_set(-jump)
    assert (machine.passed, machine.clock.jump, machine.clock.is_sure) == (10 + STEADY / 2, 0, True)


def test_at_first_nothing_is_deleted(machine: Machine) -> None:
    assert not machine.sure_at_start
    assert machine.clock.is_sure


def test_a_small_correction_is_followed(machine: Machine) -> None:
    machine.is_set(4)
    assert (machine.passed, machine.clock.is_sure) == (4, True)
    machine.is_set(-4)
    assert (machine.passed, machine.clock.is_sure) == (0, True)


def test_a_clock_that_is_steady_for_an_hour_is_followed(machine: Machine) -> None:
    machine.is_set(DAY)
    machine.pass_by(STEADY - 1)
    assert machine.passed == STEADY - 1
    machine.pass_by(1)
    assert (machine.passed, machine.clock.is_sure) == (DAY + STEADY, True)


def test_a_platform_that_says_the_same_has_it_followed_at_once(machine: Machine) -> None:
    machine.is_set(DAY)
    machine.clock.heard(NOON + timedelta(seconds=DAY + 2))
    assert (machine.passed, machine.clock.is_sure) == (DAY, True)


def test_a_platform_that_denies_it_keeps_it_from_being_followed(machine: Machine) -> None:
    machine.is_set(DAY)
    for _ in range(8):
        machine.pass_by(STEADY / 2)
        machine.clock.heard(NOON + timedelta(seconds=machine.steady - 50))
    assert (machine.passed, machine.clock.jump) == (4 * STEADY, DAY)


def test_a_platform_sets_no_clock_that_has_not_jumped_but_nothing_is_deleted_where_it_differs(machine: Machine) -> None:
    machine.clock.heard(NOON + timedelta(days=300))
    assert (machine.passed, machine.clock.is_sure) == (0, False)
    machine.clock.heard(NOON + timedelta(seconds=AGREES))
    assert (machine.passed, machine.clock.is_sure) == (0, True)


@pytest.mark.parametrize("apart", [0.0, 77.0])
def test_the_databases_time_goes_before_the_machines(machine: Machine, apart: float) -> None:
    def database() -> datetime:
        return NOON + timedelta(seconds=machine.steady - 50 + apart)

    machine.clock.follow(database())
    assert machine.clock.is_sure
    machine.is_set(DAY)
    machine.pass_by(1)
    assert machine.passed == 1 + apart
    machine.clock.follow(database())
    machine.pass_by(1)
    assert (machine.passed, machine.clock.jump, machine.clock.is_sure) == (2 + apart, 0, True)


def test_a_jump_of_the_databases_own_is_followed_and_nothing_deleted_for_an_hour(machine: Machine) -> None:
    machine.clock.follow(NOON)
    machine.clock.follow(NOON + timedelta(days=1))
    assert (machine.passed, machine.clock.is_sure) == (DAY, False)
    machine.pass_by(STEADY)
    assert machine.clock.is_sure


@pytest.mark.parametrize(
    ("told", "sent_at"),
    [(None, 0), (3.0, 0), (600.0, -600), (-600.0, 600)],
    ids=["not told", "the same but for some seconds", "theirs is ahead", "theirs is behind"],
)
@pytest.mark.parametrize("later", [0.0, 7200.0])
def test_whatsapps_times_are_read_by_our_clock(told: float | None, sent_at: float, later: float) -> None:
    theirs: Callable[[float], float] = lambda passed: NOON.timestamp() + passed  # noqa: E731
    time = PlatformClock()
    if told is not None:
        time.told(theirs(told), 1000.0)
    found = time.ours(int(theirs(0)), NOON + timedelta(seconds=later), 1000.0 + later)
    assert found == NOON + timedelta(seconds=sent_at)
