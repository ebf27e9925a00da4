"""The servers of an installation: their state, metrics, health and backups."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from imposter.cluster import liveness
from imposter.cluster.server_info import Figures, LeaseFigures, Report, ServerInfo
from imposter.contracts.errors import StorageError
from imposter.contracts.status import LinkState
from imposter.domain.nodes import Heartbeat, NodeRow
from imposter.runtime.commands import Command, Result
from imposter.runtime.metrics import Counts, ServerMetrics
from imposter.runtime.supervisor import Supervisor
from imposter.storage import Store
from imposter.storage.database.jobs import Pending
from imposter.storage.migrations import NEWEST

FIGURES_DEADLINE = 2.0
"""Seconds that the store has to count the waiting messages."""


class OtherServers(Protocol):
    """The other nodes of the installation."""

    @property
    def node_id(self) -> str:
        """Id of this node."""

    @property
    def may_have_bots(self) -> bool:
        """Whether this node holds its lease."""

    async def ask(self, instance_id: str, command: Command[Result]) -> Result:
        """Have the node that runs the bot execute it.

        Raises: NodeUnresponsive, BotNotFound, the errors of that node.
        """

    def lease_figures(self) -> LeaseFigures: ...


class ServerService:
    """This server and the others. `elsewhere` is None on a single server."""

    def __init__(
        self, here: Supervisor, store: Store, server_metrics: ServerMetrics, elsewhere: OtherServers | None
    ) -> None:
        self._here = here
        self._store = store
        self._server_metrics = server_metrics
        self._elsewhere = elsewhere

    @property
    def ready(self) -> bool:
        """Whether this server can accept requests."""
        return self._elsewhere is None or self._elsewhere.may_have_bots

    @property
    def counts(self) -> Counts:
        """The counters of this server."""
        return self._here.counts

    async def nodes(self) -> list[ServerInfo]:
        """Return the nodes that share the bots, the oldest first; or a single server itself."""
        if self._elsewhere is not None:
            rows, signs = await asyncio.gather(self._store.nodes.all(), self._store.nodes.signs())
            this = self._elsewhere.node_id
            return [_server(row, signs[row.node_id], this) for row in rows if row.node_id in signs]
        server_metrics = self._server_metrics
        report = Report(
            loop_lag_seconds=round(server_metrics.loop_lag, 4), uptime_seconds=round(server_metrics.uptime, 1)
        )
        return [
            ServerInfo(
                name=server_metrics.name,
                node_id=None,
                this=True,
                since=server_metrics.started_at,
                heard_at=None,
                live=True,
                lease_seconds=None,
                lease_until=None,
                leaving=False,
                revision=NEWEST,
                bots=len(self._here.all()),
                report=report,
            )
        ]

    async def figures(self) -> Figures:
        """Return the figures of this server. Raises nothing: they matter most when the store does not answer."""
        here = self._here.all()
        states = Counter(bot.state for bot in here)
        return Figures(
            bots={state: states[state] for state in LinkState},
            waiting=await self._waiting_of([bot.instance_id for bot in here]),
            counts=self._here.counts,
            evicted=self._store.messages.evicted,
            store=self._store.activity(),
            started_at=self._server_metrics.started_at,
            loop_lag=self._server_metrics.loop_lag,
            clock_jump=self._server_metrics.clock.jump,
            lease=None if self._elsewhere is None else self._elsewhere.lease_figures(),
        )

    async def _waiting_of(self, bots: Sequence[str]) -> int | None:
        try:
            async with asyncio.timeout(FIGURES_DEADLINE):
                return await self._store.messages.waiting_of(bots)
        except (TimeoutError, StorageError):
            return None

    def back_up(self) -> Pending[Path]:
        """Make a backup of all data in a new folder, and return the folder.

        Raises from the result: NotSupported, StorageError.
        """
        return self._store.backup.make()

    @property
    def trouble(self) -> str | None:
        """The reason, in a sentence, why nothing can be stored now; None if all is well."""
        return self._store.activity().trouble

    async def check_store(self) -> None:
        """Check that the store can be written. Raises: StorageError."""
        await self._store.proof()


def _server(row: NodeRow, sign: Heartbeat, this: str) -> ServerInfo:
    return ServerInfo(
        name=row.name,
        node_id=row.node_id,
        this=row.node_id == this,
        since=row.joined_at,
        heard_at=sign.at,
        live=liveness.is_live(sign),
        lease_seconds=sign.lease,
        lease_until=row.until,
        leaving=row.leaving,
        revision=row.revision,
        bots=row.bots,
        report=Report.model_validate(row.report),
    )
