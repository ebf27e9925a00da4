"""How many wrong keys an address may try."""

import tracemalloc
from ipaddress import IPv6Address

import pytest

from imposter.web.login_throttle import LoginThrottle, TooManyTries, network_of


class Desk:
    """Tries on a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.counted = 0
        self.tries = LoginThrottle(lambda: self.now, self._count)

    def wrong(self, address: str | None) -> float:
        """Seconds to wait; 0 where the key was called wrong."""
        try:
            self.tries.wrong(address)
        except TooManyTries as wait:
            return wait.seconds
        return 0

    def _count(self) -> None:
        self.counted += 1


def test_one_address_has_five_a_minute_however_it_goes_on() -> None:
    desk = Desk()
    assert [desk.wrong("192.0.2.1") for _ in range(7)] == [0, 0, 0, 0, 0, 60, 60]
    assert desk.wrong("192.0.2.2") == 0
    desk.now = 59
    assert desk.wrong("192.0.2.1") == 1
    desk.now = 60
    assert [desk.wrong("192.0.2.1") for _ in range(6)] == [0, 0, 0, 0, 0, 60]
    assert desk.counted == 15


def test_many_addresses_have_fifty_and_take_none_from_one_that_got_in_before() -> None:
    desk = Desk()
    desk.tries.right("198.51.100.7")
    assert not any(desk.wrong(f"192.0.2.{number}") for number in range(50))
    assert desk.wrong("203.0.113.1") == 60
    assert [desk.wrong("198.51.100.7") for _ in range(6)] == [0, 0, 0, 0, 0, 60]
    desk.now = 60
    assert desk.wrong("203.0.113.1") == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a\nline", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_whose_tries_count_together(address: str | None, network: str) -> None:
    assert network_of(address) == network


def test_ever_more_addresses_take_no_more_memory_and_no_more_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk()
    tracemalloc.start()
    try:
        for number in range(20_000):
            desk.wrong(str(IPv6Address((0x20010DB8 << 96) + (number << 64))))
            desk.tries.right(f"10.0.{number // 250}.{number % 250}")
        assert tracemalloc.get_traced_memory()[0] < 2_000_000
    finally:
        tracemalloc.stop()
    assert desk.counted == 20_000
    assert len(capsys.readouterr().err.splitlines()) == 30
