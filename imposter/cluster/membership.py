"""This node's lease, the right to run bots. If it is not renewed in time, all bots stop before others may take them.

The lease ends by the database's clock. Here it counts as ended earlier, by this machine's own monotonic clock from the
moment before the renewal was requested. So no two clocks are ever compared.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog

from imposter.clock import SharedClock
from imposter.contracts.errors import DatabaseUnreachable, StorageError
from imposter.domain.nodes import LeaseRenewal
from imposter.logs import trace_of
from imposter.storage.cluster.nodes import NodeStore
from imposter.storage.database.notifications import NodeIdentity

log = structlog.get_logger()

RENEWALS = 5
"""Number of renewals in the time of one lease."""
PAUSE = 0.05
"""Minimum seconds between two renewals."""
USABLE = 0.7
"""Fraction of the lease; the rest is for closing open connections."""


class Membership:
    """The membership of this node. `on_renewed` is given the database's answer; `on_lost` must stop all bots."""

    def __init__(
        self,
        nodes: NodeStore,
        identity: NodeIdentity,
        *,
        name: str,
        place: str | None,
        lease: timedelta,
        clock: SharedClock,
        report: Callable[[], dict[str, Any]],
        on_renewed: Callable[[LeaseRenewal], None],
        on_lost: Callable[[], Awaitable[None]],
    ) -> None:
        self._nodes = nodes
        self._identity = identity
        self._name = name
        self._place = place
        self._lease = lease
        self._clock = clock
        self._report = report
        self._on_renewed = on_renewed
        self._on_lost = on_lost
        self._deadline: float | None = None
        self._renewed_at = clock.monotonic()
        self._soon = asyncio.Event()
        self._letting_go = asyncio.Lock()
        self._troubled = False

    @property
    def _period(self) -> float:
        return self._lease.total_seconds() / RENEWALS

    @property
    def holds(self) -> bool:
        """Whether this node may run bots now."""
        return self._deadline is not None and self._clock.monotonic() < self._deadline

    def left(self) -> float:
        """Return a lower bound of the seconds until others may take this node's bots."""
        if self._deadline is None:
            return 0.0
        return self._deadline + self._lease.total_seconds() * (1 - USABLE) - self._clock.monotonic()

    def age(self) -> float:
        """Return the seconds since the last successful renewal was requested. The count continues after a loss."""
        return self._clock.monotonic() - self._renewed_at

    def ask_soon(self) -> None:
        """Renew now, because nodes or owners have changed."""
        self._soon.set()

    async def join(self) -> None:
        """Join the nodes. Raises: StorageError."""
        before = self._clock.monotonic()
        self._identity.renew()
        now = await self._nodes.join(self._identity.node_id, self._name, self._place, self._lease)
        self._clock.follow(now)
        self._holds_since(before)
        log.info("node joined", node=self._name, node_id=self._identity.node_id)

    async def keep(self) -> None:
        """Renew the lease, and join again after a loss, until cancelled."""
        while True:
            self._soon.clear()
            try:
                await self._once()
                self._troubled = False
            except StorageError as error:
                if not self._troubled and not isinstance(error, DatabaseUnreachable):
                    log.error("lease could not be renewed", node=self._name, **trace_of(error))
                self._troubled = True
            await self._clock.sleep(PAUSE)  # several notifications in a row cause one renewal
            try:
                # While renewals fail, a notification must not make this node query the database without a pause.
                async with asyncio.timeout(self._period):
                    await (asyncio.Event() if self._troubled else self._soon).wait()
            except TimeoutError:
                pass

    async def watch(self) -> None:
        """Stop all bots when the lease ends by this machine's clock; until cancelled."""
        while True:
            left = self._period if self._deadline is None else self._deadline - self._clock.monotonic()
            if left > 0:
                await self._clock.sleep(min(left, self._period))
            else:
                await self._lose("it could not be renewed in time")

    async def leave(self) -> None:
        """Leave the nodes. Raises: StorageError."""
        self._deadline = None
        await self._nodes.leave(self._identity.node_id)
        log.info("node left", node=self._name)

    async def _once(self) -> None:
        async with self._letting_go:
            if self._deadline is None:
                await self.join()
        before = self._clock.monotonic()
        renewed = await self._nodes.renew(self._identity.node_id, self._report(), self._lease)
        if renewed is None:
            await self._lose("another node found it ended")
            return
        if self._deadline is None:
            return  # the renewal came too late and all bots are stopped: join again
        self._holds_since(before)
        self._clock.follow(renewed.now)
        for name in renewed.lost:
            log.warning("node is gone, its bots are free", node=name)
        self._on_renewed(renewed)

    def _holds_since(self, moment: float) -> None:
        self._renewed_at = moment
        self._deadline = moment + self._lease.total_seconds() * USABLE

    async def _lose(self, why: str) -> None:
        async with self._letting_go:
            if self._deadline is not None:
                self._deadline = None
                log.error("lease lost: every bot here is let go", node=self._name, why=why)
                await self._on_lost()
