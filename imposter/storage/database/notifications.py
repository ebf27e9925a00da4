"""Notifications between nodes. A notification is empty and is sent with the commit; the table rows hold the content.

Only PostgreSQL has notifications. With SQLite there are no other nodes.
"""

from uuid import uuid4

from sqlalchemy import Connection, bindparam, func, select

COMMON = "imposter"
"""The channel for changes of nodes and of the owners of bots."""
_NOTIFY = select(func.pg_notify(bindparam("channel"), ""))


class NodeIdentity:
    """The identity of a process among the nodes. Its channel stays the same; its node id is new each time it joins."""

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
        """Take a new node id, so that the bots of the former node are not mistaken for those of the new one."""
        self._joined += 1


def channel_of(node_id: str) -> str:
    """Return the channel of one node, for commands to it and responses."""
    return f"{COMMON}_{node_id.partition('-')[0]}"


def ring(connection: Connection, channel: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTIFY, {"channel": channel})
