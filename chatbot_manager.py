"""The bot of one user: its lifecycle, its config and its status."""

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
from imposter.domain.reasons import Reason
from imposter.logs import trace_of
from imposter.runtime.account.link_status import LinkStatusTracker
from imposter.runtime.account.safety import OtherBots
from imposter.runtime.bot_commands import UNLINK_DEADLINE, BotCommands
from imposter.runtime.commands import Command, Result
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
"""States that last until the bot is started again."""
MOVED = Reason.PLATFORM_CHANGED
"""Reason recorded for messages of the old platform: they are not answered on the new one."""


class ChatbotInstance:
    """One bot. `start` and `stop` may be called at any time, in any order and any number of times.

    Errors of the bot's provider or model affect only this bot: they become its status.
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
        """The claim of the latest run; None if the bot has not run on this server."""
        self._claiming = asyncio.Lock()
        """Held while the bot is claimed, and by work that would fail if the bot were claimed again meanwhile."""
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
        """The current run; None while the bot does not run."""
        self._commands = BotCommands(self, store, self._factory, clock)
        self._provider_session: BotSession | None = None
        """The last session that was opened for a single command while the bot did not run."""
        self.changing = asyncio.Lock()
        self._gone = False
        """Whether the bot may no longer run on this server."""
        self._starting: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None

    @property
    def state(self) -> LinkState:
        """The last known state of the link."""
        return self._link_status.link.status

    @property
    def must_be_asked(self) -> bool:
        """Whether the provider must be asked for its status, because it does not report changes."""
        chat = self._open_chat
        return chat is not None and chat.must_be_asked

    async def start(self) -> None:
        """Start listening and return at once. An error is reported as the bot's status."""
        async with self.changing:
            before = self._link_status.link.status
            if before in NEEDS_A_START:
                await self._stop(LinkStatus(status=LinkState.STARTING))
                if before is LinkState.LOGGED_OUT:
                    await self._forget_account()
                self._begin()

    async def stop(self, *, grace: float = CLOSING_GRACE) -> None:
        """Stop listening and answering.

        An answer that is being sent has `grace` seconds to finish. Waiting messages stay in the store.
        """
        async with self.changing:
            await self._stop(LinkStatus(status=LinkState.STOPPED), grace)

    async def stop_immediately(self) -> None:
        """Stop at once and for good. Another server may run this bot a moment later."""
        self._gone = True
        await asyncio.gather(
            *(session.disconnect() for session in (self.session, self._provider_session) if session is not None)
        )
        await self._stop(LinkStatus(status=LinkState.STOPPED), grace=0)  # a start that is under way finds _gone set

    async def unlink(self) -> str | None:
        """Log the account out at the platform, if it can be reached, and delete its credentials from this server.

        Return the step left for the owner to do if the platform could not be reached, otherwise None.
        """
        async with self.changing:
            detail = "Unlinked. Start it to link again."
            left = None
            try:
                async with asyncio.timeout(UNLINK_DEADLINE):
                    if self._starting is not None and not self._starting.done():
                        # End the start that is under way: the logout opens its own provider, and two would interfere.
                        await self._stop(self._link_status.link)
                    await (await self.open_provider()).logout()
            except Exception as error:  # noqa: BLE001 - the credentials are deleted even if the platform fails
                log.warning("platform was not told of the unlinking", bot=self.instance_id, error=type(error).__name__)
                detail = left = STILL_LISTED
            finally:
                await self._stop(LinkStatus(status=LinkState.LOGGED_OUT, detail=detail))
                await self._forget_account()
            return left

    async def reconfigure(self, config: BotConfig) -> None:
        """Replace the config of the bot without dropping the link.

        The provider restarts only if its own part of the config changed. Waiting messages are judged by the new rules
        in the same commit that stores the config.
        Raises: InvalidConfig, StorageError (in both cases nothing has changed).
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
            abandoned = MOVED if moved else None  # includes failed sends: they must not be retried here
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
        """Check that the providers and models in the config can be created. Raises: InvalidConfig."""
        self._factory.rules(self.config)
        await self._factory.new_models(self.instance_id, self.config)

    async def status(self, totals: BotTotals | None = None) -> BotStatus:
        """Return the bot's status. `totals` are read from the store unless they are given."""
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
        """Return the store's error, which takes precedence over the bot's own last error."""
        store = self._store.activity()
        if store.trouble is None:
            return {}
        since = self._clock.now() - timedelta(seconds=store.trouble_seconds)
        return {"last_error": store.trouble, "last_error_at": since}

    async def _start(self) -> None:
        """Start the bot; retry while the store does not answer or the machine is short of a resource."""
        failures = 0
        while (failed := await self._try_to_start()) is not None:
            if isinstance(failed, Superseded) or not (isinstance(failed, StorageError) or shortage(failed)):
                return
            failures += 1
            await self._clock.sleep(backoff(failures, self._chance))
            self._link_status.move(LinkStatus(status=LinkState.STARTING))

    async def _try_to_start(self) -> Exception | None:
        """Start the bot once. Return the error if it failed; then everything is closed and the status is set."""
        try:
            self.session = await self._new_session()
            await self.session.open()
        except Exception as error:  # noqa: BLE001 - any error of a provider becomes this bot's own status
            detail = str(error) if isinstance(error, ImposterError) else f"{type(error).__name__} in a provider file"
            if (none_left := shortage(error)) is not None:
                detail = f"{none_left} It is tried again."
            elif isinstance(error, StorageError):  # the status is public; a driver's error text names hosts and paths
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
            await session.close(grace)  # until then the session can still be disconnected
            if session is self.session:
                self.session = None

    async def started(self) -> None:
        """Wait until a start that is under way is over. Raises: InvalidState (it takes too long)."""
        if self._starting is not None:
            _, going_on = await asyncio.wait([self._starting], timeout=UNLINK_DEADLINE)
            if going_on:
                raise InvalidState("The bot is still being started; try again.")

    @property
    def _open_chat(self) -> ChatAdapter | None:
        return self.session.chat if self.session is not None else None

    async def open_provider(self) -> ChatAdapter:
        """Return the open provider, or open one for a single command if the bot does not run."""
        if (chat := self._open_chat) is not None:
            return chat
        self._provider_session = await self._new_session()
        return await self._provider_session.open_provider_only()

    async def _new_session(self) -> BotSession:
        async with self._claiming:
            claim = await self._take_over()
        return self._make_session(claim, self.config)

    async def _take_over(self) -> Claim:
        """Claim the bot for this run; an earlier run loses its claim. Raises: BotNotFound, StorageError, Superseded."""
        claim = self.claim = None if self._gone else await self._store.bots.claim(self.instance_id)
        if self._gone or claim is None:
            raise Superseded
        log.info("bot claimed", bot=self.instance_id, epoch=claim.epoch)
        return claim

    async def begin_pause(self, pause: Pause) -> Pause:
        """Store the pause and cancel the answers that it ends. Raises: BotNotFound, StorageError."""
        async with self._claiming:
            claim = self.claim or await self._take_over()
            return await self._store.pauses.begin(claim, pause)

    def _judge(self, rules: EligibilityPolicy) -> Judge:
        return lambda message, known_ids: rules.judge(message, known_ids, self._clock.now())

    def _logged_out(self) -> None:
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._leave(), name=f"leave:{self.instance_id}")

    async def _leave(self) -> None:
        """Delete the account's data, so that its messages are not answered from the account linked next."""
        failures = 0
        while not await self._has_left():
            failures += 1
            await self._clock.sleep(backoff(failures, self._chance))

    async def _has_left(self) -> bool:
        try:
            await self._forget_account()
        except StorageError as error:  # the credentials remain: after a restart the platform reports the logout again
            log.error("what waited could not be abandoned", bot=self.instance_id, error=str(error))
            return False
        return True

    async def _forget_account(self) -> None:
        """Delete the account's credentials and all its waiting messages. Raises: StorageError."""
        if self.session is not None:
            await self.session.exams.account_gone()
        async with self._claiming:
            await self._store.state.clear(self.claim or await self._take_over())
        self.pauses_ended()

    def pauses_ended(self) -> None:
        if self.session is not None:
            self.session.pauses_ended()
        self._link_status.pauses_ended()
