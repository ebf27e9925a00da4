"""ChatbotInstance: one user's bot = chat provider + queue + model; its start, its stop and its status."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from imposter.clock import DoubtedClock
from imposter.contracts.chat import Shared
from imposter.contracts.config import BotConfig
from imposter.contracts.errors import ImposterError, InvalidState, StorageError
from imposter.contracts.resource_exhaustion import shortage
from imposter.contracts.status import STILL_LISTED, BotStatus, LinkState, LinkStatus, SafetyStatus
from imposter.domain.bots import BotRow
from imposter.domain.claims import Claim, Superseded
from imposter.domain.messages import BotTotals, Judge
from imposter.domain.pauses import Pause
from imposter.logs import trace_of
from imposter.runtime.account.link_status import LinkStatusTracker
from imposter.runtime.account.safety import OtherBots
from imposter.runtime.bot_commands import UNLINK_DEADLINE, BotCommands
from imposter.runtime.commands import (
    Command,
    Result,
)
from imposter.runtime.learning import evaluation
from imposter.runtime.metrics import Counts
from imposter.runtime.pipeline.scheduler import CLOSING_GRACE
from imposter.runtime.policy.eligibility import EligibilityPolicy
from imposter.runtime.provider_factory import ProviderFactory
from imposter.runtime.providers.chat_adapter import ChatAdapter
from imposter.runtime.providers.discovery import Catalog
from imposter.runtime.providers.model_selection import ModelSelection
from imposter.runtime.retry import Chance, backoff
from imposter.runtime.session import BotSession
from imposter.runtime.session_context import SessionPolicy
from imposter.storage import Store
from imposter.storage.learning.evaluations import EvaluationState
from queue_manager import UserQueue

log = structlog.get_logger()

NEEDS_A_START = {LinkState.STOPPED, LinkState.ERROR, LinkState.LOGGED_OUT, LinkState.REPLACED}
"""States that last until somebody starts the bot again."""
MOVED = "platform_changed"
"""What waited on another platform is not answered on this one."""


class ChatbotInstance:
    """One bot. `start` and `stop` are a pair; both may be called at any time, in any order, any number of times.

    A bot stands alone: whatever its provider or its model does ends in its own status.
    """

    def __init__(
        self,
        row: BotRow,
        config: BotConfig,
        *,
        store: Store,
        catalog: Catalog,
        shared: Shared,
        clock: DoubtedClock,
        chance: Chance,
        model_calls_at_once: int,
        other_bots: OtherBots,
        counts: Counts,
        changed: Callable[[str], None] = lambda instance_id: None,
    ) -> None:
        self.instance_id = row.instance_id
        self.user_id = row.user_id
        self.created_at: datetime = row.created_at
        self.config = config
        self.claim: Claim | None = None
        self._claiming = asyncio.Lock()
        """Held where the bot is claimed, and by what would fail if it were claimed anew meanwhile."""
        """That of the latest run; None if it has not run here."""
        self._store = store
        self._factory = ProviderFactory(catalog, shared, model_calls_at_once, clock.now)
        self._clock = clock
        self._chance = chance
        self._link_status = LinkStatusTracker(row.instance_id, clock.now, partial(changed, row.instance_id))
        self._make_session = partial(
            BotSession,
            make_queue=partial(UserQueue, row.user_id),
            factory=self._factory,
            store=store,
            clock=clock,
            chance=chance,
            other_bots=other_bots,
            counts=counts,
            link_status=self._link_status,
            on_logged_out=self._logged_out,
        )
        self.session: BotSession | None = None
        """None while it does not run."""
        self._commands = BotCommands(self, store, self._factory, clock)
        self._provider_session: BotSession | None = None
        """The last one that was opened for an errand while the bot did not run."""
        self.changing = asyncio.Lock()
        self._gone = False
        """It may not run here any more."""
        self._starting: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None

    @property
    def state(self) -> LinkState:
        """As it was heard last."""
        return self._link_status.link.status

    @property
    def must_be_asked(self) -> bool:
        """Whether its status changes without a word."""
        chat = self._open_chat
        return chat is not None and chat.must_be_asked

    async def start(self) -> None:
        """Begin to listen; returns at once, trouble becomes the status."""
        async with self.changing:
            before = self._link_status.link.status
            if before in NEEDS_A_START:
                await self._stop(LinkStatus(status=LinkState.STARTING))
                if before is LinkState.LOGGED_OUT:
                    await self._forget_account()
                self._begin()

    async def stop(self, *, grace: float = CLOSING_GRACE) -> None:
        """Stop listening and answering; an answer being sent has `grace` seconds. What waits, waits in the store."""
        async with self.changing:
            await self._stop(LinkStatus(status=LinkState.STOPPED), grace)

    async def stop_immediately(self) -> None:
        """Stop at once and for good, whatever is under way: in a moment another server may run this bot."""
        self._gone = True
        await asyncio.gather(
            *(session.disconnect() for session in (self.session, self._provider_session) if session is not None)
        )
        await self._stop(LinkStatus(status=LinkState.STOPPED), grace=0)  # who is changing it finds it gone

    async def unlink(self) -> str | None:
        """Take the account off this server: log out at the platform if it can be reached, forget the credentials.

        Gives what is left for the owner to do, where it could not be reached.
        """
        async with self.changing:
            detail = "Unlinked. Start it to link again."
            left = None
            try:
                async with asyncio.timeout(UNLINK_DEADLINE):
                    if self._starting is not None and not self._starting.done():
                        # Begun anew, for that alone: two would be in each other's way.
                        await self._stop(self._link_status.link)
                    await (await self.open_provider()).logout()
            except Exception as error:  # noqa: BLE001 - whatever the platform says, the account leaves this server
                log.warning("platform was not told of the unlinking", bot=self.instance_id, error=type(error).__name__)
                detail = left = STILL_LISTED
            finally:
                await self._stop(LinkStatus(status=LinkState.LOGGED_OUT, detail=detail))
                await self._forget_account()
            return left

    async def reconfigure(self, config: BotConfig) -> None:
        """Take a new config in place: the link is kept, and the provider restarts only if its own part changed.

        What waits is judged by the new rules in the same commit that stores the config.
        Raises: InvalidConfig, StorageError; then nothing has changed.
        """
        async with self.changing:
            before = self.config
            rules = self._factory.rules(config)
            new_models = config.asks_other_models(before)
            models: ModelSelection | None = None
            if new_models or config.budget_config != before.budget_config:
                models = await self._factory.new_models(self.instance_id, config)
            old, new = before.chat_provider_config, config.chat_provider_config
            moved = old.provider_name != new.provider_name
            abandoned = MOVED if moved else None  # nor may the owner have sent again what failed there
            await self._store.bots.update(self.instance_id, config.stored, self._judge(rules), abandoned=abandoned)
            self.config = config
            if self.session is not None:
                self.session.use(SessionPolicy(config, rules), models if new_models else None)
                if new_models:
                    await self.session.exams.end(EvaluationState.INTERRUPTED, evaluation.ANOTHER_MODEL)
            if self._starting is not None and (old != new or self._link_status.link.status is LinkState.ERROR):
                await self._stop(LinkStatus(status=LinkState.STARTING))
                self._begin()

    async def execute(self, command: Command[Result]) -> Result:
        """Carry out a command. See `BotCommands`."""
        return await self._commands.execute(command)

    async def check(self) -> None:
        """Make what the config names, to see that it can be made. Raises: InvalidConfig."""
        self._factory.rules(self.config)
        await self._factory.new_models(self.instance_id, self.config)

    async def status(self, totals: BotTotals | None = None) -> BotStatus:
        """`totals`: where they are known."""
        if self.session is not None:
            await self.session.ask()
        if totals is None:
            totals = (await self._store.messages.totals([self.instance_id])).get(self.instance_id, BotTotals())
        return BotStatus(
            instance_id=self.instance_id,
            user_id=self.user_id,
            waiting=totals.waiting,
            unreadable=totals.unreadable,
            safety=self.session.safety if self.session is not None else SafetyStatus(),
            budget=self.session.budget if self.session is not None else None,
            **self._link_status.fields | self._trouble(),
        )

    def _trouble(self) -> dict[str, Any]:
        """What keeps everything from being stored comes before what went wrong last."""
        store = self._store.activity()
        if store.trouble is None:
            return {}
        since = self._clock.now() - timedelta(seconds=store.trouble_seconds)
        return {"last_error": store.trouble, "last_error_at": since}

    async def _start(self) -> None:
        """Until the bot runs, or cannot. A store that does not answer is waited for, and a machine that ran short."""
        failures = 0
        while (failed := await self._try_to_start()) is not None:
            if isinstance(failed, Superseded) or not (isinstance(failed, StorageError) or shortage(failed)):
                return
            failures += 1
            await self._clock.sleep(backoff(failures, self._chance))
            self._link_status.move(LinkStatus(status=LinkState.STARTING))

    async def _try_to_start(self) -> Exception | None:
        """Gives what kept it from running, which the status tells of; nothing stays open then."""
        try:
            self.session = await self._new_session()
            await self.session.open()
        except Exception as error:  # noqa: BLE001 - whatever a provider raises, it ends in this bot's own status
            detail = str(error) if isinstance(error, ImposterError) else f"{type(error).__name__} in a provider file"
            if (none_left := shortage(error)) is not None:
                detail = f"{none_left} It is tried again."
            elif isinstance(error, StorageError):  # the status is for callers; a driver's text names hosts and paths
                log.error("store does not answer", bot=self.instance_id, cause=str(error))
                detail = "the store does not answer; it is tried again, and the server's log says why."
            log.error("bot did not start", bot=self.instance_id, **trace_of(error))
            await self._close()
            self._link_status.move(LinkStatus(status=LinkState.ERROR, detail=f"Did not start: {detail}"))
            return error
        return None

    def _begin(self) -> None:
        self._starting = asyncio.create_task(self._start(), name=f"start:{self.instance_id}")

    async def _stop(self, then: LinkStatus, grace: float = CLOSING_GRACE) -> None:
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
            self._starting = None
        leaving, self._leaving = self._leaving, None
        if leaving is not None and not leaving.done():
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
            await self._has_left()
        await self._close(grace)
        self._link_status.move(then)

    async def _close(self, grace: float = CLOSING_GRACE) -> None:
        session = self.session
        if session is not None:
            await session.close(grace)  # until then it can be let go of
            if session is self.session:
                self.session = None

    async def started(self) -> None:
        """Returns when a start that is under way is over. Raises: InvalidState, where that takes too long."""
        if self._starting is not None:
            _, going_on = await asyncio.wait([self._starting], timeout=UNLINK_DEADLINE)
            if going_on:
                raise InvalidState("The bot is still being started; try again.")

    @property
    def _open_chat(self) -> ChatAdapter | None:
        return self.session.chat if self.session is not None else None

    async def open_provider(self) -> ChatAdapter:
        """The provider; of a bot that does not run, one for this errand."""
        if (chat := self._open_chat) is not None:
            return chat
        self._provider_session = await self._new_session()
        return await self._provider_session.open_provider_only()

    async def _new_session(self) -> BotSession:
        async with self._claiming:
            claim = await self._take_over()
        return self._make_session(claim, self.config)

    async def _take_over(self) -> Claim:
        """The right to act for this bot, which an earlier run loses. Raises: BotNotFound, StorageError."""
        claim = self.claim = None if self._gone else await self._store.bots.claim(self.instance_id)
        if self._gone or claim is None:
            raise Superseded
        log.info("bot claimed", bot=self.instance_id, epoch=claim.epoch)
        return claim

    async def begin_pause(self, pause: Pause) -> Pause:
        """Store it, and what it ends. Raises: BotNotFound, StorageError."""
        async with self._claiming:
            claim = self.claim or await self._take_over()
            return await self._store.pauses.begin(claim, pause)

    def _judge(self, rules: EligibilityPolicy) -> Judge:
        return lambda message, known_ids: rules.judge(message, known_ids, self._clock.now())

    def _logged_out(self) -> None:
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._leave(), name=f"leave:{self.instance_id}")

    async def _leave(self) -> None:
        """The account is gone: nothing of it may be answered from whichever is linked next."""
        failures = 0
        while not await self._has_left():
            failures += 1
            await self._clock.sleep(backoff(failures, self._chance))

    async def _has_left(self) -> bool:
        try:
            await self._forget_account()
        except StorageError as error:  # nor are its credentials gone then: after a restart the platform says it again
            log.error("what waited could not be abandoned", bot=self.instance_id, error=str(error))
            return False
        return True

    async def _forget_account(self) -> None:
        """Its credentials, and all that waits for it. Raises: StorageError."""
        if self.session is not None:
            await self.session.exams.account_gone()
        async with self._claiming:
            await self._store.state.clear(self.claim or await self._take_over())
        self.pauses_ended()

    def pauses_ended(self) -> None:
        if self.session is not None:
            self.session.pauses_ended()
        self._link_status.pauses_ended()
