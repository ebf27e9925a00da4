"""This server as one node of many: it holds a lease, runs its share of the bots, and carries out commands for them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import structlog

from imposter.clock import SharedClock
from imposter.cluster import balancing, liveness
from imposter.cluster.command_inbox import CommandInbox
from imposter.cluster.membership import Membership
from imposter.cluster.server_info import LeaseFigures, Report
from imposter.cluster.status_publisher import Publisher
from imposter.contracts.errors import BotNotFound, DatabaseUnreachable, StorageError
from imposter.domain.nodes import LeaseRenewal
from imposter.logs import trace_of
from imposter.runtime.commands import Command, Result
from imposter.runtime.metrics import ServerMetrics
from imposter.runtime.supervisor import Supervisor
from imposter.storage import Store
from imposter.storage.database.listener import NotificationListener
from imposter.storage.database.notifications import NodeIdentity

log = structlog.get_logger()

LOOK_EVERY = 1.0
"""Seconds between checks of the inbox without a notification."""
LEAVING = 7.0
"""Seconds for giving the bots away when the server stops."""
GOODBYE = 1.0
"""Seconds for the database to record that this node leaves."""
READ_AGAIN = 60.0
"""Seconds until a bot with an unreadable config is tried again: the config may have been replaced."""
BREATH = 0.25
"""Seconds between checks while the rate limit on links has no room."""


class Node:
    """The node that this server is. See `open_node`."""

    def __init__(
        self,
        identity: NodeIdentity,
        *,
        server_metrics: ServerMetrics,
        place: str | None,
        lease: timedelta,
        links_per_second: float,
        here: Supervisor,
        store: Store,
        clock: SharedClock,
    ) -> None:
        self._identity = identity
        self._server_metrics = server_metrics
        self._name = server_metrics.name
        self._here = here
        self._store = store
        self._clock = clock
        self._lease = lease
        self._inbox = CommandInbox(identity, store.commands, here)
        self._publisher = Publisher(here, store.statuses, clock, identity)
        self._pace = balancing.LinkRateLimiter(links_per_second, clock.monotonic())
        self._seen: LeaseRenewal | None = None
        self._changed = asyncio.Event()
        self._called = asyncio.Event()
        self._leaving = False
        self._odd: frozenset[str] = frozenset()
        self._free_since: float | None = None
        """Time since which there have been free bots."""
        self._unreadable: dict[str, float] = {}
        """By bot, the time at which its config was found unreadable.

        A newer version wrote the config, so the bot is for nodes of that version.
        """
        self._taken = self._given = self._lost = 0
        self._membership = Membership(
            store.nodes,
            identity,
            name=server_metrics.name,
            place=place,
            lease=lease,
            clock=clock,
            report=lambda: self.report().model_dump(),
            on_renewed=self._renewed,
            on_lost=self._stop_all_immediately,
        )
        here.on_change = self._publisher.changed

    # Queries by other parts

    @property
    def node_id(self) -> str:
        return self._identity.node_id

    @property
    def may_have_bots(self) -> bool:
        return self._membership.holds and not self._leaving

    def is_first(self) -> bool:
        """Return whether this node does the work that one node does for all."""
        first = next(iter(self._seen.nodes), None) if self._seen else None
        return first is not None and first.node_id == self._identity.node_id

    def lease_left(self) -> float:
        """Return the seconds for which connections may stay open if this server loses the database."""
        return self._membership.left()

    async def ask(self, instance_id: str, command: Command[Result]) -> Result:
        """Have the node that runs the bot execute it.

        Raises: NodeUnresponsive, BotNotFound, the errors of that node.
        """
        return await self._inbox.ask(instance_id, command)

    def report(self) -> Report:
        return Report(
            taken_over=self._taken,
            given_away=self._given,
            leases_lost=self._lost,
            remote_commands=self._inbox.done,
            loop_lag_seconds=round(self._server_metrics.loop_lag, 4),
            uptime_seconds=round(self._server_metrics.uptime, 1),
        )

    def lease_figures(self) -> LeaseFigures:
        return LeaseFigures(self._membership.age(), self.report())

    # Lifecycle

    async def join(self) -> None:
        """Join the nodes. Raises: StorageError."""
        await self._membership.join()
        await self._look_at_the_others()

    async def _look_at_the_others(self) -> None:
        """Log settings of the other nodes that the operator has probably not intended."""
        nodes, signs = await asyncio.gather(self._store.nodes.all(), self._store.nodes.signs())
        others = {
            node.node_id: node.name
            for node in nodes
            if node.node_id != self.node_id and node.node_id in signs and liveness.is_live(signs[node.node_id])
        }
        if self._name in others.values():
            log.warning("another server has the same name: set IMPOSTER_NODE_NAME, or nobody can tell them apart",
                        node=self._name, node_id=self.node_id)  # fmt: skip
        lease = self._lease.total_seconds()
        if different := {others[node]: signs[node].lease for node in others if signs[node].lease not in (None, lease)}:
            log.warning("other servers have another IMPOSTER_LEASE_SECONDS: when one is lost, its bots wait for as "
                        "long as its own says", node=self._name, lease=lease, others=different)  # fmt: skip

    async def give_all(self) -> None:
        """Give every bot away, each as soon as its work in progress is done."""
        self._leaving = True
        before = self._given
        try:
            async with asyncio.timeout(LEAVING):
                await self._store.nodes.leaving(self._identity.node_id)
                await asyncio.gather(*(self._give(bot.instance_id) for bot in self._here.all()), self._inbox.close())
        except (TimeoutError, StorageError) as error:
            log.warning("not every bot could be given away", node=self._name, **trace_of(error))
        log.info("bots given away", node=self._name, bots=self._given - before)
        await self._here.stop_immediately()

    async def leave(self) -> None:
        """Leave the nodes. Nothing of this node runs any more."""
        try:
            async with asyncio.timeout(GOODBYE):
                await self._membership.leave()
        except (TimeoutError, StorageError) as error:
            log.warning("node left without a word: its lease runs out", node=self._name, **trace_of(error))

    def tasks(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return the background tasks of the node by name."""
        return {
            "lease": self._membership.keep,
            "lease-watch": self._membership.watch,
            "shares": self._share,
            "desk": self._serve,
            "publisher": self._publisher.keep,
        }

    def heard(self, channel: str) -> None:
        """Handle a notification of the database."""
        if channel != self._identity.channel:
            self._membership.ask_soon()
        self._called.set()

    def _renewed(self, renewed: LeaseRenewal) -> None:
        self._seen = renewed
        self._changed.set()

    async def _stop_all_immediately(self) -> None:
        self._lost += 1
        self._seen = None
        self._inbox.give_up()
        await self._here.stop_immediately()

    async def _serve(self) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._called.wait()
            except TimeoutError:
                pass
            self._called.clear()
            try:
                await self._inbox.look()
            except DatabaseUnreachable:
                await self._clock.sleep(LOOK_EVERY)
            except StorageError as error:
                log.warning("desk does not see the database", node=self._name, **trace_of(error))
                await self._clock.sleep(LOOK_EVERY)

    async def _share(self) -> None:
        """Take and give bots until every node has its share."""
        while True:
            await self._changed.wait()
            try:
                more = await self._settle()
            except StorageError as error:
                if not isinstance(error, DatabaseUnreachable):
                    log.warning("bots could not be shared out", node=self._name, **trace_of(error))
                more = False
            self._changed.clear()  # the rows seen before this step are outdated
            if more:
                self._membership.ask_soon()

    async def _settle(self) -> bool:
        """Take or give bots once. Return whether there may be more to do."""
        seen = self._seen
        me = next((node for node in seen.nodes if node.node_id == self._identity.node_id), None) if seen else None
        if seen is None or me is None or self._leaving:
            return False
        await self._compare(me.bots)
        now = self._clock.monotonic()
        self._free_since = (self._free_since or now) if seen.free else None
        # A bot that stays free is one that the nodes due to take it cannot read: a newer version wrote it.
        left_over = self._free_since is not None and now - self._free_since > self._lease.total_seconds()
        wanted = balancing.to_take(me, seen.nodes, seen.free) or int(left_over)
        if wanted:
            if not (room := self._pace.take(wanted, now)):
                return await self._pause_between_bots()
            if await self._take(room):
                return True
        surplus = balancing.to_give(me, seen.nodes, 0 if left_over else seen.free)
        if not surplus:
            return False
        if not (room := self._pace.take(surplus, now)):
            return await self._pause_between_bots()
        before = self._given
        for bot in self._here.all()[-room:]:
            await self._give(bot.instance_id)
        log.info("bots given away", node=self._name, bots=self._given - before)
        return True

    async def _pause_between_bots(self) -> bool:
        """Wait for room in the rate limit on links. Return True: there is more to do."""
        await self._clock.sleep(BREATH)
        return True

    async def _take(self, most: int) -> int:
        """Take up to `most` free bots. Return how many were taken."""
        generation, now, taken = self._here.generation, self._clock.monotonic(), self._taken
        unreadable = [bot for bot, since in self._unreadable.items() if now - since < READ_AGAIN]
        rows = await self._store.nodes.take(self._identity.node_id, most, unreadable)
        for row in rows:
            if generation != self._here.generation:
                return 0  # the lease is lost, and with it these bots
            if await self._here.adopt(row):
                self._taken += 1
            else:
                self._unreadable[row.instance_id] = now
                await self._store.nodes.release(self._identity.node_id, row.instance_id)
        if self._taken > taken:
            log.info("bots taken", node=self._name, bots=self._taken - taken)
            self._called.set()  # commands may wait for them
        return self._taken - taken

    async def _compare(self, owned: int) -> None:
        """Free the bots for which the database and this node disagree.

        A commit that failed leaves them so. A bot that is moving agrees again by the next check.
        """
        before, self._odd = self._odd, frozenset()
        if owned == len(self._here.all()):
            return
        theirs = await self._store.nodes.owned(self._identity.node_id)
        self._odd = theirs ^ {bot.instance_id for bot in self._here.all()}
        for instance_id in before & self._odd:
            log.warning("bot was between two servers", bot=instance_id, node=self._name)
            await self._give(instance_id)

    async def _give(self, instance_id: str) -> None:
        if self._here.has(instance_id):
            with suppress(BotNotFound):  # another task gave or deleted it meanwhile
                await self._here.give(instance_id)
                self._given += 1
        await self._store.nodes.release(self._identity.node_id, instance_id)


@asynccontextmanager
async def open_node(node: Node, listener: NotificationListener) -> AsyncIterator[None]:
    """Be one of the nodes while the context is entered. Raises: StorageError."""
    await node.join()
    runs = node.tasks() | {"listener": lambda: listener.listen(node.heard)}
    tasks = [asyncio.create_task(_forever(name, run), name=name) for name, run in runs.items()]
    try:
        yield
    finally:
        await node.give_all()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await node.leave()


async def _forever(name: str, run: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - the task is restarted: the node cannot work without it
            log.error("a task of the node failed and begins again", task=name, **trace_of(error))
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            log.error("a task of the node was cancelled from within and begins again", task=name)
        await asyncio.sleep(LOOK_EVERY)
