"""Publication of the status of this node's bots in the database, so that every node can report it."""

import asyncio
from typing import Any

import structlog

from imposter.clock import Clock
from imposter.contracts.errors import DatabaseUnreachable, ImposterError
from imposter.contracts.status import BotStatus, SafetyLevel
from imposter.domain.claims import Superseded
from imposter.logs import trace_of
from imposter.runtime.supervisor import Bot, Supervisor
from imposter.storage.bots.statuses import StatusStore
from imposter.storage.database.notifications import NodeIdentity

log = structlog.get_logger()

LOOK_EVERY = 1.0
"""Seconds between checks of bots whose status changes without a report: a pause ends, or the provider must be asked."""


SAID_BY = "node"
"""Key of the node's id in a published status: the status of a previous node does not apply to the next one."""


class Publisher:
    """The publisher of the bots' status. `changed` is the callback for `Supervisor.on_change`."""

    def __init__(self, here: Supervisor, statuses: StatusStore, clock: Clock, identity: NodeIdentity) -> None:
        self._here = here
        self._statuses = statuses
        self._clock = clock
        self._identity = identity
        self._changed: set[str] = set()
        self._something = asyncio.Event()
        self._published: dict[str, dict[str, Any]] = {}
        self._restless: set[str] = set()

    def changed(self, instance_id: str) -> None:
        self._changed.add(instance_id)
        self._something.set()

    async def keep(self) -> None:
        """Publish changes until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY if self._restless else None):
                    await self._something.wait()
            except TimeoutError:
                self._changed |= self._restless
            self._something.clear()
            changed, self._changed = self._changed, set()
            await asyncio.gather(*map(self._publish, changed))

    async def _publish(self, instance_id: str) -> None:
        if not self._here.has(instance_id):
            self._published.pop(instance_id, None)
            self._restless.discard(instance_id)
            return
        bot = self._here.get(instance_id)
        try:
            await self._tell(bot)
        except Superseded:
            return  # a later run publishes its own status
        except ImposterError as error:
            if not isinstance(error, DatabaseUnreachable):
                log.warning("status was not published", bot=instance_id, **trace_of(error))
            await self._clock.sleep(LOOK_EVERY)
            self.changed(instance_id)

    async def _tell(self, bot: Bot) -> None:
        status = await bot.status()
        (self._restless.add if _is_restless(bot, status) else self._restless.discard)(bot.instance_id)
        said = status.model_dump(mode="json", exclude={"waiting"}) | {SAID_BY: self._identity.node_id}
        if bot.claim is not None and said != self._published.get(bot.instance_id):
            await self._statuses.publish(bot.claim, said)
            self._published[bot.instance_id] = said


def _is_restless(bot: Bot, status: BotStatus) -> bool:
    ends = status.safety.level is not SafetyLevel.NORMAL or status.budget is not None
    return bot.must_be_asked or ends
