"""How many bots a node takes or gives away. Pure: what every node reckons from the same rows."""

from collections.abc import Collection

from imposter.domain.nodes import NodeRow


def fair_share(me: NodeRow, nodes: Collection[NodeRow], free: int) -> int:
    """Bots that `me` should have, so that none has two more than another; those who have most keep what is over."""
    takers = sorted((node for node in nodes if not node.leaving), key=lambda node: -node.bots)
    if me not in takers:
        return 0
    each, over = divmod(sum(node.bots for node in nodes) + free, len(takers))
    return each + (takers.index(me) < over)


def to_take(me: NodeRow, nodes: Collection[NodeRow], free: int) -> int:
    """Bots that nobody has and that `me` should take."""
    return max(0, min(free, fair_share(me, nodes, free) - me.bots))


def to_give(me: NodeRow, nodes: Collection[NodeRow], free: int) -> int:
    """Bots of `me` that others should have; none while there are some that nobody has."""
    return 0 if free else max(0, me.bots - fair_share(me, nodes, free))


class LinkRateLimiter:
    """At most so many links a second, with one second's worth at once: a reconnect storm looks like an attack."""

    def __init__(self, per_second: float, now: float) -> None:
        self._per_second = per_second
        self._room = max(1.0, per_second)
        self._at = now

    def take(self, wanted: int, now: float) -> int:
        """How many of `wanted` may be done now."""
        self._room = min(max(1.0, self._per_second), self._room + (now - self._at) * self._per_second)
        self._at = now
        taken = min(wanted, int(self._room))
        self._room -= taken
        return taken
