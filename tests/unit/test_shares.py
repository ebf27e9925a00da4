"""How many bots a node takes and gives; what every node must reckon alike."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as some

from imposter.cluster.balancing import LinkRateLimiter, fair_share, to_give, to_take
from imposter.domain.nodes import NodeRow

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def nodes_with(*bots: int, leaving: frozenset[int] = frozenset()) -> list[NodeRow]:
    return [
        NodeRow(f"n{number}", f"n{number}", "0003", NOW, NOW, number in leaving, {}, have)
        for number, have in enumerate(bots)
    ]


@given(bots=some.lists(some.integers(0, 50), min_size=1, max_size=6), free=some.integers(0, 100))
def test_step_by_step_everybody_comes_to_have_the_same(bots: list[int], free: int) -> None:
    have = [*bots]
    for _ in range(200):
        before = (*have, free)
        for number in range(len(have)):
            nodes = nodes_with(*have)
            taken, given_away = to_take(nodes[number], nodes, free), to_give(nodes[number], nodes, free)
            assert not (taken and given_away)
            have[number] += taken - given_away
            free += given_away - taken
            assert free >= 0
        if (*have, free) == before:
            break
    assert free == 0
    assert max(have) - min(have) <= 1


def test_who_is_leaving_takes_nothing_and_is_not_counted_among_those_who_do() -> None:
    nodes = nodes_with(4, 0, 0, leaving=frozenset({0}))
    assert [fair_share(node, nodes, free=2) for node in nodes] == [0, 3, 3]
    assert [to_take(node, nodes, free=2) for node in nodes] == [0, 2, 2]


def test_one_alone_takes_all() -> None:
    [me] = nodes = nodes_with(0)
    assert to_take(me, nodes, free=10_000) == 10_000


def test_a_pace_allows_one_seconds_worth_at_once_and_then_so_many_a_second() -> None:
    pace = LinkRateLimiter(10, now=0)
    assert pace.take(25, now=0) == 10
    assert pace.take(25, now=0) == 0
    assert pace.take(25, now=0.5) == 5
    assert pace.take(2, now=100) == 2
    assert pace.take(25, now=100) == 8
    slow = LinkRateLimiter(0.5, now=0)
    assert slow.take(3, now=0) == 1
    assert slow.take(3, now=1) == 0
    assert slow.take(3, now=2) == 1
