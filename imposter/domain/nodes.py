"""Nodes that share a database, and commands between them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One server process of those that share a database."""

    node_id: str
    name: str
    """For people."""
    revision: str
    """The newest of the schema that its program knows."""
    joined_at: datetime
    until: datetime
    """The end of its lease, unless that is renewed; by the database's clock."""
    leaving: bool
    report: dict[str, Any]
    """What it said of itself at its last renewal."""
    bots: int
    """How many it owns."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """When a node was heard of last; all by the database's clock."""

    at: datetime | None
    """When it renewed its lease; None where its version does not say how long that is."""
    ago: float | None
    """Seconds."""
    lease: float | None
    """Seconds that it has from one renewal on."""
    left: float
    """Seconds until its lease ends; below zero, its bots are anybody's."""
    connected: bool
    """Whether it holds a connection to the database. One that was killed does not; one that was cut off may."""


@dataclass(frozen=True, slots=True)
class LeaseRenewal:
    """A node's lease runs anew; and what there was to see."""

    now: datetime
    """By the database's clock."""
    nodes: tuple[NodeRow, ...]
    """Those whose lease runs, this one too; the oldest first."""
    free: int
    """Bots that nobody owns."""
    lost: tuple[str, ...]
    """Names of nodes whose lease had ended, which were removed with this."""


@dataclass(frozen=True, slots=True)
class NodeCommand:
    """What a node asks of the owner of a bot."""

    number: int
    instance_id: str
    body: dict[str, Any]
    asked_by: str
    """A node."""
