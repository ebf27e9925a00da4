"""ChatbotInstance: one user's bot = chat provider + queue + model; its start, its stop and its status."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from imposter.clock import Clock
from imposter.contracts.chat import ChatContext, Shared
from imposter.contracts.config import BotConfig
from imposter.contracts.errors import FieldProblem, ImposterError, InvalidConfig, NotNow
from imposter.contracts.model import ModelContext
from imposter.contracts.states import BotStatus, LinkState, LinkStatus
from imposter.runtime.conversations import Conversations
from imposter.runtime.discovery import Catalog, Kind
from imposter.runtime.ports import ChatPort, ModelPort, canonical_ids
from imposter.runtime.retry import Chance
from imposter.runtime.rules import Rules
from imposter.runtime.state import BotState
from imposter.storage import Store
from imposter.storage.records import BotRow
from queue_manager import UserQueue

log = structlog.get_logger()

NEEDS_A_START = {LinkState.STOPPED, LinkState.ERROR, LinkState.LOGGED_OUT, LinkState.REPLACED}
"""States that last until somebody starts the bot again."""
UNLINK_DEADLINE = 15.0
"""Seconds that the platform has to take note of an unlinking; the credentials are forgotten in any case."""


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
        clock: Clock,
        chance: Chance,
        model_calls_at_once: int,
    ) -> None:
        self.instance_id = row.instance_id
        self.user_id = row.user_id
        self.created_at: datetime = row.created_at
        self.config = config
        self._store = store
        self._catalog = catalog
        self._shared = shared
        self._clock = clock
        self._chance = chance
        self._model_calls_at_once = model_calls_at_once
        self._changing = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._queue: UserQueue | None = None
        self._chat: ChatPort | None = None
        self._conversations: Conversations | None = None
        self._listening = object()
        """Stands for the provider that listens now, to know its reports from those of one before it."""
        self._starting: asyncio.Task[None] | None = None
        self._link = LinkStatus(status=LinkState.STOPPED)
        self._since = clock.now()
        self._last_error: tuple[str, datetime] | None = None

    async def start(self) -> None:
        """Begin to listen; returns at once, trouble becomes the status."""
        async with self._changing:
            if self._link.status in NEEDS_A_START:
                await self._restart()

    async def stop(self) -> None:
        """Stop listening and answering. What waits, waits in the store."""
        async with self._changing:
            await self._stop(LinkStatus(status=LinkState.STOPPED))

    async def unlink(self) -> None:
        """Take the account off this server: log out at the platform if it can be reached, forget the credentials."""
        async with self._changing:
            try:
                chat = self._chat or await self._open_chat(self._make_queue())
                async with asyncio.timeout(UNLINK_DEADLINE):
                    await chat.logout()
            except Exception as error:  # noqa: BLE001 - whatever the platform says, the account leaves this server
                log.warning("platform was not told of the unlinking", bot=self.instance_id, error=type(error).__name__)
            finally:
                await self._stop(LinkStatus(status=LinkState.LOGGED_OUT, detail="Unlinked. Start it to link again."))
                await self._store.state.clear(self.instance_id)

    async def reconfigure(self, config: BotConfig) -> None:
        """Take a new config in place: the link is kept, and the provider restarts only if its own part changed.

        Raises: InvalidConfig, and then nothing has changed.
        """
        async with self._changing:
            model = (
                await self._open_model(config)
                if config.llm_provider_config != self.config.llm_provider_config
                else None
            )
            before, self.config = self.config, config
            failed = self._link.status is LinkState.ERROR
            if self._starting is not None and (failed or config.chat_provider_config != before.chat_provider_config):
                await self._restart()
                return
            if self._queue is not None:
                self._queue.limits, self._queue.rules = config.queue_config, self._rules()
                await self._store.messages.reconsider(self.instance_id, self._queue.judge)
            if self._conversations is not None:
                self._conversations.context = config.context_limits
                if model is not None:
                    self._conversations.model = model

    async def check(self) -> None:
        """Make what the config names, to see that it can be made. Raises: InvalidConfig."""
        await self._open_model(self.config)

    async def status(self) -> BotStatus:
        chat = self._chat
        if chat is not None and self._link.status is not LinkState.STARTING:
            said = await chat.status()
            if said is not None and chat is self._chat:
                self._set_link(said)
        error, error_at = self._last_error or (None, None)
        return BotStatus(
            instance_id=self.instance_id,
            user_id=self.user_id,
            since=self._since,
            waiting=await self._store.messages.waiting_count(self.instance_id),
            last_error=error,
            last_error_at=error_at,
            **self._link.model_dump(),
        )

    async def pairing_code(self, phone: str) -> str:
        """The code to type on the phone with this number. Raises: NotNow, NotSupported, Refused."""
        if self._chat is None:
            raise NotNow("The bot is not running: start it first.")
        return await self._chat.pairing_code(phone)

    async def _start(self) -> None:
        try:
            self._queue = self._make_queue()
            model = await self._open_model(self.config)
            chat = self._chat = await self._open_chat(self._queue)
            self._conversations = Conversations(
                self.instance_id,
                store=self._store,
                chat=chat,
                model=model,
                context=self.config.context_limits,
                inbox=self._queue,
                clock=self._clock,
                chance=self._chance,
                on_failure=self._failed,
            )
            await self._store.messages.reconsider(self.instance_id, self._queue.judge)
            await self._conversations.resume()
            await chat.start()
            await asyncio.sleep(0)  # what the provider reported meanwhile is heard first
            if self._link.status is LinkState.STARTING:
                self._set_link(await chat.status() or LinkStatus(status=LinkState.CONNECTED))
        except Exception as error:  # noqa: BLE001 - the start ends here; the status tells, and nothing stays open
            detail = str(error) if isinstance(error, ImposterError) else f"{type(error).__name__} in a provider file"
            log.exception("bot did not start", bot=self.instance_id)
            await self._close()
            self._set_link(LinkStatus(status=LinkState.ERROR, detail=f"Did not start: {detail}"))

    async def _restart(self) -> None:
        await self._stop(LinkStatus(status=LinkState.STARTING))
        self._starting = asyncio.create_task(self._start(), name=f"start:{self.instance_id}")

    async def _stop(self, then: LinkStatus) -> None:
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
            self._starting = None
        await self._close()
        self._set_link(then)

    async def _close(self) -> None:
        chat, self._chat = self._chat, None
        conversations, self._conversations = self._conversations, None
        self._queue = None
        if conversations is not None:
            await conversations.close()
        if chat is not None:
            try:
                await chat.stop()
            except Exception:  # noqa: BLE001 - a provider that cannot stop must not keep the bot from stopping
                log.exception("provider did not stop", bot=self.instance_id)

    def _make_queue(self) -> UserQueue:
        return UserQueue(
            self.user_id,
            self.instance_id,
            store=self._store,
            limits=self.config.queue_config,
            rules=self._rules(),
            now=self._clock.now,
            on_waiting=self._on_loop(self._wake),
        )

    async def _open_chat(self, queue: UserQueue) -> ChatPort:
        choice = self.config.chat_provider_config
        self._listening = object()
        context = ChatContext(
            instance_id=self.instance_id,
            state=BotState(self.instance_id, self._store.state),
            shared=self._shared,
            report=self._on_loop(partial(self._reported, self._listening)),
            sent_text=self._sent_text,
            now=self._clock.now,
        )
        file = self._catalog.find(Kind.CHAT, choice.provider_name)
        return await ChatPort.open(file, self.user_id, dict(choice.provider_config), {self.user_id: queue}, context)

    async def _open_model(self, config: BotConfig) -> ModelPort:
        choice = config.llm_provider_config
        file = self._catalog.find(Kind.MODEL, choice.provider_name)
        context = ModelContext(self.instance_id, self._shared)
        try:
            return await ModelPort.open(
                file, self.user_id, dict(choice.provider_config), context, self._model_calls_at_once
            )
        except Exception as error:  # noqa: BLE001 - whatever a constructor raises, the config is what it refused
            told = str(error) if isinstance(error, ImposterError) else type(error).__name__
            raise InvalidConfig(FieldProblem("llm_provider_config", f"the provider refused it: {told}")) from None

    def _rules(self) -> Rules:
        file = self._catalog.find(Kind.CHAT, self.config.chat_provider_config.provider_name)
        return Rules.of(self.config, canonical_ids(file))

    def _on_loop(self, receive: Callable[[Any], None]) -> Callable[[Any], None]:
        """`receive`, callable from any thread."""

        def hand_over(value: Any) -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(receive, value)

        return hand_over

    def _wake(self, conversation: str) -> None:
        if self._conversations is not None:
            self._conversations.wake(conversation)

    def _reported(self, listening: object, link: LinkStatus) -> None:
        if self._chat is None or listening is not self._listening:
            return  # the last word of a provider that has been stopped
        self._set_link(link)
        if link.status is LinkState.CONNECTED and self._conversations is not None:
            self._conversations.link_is_up()

    def _set_link(self, link: LinkStatus) -> None:
        if link.status is not self._link.status:
            self._since = self._clock.now()
            log.info("bot is now", bot=self.instance_id, status=link.status.value)
        self._link = link

    def _failed(self, sentence: str) -> None:
        self._last_error = (sentence, self._clock.now())

    def _sent_text(self, message_id: str) -> Coroutine[Any, Any, str | None]:
        async def read() -> str | None:
            return await self._store.messages.sent_text(self.instance_id, message_id)

        return read()
