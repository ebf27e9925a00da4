"""How nodes wake each other: an empty notification, which comes with the commit. What it is about stands in the rows.

Only PostgreSQL has them; on SQLite there is nobody to wake.
"""

from uuid import uuid4

from sqlalchemy import Connection, bindparam, func, select

COMMON = "imposter"
"""Something about nodes, or about who owns what, has changed."""
_NOTIFY = select(func.pg_notify(bindparam("channel"), ""))


class NodeIdentity:
    """A process among the nodes: it keeps its channel, and has a new id each time it joins."""

    def __init__(self) -> None:
        self._process = uuid4().hex
        self._joined = 0

    @property
    def node_id(self) -> str:
        return f"{self._process}-{self._joined}"

    @property
    def channel(self) -> str:
        return channel_of(self.node_id)

    def renew(self) -> None:
        """What was this node is one no longer: bots that were its own must not be taken for the next one's."""
        self._joined += 1


def channel_of(node_id: str) -> str:
    """Where this one node listens: there is a command for it, or an answer."""
    return f"{COMMON}_{node_id.partition('-')[0]}"


def ring(connection: Connection, channel: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTIFY, {"channel": channel})
