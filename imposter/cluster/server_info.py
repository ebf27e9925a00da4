"""Facts about a server for its operator. Plain values: the web layer formats them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from imposter.contracts.status import LinkState
from imposter.runtime.metrics import Counts
from imposter.storage.database.writer import Activity


class Report(BaseModel):
    """The report of a node, sent with each renewal of its lease. Counts are since its start."""

    taken_over: int = Field(default=0, description="Bots that it took because nobody had them.")
    given_away: int = Field(default=0, description="Bots that it gave to the others.")
    leases_lost: int = Field(
        default=0, description="How often it did not renew its lease in time, and let go of every bot."
    )
    remote_commands: int = Field(
        default=0, description="What it did for bots of its own that other servers were asked for."
    )
    loop_lag_seconds: float = Field(
        default=0, description="The longest of the last minute that its event loop kept a task waiting which was due."
    )
    uptime_seconds: float = 0


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A server that runs bots."""

    name: Annotated[str, Field(description="`IMPOSTER_NODE_NAME`.")]
    node_id: Annotated[str | None, Field(description="New with every lease that it begins; null where it is alone.")]
    this: Annotated[bool, Field(description="Whether it is the one that answers.")]
    since: Annotated[datetime, Field(description="When it joined the others; where it is alone, when it started.")]
    heard_at: Annotated[
        datetime | None,
        Field(description="When it last renewed its lease; null where it is alone, or of a version that does not say."),
    ]
    live: Annotated[
        bool,
        Field(
            description="False: it holds no connection to the database, or has missed two renewals. Its bots are "
            "`reconnecting` until it is heard of again, or its lease is over and others have them."
        ),
    ]
    lease_seconds: Annotated[float | None, Field(description="Its `IMPOSTER_LEASE_SECONDS`; null where `heard_at` is.")]
    lease_until: Annotated[
        datetime | None,
        Field(description="When its bots go to the others if it is not heard of until then; null where it is alone."),
    ]
    leaving: Annotated[bool, Field(description="It is being stopped and gives its bots away.")]
    revision: Annotated[str, Field(description="The newest revision of the database's tables that it knows.")]
    bots: Annotated[int, Field(description="How many it has.")]
    report: Report


@dataclass(frozen=True, slots=True)
class LeaseFigures:
    """Figures on the lease of a node."""

    age: float
    """Seconds since the last successful renewal."""
    report: Report


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one server. Counts are since its start."""

    bots: Mapping[LinkState, int]
    """Number of bots on this server by last known state."""
    waiting: int | None
    """Messages of these bots that wait for an answer; None if the store does not answer."""
    counts: Counts
    evicted: int
    """Messages evicted because a bounded queue was full, or because they waited too long."""
    store: Activity
    started_at: datetime
    loop_lag: float
    clock_jump: float
    lease: LeaseFigures | None
    """None on a single server."""
