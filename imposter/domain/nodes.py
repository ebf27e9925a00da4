"""Nodes that share a database, and the commands between them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One node: a server process that shares the database with others."""

    node_id: str
    name: str
    """A name for people to read."""
    revision: str
    """The newest schema revision that its program knows."""
    joined_at: datetime
    until: datetime
    """The end of its lease unless it is renewed, by the database's clock."""
    leaving: bool
    report: dict[str, Any]
    """The state that it reported at its last renewal."""
    bots: int
    """The number of bots that it runs."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """When a node last renewed its lease. All times are by the database's clock."""

    at: datetime | None
    """The time of the last renewal; None if the node's version does not store the length of its lease."""
    ago: float | None
    """Seconds since then."""
    lease: float | None
    """The length of the lease in seconds, from each renewal."""
    left: float
    """Seconds until the lease ends. Below zero, any node may take its bots."""
    connected: bool
    """Whether the node has a connection to the database. A killed node has none; a node that was cut off may have
    one."""


@dataclass(frozen=True, slots=True)
class LeaseRenewal:
    """The result of the renewal of a node's lease, with the state of the other nodes."""

    now: datetime
    """The time of the renewal, by the database's clock."""
    nodes: tuple[NodeRow, ...]
    """The nodes with a running lease, including this one, oldest first."""
    free: int
    """The number of bots that no node owns."""
    lost: tuple[str, ...]
    """Names of nodes whose lease had ended and that were removed by this renewal."""


@dataclass(frozen=True, slots=True)
class NodeCommand:
    """A request from one node to the node that owns a bot."""

    number: int
    instance_id: str
    body: dict[str, Any]
    asked_by: str
    """The id of a node."""
