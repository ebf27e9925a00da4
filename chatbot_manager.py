"""ChatbotInstance: one user's bot = chat provider + queue + model; its start, its stop and its status."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from imposter.clock import Clock
from imposter.contracts.chat import ChatContext, Shared
from imposter.contracts.config import BotConfig
from imposter.contracts.errors import ImposterError, NotNow, StorageError
from imposter.contracts.messages import Message
from imposter.contracts.states import BotStatus, LinkState, LinkStatus, SafetyStatus
from imposter.logs import trace_of
from imposter.runtime.conversations import CLOSING_GRACE, Conversations
from imposter.runtime.discovery import Catalog
from imposter.runtime.parts import Parts
from imposter.runtime.ports import ChatPort, ModelPort, forgets_contacts
from imposter.runtime.retry import Chance, backoff
from imposter.runtime.safety import Peers, Safety
from imposter.runtime.standing import Standing
from imposter.runtime.state import BotState
from imposter.runtime.vitals import Counts
from imposter.storage import Store
from imposter.storage.dead_letters import Retried
from imposter.storage.records import Accepted, BotRow, Claim, Superseded, Verdict
from queue_manager import UserQueue

log = structlog.get_logger()

NEEDS_A_START = {LinkState.STOPPED, LinkState.ERROR, LinkState.LOGGED_OUT, LinkState.REPLACED}
"""States that last until somebody starts the bot again."""
MOVED = "platform_changed"
"""What waited on another platform is not answered on this one."""
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
        peers: Peers,
        counts: Counts,
        changed: Callable[[str], None] = lambda instance_id: None,
    ) -> None:
        self.instance_id = row.instance_id
        self.user_id = row.user_id
        self.created_at: datetime = row.created_at
        self.config = config
        self.claim: Claim | None = None
        """That of the latest run; None if it has not run here."""
        self._changed = partial(changed, row.instance_id)
        self._store = store
        self._parts = Parts(catalog, shared, model_calls_at_once)
        self._clock = clock
        self._chance = chance
        self._peers = peers
        self._counts = counts
        self._changing = asyncio.Lock()
        self._gone = False
        """It may not run here any more."""
        self._loop = asyncio.get_running_loop()
        self._queue: UserQueue | None = None
        self._chat: ChatPort | None = None
        self._deaf: ChatPort | None = None
        """The provider of an errand while the bot does not run."""
        self._safety: Safety | None = None
        self._conversations: Conversations | None = None
        self._listening = object()
        """Stands for the provider that listens now, to know its reports from those of one before it."""
        self._starting: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._standing = Standing(row.instance_id, clock.now, self._changed)

    @property
    def state(self) -> LinkState:
        """As it was heard last."""
        return self._standing.link.status

    @property
    def must_be_asked(self) -> bool:
        """Whether its status changes without a word."""
        return self._chat is not None and self._chat.must_be_asked

    async def start(self) -> None:
        """Begin to listen; returns at once, trouble becomes the status."""
        async with self._changing:
            before = self._standing.link.status
            if before in NEEDS_A_START:
                await self._stop(LinkStatus(status=LinkState.STARTING))
                if before is LinkState.LOGGED_OUT:
                    await self._forget_account()
                self._begin()

    async def stop(self, *, grace: float = CLOSING_GRACE) -> None:
        """Stop listening and answering; an answer being sent has `grace` seconds. What waits, waits in the store."""
        async with self._changing:
            await self._stop(LinkStatus(status=LinkState.STOPPED), grace)

    async def let_go(self) -> None:
        """Stop at once and for good, whatever is under way: in a moment another server may run this bot."""
        self._gone = True
        await asyncio.gather(self._close_chat(), _stopped(self._deaf, self.instance_id))
        await self._stop(LinkStatus(status=LinkState.STOPPED), grace=0)  # who is changing it finds it gone

    async def unlink(self) -> None:
        """Take the account off this server: log out at the platform if it can be reached, forget the credentials."""
        async with self._changing:
            try:
                async with asyncio.timeout(UNLINK_DEADLINE):
                    await (self._chat or await self._open_deaf_chat()).logout()
            except Exception as error:  # noqa: BLE001 - whatever the platform says, the account leaves this server
                log.warning("platform was not told of the unlinking", bot=self.instance_id, error=type(error).__name__)
            finally:
                await self._stop(LinkStatus(status=LinkState.LOGGED_OUT, detail="Unlinked. Start it to link again."))
                await self._forget_account()

    async def reconfigure(self, config: BotConfig) -> None:
        """Take a new config in place: the link is kept, and the provider restarts only if its own part changed.

        What waits is judged by the new rules in the same commit that stores the config.
        Raises: InvalidConfig, StorageError; then nothing has changed.
        """
        async with self._changing:
            before = self.config
            rules = self._parts.rules(config)
            new_model = config.llm_provider_config != before.llm_provider_config
            model = await self._open_model(config) if new_model else None
            old, new = before.chat_provider_config, config.chat_provider_config
            moved = old.provider_name != new.provider_name

            def judge(message: Message, known_ids: frozenset[str]) -> Verdict:
                return rules.judge(message, known_ids, self._clock.now())

            abandoned = MOVED if moved else None  # nor may the owner have sent again what failed there
            await self._store.bots.update(self.instance_id, config.stored, judge, abandoned=abandoned)
            self.config = config
            if self._queue is not None:
                self._queue.limits, self._queue.rules = config.queue_config, rules
            if self._conversations is not None:
                self._conversations.context = config.context_limits
                self._conversations.answer_within = config.answer_within
                self._conversations.model = model or self._conversations.model
            if self._safety is not None:
                self._safety.use(config.limits_config)
            if self._starting is not None and (old != new or self._standing.link.status is LinkState.ERROR):
                await self._stop(LinkStatus(status=LinkState.STARTING))
                self._begin()

    async def resume(self) -> None:
        """End every pause that the bot took for its account's safety. Raises: StorageError."""
        await self._store.pauses.clear(self.instance_id)
        self._pauses_ended()

    async def loop_found(self, conversation: str) -> None:
        """Another bot noticed that the two talk to each other here; one that does not run is not told."""
        if self._safety is not None:
            await self._safety.loop_found(conversation)

    async def retry(self, letter: int | None = None) -> Retried:
        """Have a dead letter tried again, or all of them; a bot that does not run does it when it runs again.

        Raises: UnknownLetter, NotNow (the rules leave the contact out), StorageError.
        """
        async with self._changing:
            rules, dead_letters = self._parts.rules(self.config), self._store.dead_letters

            def judge(message: Message, known_ids: frozenset[str]) -> Verdict:
                return rules.judge(message, known_ids, self._clock.now())

            if letter is not None:
                retried = await dead_letters.retry(self.instance_id, letter, judge)
                self._redeliver(*retried.conversations)
                return retried
            letters = refused = 0
            last: int | None = 0
            while last is not None:
                some = await dead_letters.retry_some(self.instance_id, judge, last)
                self._redeliver(*some.conversations)
                letters, refused, last = letters + some.letters, refused + some.refused, some.last
            return Retried(letters, refused)

    async def forget(self, contact: str) -> tuple[int, bool]:
        """Remove everything of the person with this id or number.

        Gives how many messages went, and whether they are out of the files already.
        Raises: UnknownContact, NotNow (the platform cannot be brought to forget them; nothing was removed),
        StorageError.
        """
        async with self._changing:
            canonical, forgetting = self._parts.rules(self.config).canonical, self._store.forgetting
            person = await forgetting.known(self.instance_id, contact, canonical)
            await self._forget_at_platform(sorted(person.ids))
            forgotten = await forgetting.forget(self.instance_id, contact, canonical)
            if self._safety is not None:
                for conversation in forgotten.own:
                    self._safety.forget(conversation)
            if self._conversations is not None:
                await self._conversations.begin_anew(forgotten.conversations)
            try:
                return forgotten.messages, await forgetting.is_scrubbed()
            except StorageError:  # they are forgotten all the same
                return forgotten.messages, False

    async def check(self) -> None:
        """Make what the config names, to see that it can be made. Raises: InvalidConfig."""
        self._parts.rules(self.config)
        await self._open_model(self.config)

    async def status(self) -> BotStatus:
        chat = self._chat
        if chat is not None and self._standing.link.status is not LinkState.STARTING:
            said = await chat.status()
            if said is not None and chat is self._chat:
                self._set_link(said)
        waiting = await self._store.messages.waiting_count(self.instance_id)
        return BotStatus(
            instance_id=self.instance_id,
            user_id=self.user_id,
            waiting=waiting,
            safety=self._safety.status() if self._safety is not None else SafetyStatus(),
            **self._standing.fields,
        )

    async def pairing_code(self, phone: str) -> str:
        """The code to type on the phone with this number. Raises: NotNow, NotSupported, Refused."""
        if self._chat is None:
            raise NotNow("The bot is not running: start it first.")
        return await self._chat.pairing_code(phone)

    async def _start(self) -> None:
        """Until the bot runs, or cannot. A store that does not answer is waited for."""
        failures = 0
        while (failed := await self._try_to_start()) is not None:
            if not isinstance(failed, StorageError) or isinstance(failed, Superseded):
                return
            failures += 1
            await self._clock.sleep(backoff(failures, self._chance))
            self._set_link(LinkStatus(status=LinkState.STARTING))

    async def _try_to_start(self) -> Exception | None:
        """Gives what kept it from running, which the status tells of; nothing stays open then."""
        try:
            await self._open()
        except Exception as error:  # noqa: BLE001 - whatever a provider raises, it ends in this bot's own status
            detail = str(error) if isinstance(error, ImposterError) else f"{type(error).__name__} in a provider file"
            if isinstance(error, StorageError):  # the status is for callers; a driver's text names hosts and paths
                log.error("store does not answer", bot=self.instance_id, cause=str(error))
                detail = "the store does not answer; it is tried again, and the server's log says why."
            log.error("bot did not start", bot=self.instance_id, **trace_of(error))
            await self._close()
            self._set_link(LinkStatus(status=LinkState.ERROR, detail=f"Did not start: {detail}"))
            return error
        return None

    async def _open(self) -> None:
        claim = await self._take_over()
        self._queue = self._make_queue(claim)
        model = await self._open_model(self.config)
        chat = self._chat = await self._open_chat(self._queue, claim)
        safety = self._make_safety()
        await safety.load()
        self._safety = safety
        self._conversations = Conversations(
            claim,
            store=self._store,
            chat=chat,
            model=model,
            context=self.config.context_limits,
            answer_within=self.config.answer_within,
            inbox=self._queue,
            safety=safety,
            clock=self._clock,
            chance=self._chance,
            counts=self._counts,
            on_failure=self._standing.failed,
        )
        await self._conversations.resume()
        await chat.start()
        await asyncio.sleep(0)  # what the provider reported meanwhile is heard first
        if self._standing.link.status is LinkState.STARTING:
            self._set_link(await chat.status() or LinkStatus(status=LinkState.CONNECTED))

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
        self._set_link(then)

    async def _close(self, grace: float = CLOSING_GRACE) -> None:
        conversations, self._conversations = self._conversations, None
        safety, self._safety = self._safety, None
        queue, self._queue = self._queue, None
        if conversations is not None:
            await conversations.close(grace)
        if safety is not None:
            safety.close()
        await self._close_chat()
        if queue is not None:
            queue.close()

    async def _close_chat(self) -> None:
        chat, self._chat = self._chat, None
        await _stopped(chat, self.instance_id)

    def _make_queue(self, claim: Claim) -> UserQueue:
        return UserQueue(
            self.user_id,
            self.instance_id,
            store=self._store,
            limits=self.config.queue_config,
            rules=self._parts.rules(self.config),
            now=self._clock.now,
            on_waiting=self._on_loop(self._wake),
            on_merged=self._on_loop(self._merged),
            claim=claim,
        )

    async def _forget_at_platform(self, ids: Sequence[str]) -> None:
        if not forgets_contacts(self._parts.chat_file(self.config)):
            return
        if self._starting is not None:
            await asyncio.wait([self._starting])  # a second provider would take the bot away from the first
        try:
            async with asyncio.timeout(UNLINK_DEADLINE):
                if self._chat is not None:
                    await self._chat.forget_contact(ids)
                    return
                await (await self._open_deaf_chat()).forget_contact(ids)
        except Exception as error:  # noqa: BLE001 - a provider may raise anything; the caller is told what to do
            log.error("platform did not forget a contact", bot=self.instance_id, **trace_of(error))
            raise NotNow("The platform's own entries could not be removed, so nothing was; try again.") from None

    async def _open_deaf_chat(self) -> ChatPort:
        """A provider of a bot that does not run, for one errand."""
        claim = await self._take_over()
        queue = self._make_queue(claim)
        queue.close()
        self._deaf = await self._open_chat(queue, claim)
        return self._deaf

    async def _take_over(self) -> Claim:
        """The right to act for this bot, which an earlier run loses. Raises: UnknownBot, StorageError."""
        claim = self.claim = None if self._gone else await self._store.bots.claim(self.instance_id)
        if self._gone or claim is None:
            raise Superseded
        log.info("bot claimed", bot=self.instance_id, epoch=claim.epoch)
        return claim

    def _make_safety(self) -> Safety:
        return Safety(
            self.instance_id,
            limits=self.config.limits_config,
            store=self._store,
            clock=self._clock,
            chance=self._chance,
            peers=self._peers,
            tell=self._standing.paused,
        )

    async def _open_chat(self, queue: UserQueue, claim: Claim) -> ChatPort:
        self._listening = object()
        context = ChatContext(
            instance_id=self.instance_id,
            state=BotState(claim, self._store.state),
            shared=self._parts.shared,
            report=self._on_loop(partial(self._reported, self._listening)),
            sent_text=self._sent_text,
            confirm=self._confirmed,
            now=self._clock.now,
        )
        return await self._parts.open_chat(self.config, queue, context)

    async def _open_model(self, config: BotConfig) -> ModelPort:
        return await self._parts.open_model(self.instance_id, config)

    def _on_loop(self, receive: Callable[[Any], None]) -> Callable[[Any], None]:
        """`receive`, callable from any thread."""

        def hand_over(value: Any) -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(receive, value)

        return hand_over

    def _wake(self, conversation: str) -> None:
        if self._conversations is not None:
            self._conversations.wake(conversation)

    def _merged(self, accepted: Accepted) -> None:
        if self._safety is not None:
            self._safety.merged(accepted.conversation, accepted.absorbed)
        if self._conversations is not None:
            self._conversations.merged(accepted.conversation)

    def _redeliver(self, *conversations: str) -> None:
        if self._conversations is not None:
            for conversation in conversations:
                self._conversations.redeliver(conversation)

    def _reported(self, listening: object, link: LinkStatus) -> None:
        if self._chat is None or listening is not self._listening:
            return  # the last word of a provider that has been stopped
        self._set_link(link)
        if link.status is LinkState.CONNECTED and self._conversations is not None:
            self._conversations.link_is_up()
        if link.status is LinkState.LOGGED_OUT and self._leaving is None:
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
        await self._store.state.clear(self.claim or await self._take_over())
        self._pauses_ended()

    def _pauses_ended(self) -> None:
        if self._safety is not None:
            self._safety.resume()
        self._standing.pauses_ended()

    def _set_link(self, link: LinkStatus) -> None:
        before = self._standing.link
        if link.status is LinkState.RECONNECTING and link != before and link.code is not None and self._safety:
            self._safety.dropped(link.code)
        self._standing.move(link)

    def _confirmed(self, message_id: str) -> None:
        # Nobody waits for it: if it cannot be stored, a later sign or the next try settles the same.
        self._store.outbox.sent(self.instance_id, message_id)

    def _sent_text(self, message_id: str) -> Coroutine[Any, Any, str | None]:
        async def read() -> str | None:
            return await self._store.messages.sent_text(self.instance_id, message_id)

        return read()


async def _stopped(chat: ChatPort | None, instance_id: str) -> None:
    try:
        if chat is not None:
            await chat.stop()
    except Exception as error:  # noqa: BLE001 - a provider that cannot stop must not keep the bot from it
        log.error("provider did not stop", bot=instance_id, **trace_of(error))
