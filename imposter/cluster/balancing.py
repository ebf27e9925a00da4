"""How many bots a node takes or gives away. Pure: every node computes it from the same rows."""

from collections.abc import Collection

from imposter.domain.nodes import NodeRow


def fair_share(me: NodeRow, nodes: Collection[NodeRow], free: int) -> int:
    """Return the number of bots that `me` should have.

    No node gets two more than another; a remainder stays with the nodes that have most.
    """
    takers = sorted((node for node in nodes if not node.leaving), key=lambda node: -node.bots)
    if me not in takers:
        return 0
    each, over = divmod(sum(node.bots for node in nodes) + free, len(takers))
    return each + (takers.index(me) < over)


def to_take(me: NodeRow, nodes: Collection[NodeRow], free: int) -> int:
    """Return how many free bots `me` should take."""
    return max(0, min(free, fair_share(me, nodes, free) - me.bots))


def to_give(me: NodeRow, nodes: Collection[NodeRow], free: int) -> int:
    """Return how many bots `me` should give to others; none while there are free bots."""
    return 0 if free else max(0, me.bots - fair_share(me, nodes, free))


class LinkRateLimiter:
    """A rate limit on new links per second, with a burst of one second's worth.

    It exists because a reconnect storm looks like an attack.
    """

    def __init__(self, per_second: float, now: float) -> None:
        self._per_second = per_second
        self._room = max(1.0, per_second)
        self._at = now

    def take(self, wanted: int, now: float) -> int:
        """Return how many of `wanted` links may be opened now."""
        self._room = min(max(1.0, self._per_second), self._room + (now - self._at) * self._per_second)
        self._at = now
        taken = min(wanted, int(self._room))
        self._room -= taken
        return taken
