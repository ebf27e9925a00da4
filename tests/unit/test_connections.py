"""Which connections there may be, and which of them gives way."""

from imposter.web.connections import MOST_FROM_ONE, SAID_EVERY, Connections, LogThrottle, place_of

PROXY = "10.0.0.1"


class Line:
    """A connection."""

    ended = False

    def give_way(self) -> None:
        self.ended = True


def connections(most: int) -> Connections:
    return Connections(most, lambda address: address == PROXY, lambda: 0.0)


def opened(bounds: Connections, address: str | None, count: int, *, waits: bool = True) -> list[Line]:
    lines = [Line() for _ in range(count)]
    for line in lines:
        assert bounds.enter(line, address)
        if waits:
            bounds.waits(line)
    return lines


def test_the_one_that_waits_for_longest_gives_way() -> None:
    bounds = connections(800)
    first, second, *others = opened(bounds, "192.0.2.1", MOST_FROM_ONE)
    bounds.works(first)
    assert bounds.enter(Line(), "192.0.2.1")
    assert [first.ended, second.ended, *(line.ended for line in others)] == [False, True, *[False] * len(others)]
    assert len(bounds) == MOST_FROM_ONE


def test_one_whose_request_is_being_answered_never_gives_way() -> None:
    bounds = connections(800)
    lines = opened(bounds, "192.0.2.1", MOST_FROM_ONE, waits=False)
    assert not bounds.enter(Line(), "192.0.2.1")
    assert not any(line.ended for line in lines)
    assert bounds.enter(Line(), "192.0.2.2")
    bounds.leave(lines[0])
    bounds.leave(lines[0])
    assert bounds.enter(Line(), "192.0.2.1")
    assert not bounds.enter(Line(), "192.0.2.1")


def test_this_machine_and_a_trusted_proxy_may_have_most_but_not_all() -> None:
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1", PROXY, None):
        bounds = connections(800)
        opened(bounds, address, 700, waits=False)
        assert not bounds.enter(Line(), address)
        opened(bounds, "192.0.2.1", 90, waits=False)


def test_where_all_are_taken_the_place_that_has_most_makes_room() -> None:
    bounds = connections(100)
    few = opened(bounds, "192.0.2.1", 15)
    many = opened(bounds, "192.0.2.2", 85)
    assert bounds.enter(Line(), "192.0.2.3")
    assert many[0].ended
    assert not any(line.ended for line in few)
    assert len(bounds) == 100


def test_a_network_of_one_host_counts_as_one() -> None:
    assert place_of("2001:db8::1") == place_of("2001:db8::ffff:1") != place_of("2001:db8:0:1::1")
    assert place_of("::ffff:192.0.2.1") == place_of("192.0.2.1") != place_of("192.0.2.2")


def test_what_happens_all_the_time_is_said_now_and_then_with_how_often() -> None:
    now = 0.0
    seldom = LogThrottle(lambda: now)
    assert [seldom.may_say("full") for _ in range(3)] == [1, None, None]
    assert seldom.may_say("empty") == 1
    now = SAID_EVERY
    assert seldom.may_say("full") == 3
