"""The pipeline: takes what waits, asks the model, stores the answer, delivers it.

One task for each conversation that has something to do, so order holds within a conversation and none waits for
another. Every step that must survive a crash is a commit of its own kind: the answer and its way out are stored
together before anything is sent, under an id that is derived from what it answers.
"""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Protocol

import structlog

from imposter.clock import Clock
from imposter.contracts.config import Limits
from imposter.contracts.errors import ChatError, DeliveryUncertain, ModelError, NotConnected
from imposter.contracts.messages import Turn
from imposter.logs import trace_of
from imposter.runtime.ports import ChatPort, ModelPort
from imposter.runtime.retry import DELIVERY_ATTEMPTS, Chance, backoff, model_retry
from imposter.storage import Store
from imposter.storage.records import DeliveryState, MessageState, Outgoing, StoredMessage, Verdict

log = structlog.get_logger()

LINK_PATIENCE = 30.0
"""Longest wait, in seconds, before an undelivered answer is tried again unasked."""
CLOSING_GRACE = 5.0
"""Seconds that an answer on its way out has to arrive when the bot stops."""

_EVERYTHING = 1 << 62
"""More messages than wait anywhere."""


class Inbox(Protocol):
    """What the pipeline needs of the bot's queue."""

    limits: Limits
    """What may wait; a message that waited too long is not taken."""
    busy: set[int]
    """The seqs that are being answered: the queue does not evict them."""


class Conversations:
    """One bot's conversations while it runs.

    `on_failure` gets a sentence for the owner whenever a contact is left without an answer.
    """

    def __init__(
        self,
        instance_id: str,
        *,
        store: Store,
        chat: ChatPort,
        model: ModelPort,
        context: Limits,
        inbox: Inbox,
        clock: Clock,
        chance: Chance,
        on_failure: Callable[[str], None],
    ) -> None:
        self.model = model
        self.context = context
        self._instance_id = instance_id
        self._store = store
        self._chat = chat
        self._inbox = inbox
        self._clock = clock
        self._chance = chance
        self._on_failure = on_failure
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._due: dict[str, int] = {}
        self._undelivered: set[str] = set()
        self._delivering: set[str] = set()
        self._link = asyncio.Event()
        self._closing = False

    async def resume(self) -> None:
        """Take up what an earlier run left: waiting messages, and answers that are not delivered."""
        await self._store.outbox.interrupted(self._instance_id)
        for conversation in await self._store.messages.unfinished(self._instance_id):
            self._undelivered.add(conversation)
            self.wake_all(conversation)

    def wake(self, conversation: str) -> None:
        """One more message waits in this conversation. Call it on the event loop."""
        self._wake(conversation, 1)

    def wake_all(self, conversation: str) -> None:
        """Any number of messages may wait in this conversation. Call it on the event loop."""
        self._wake(conversation, _EVERYTHING)

    def link_is_up(self) -> None:
        """The link is back: what could not be delivered is tried at once."""
        self._link.set()
        self._link = asyncio.Event()

    async def close(self) -> None:
        """Stop: nothing new is begun, an answer being sent may arrive; the rest waits in the store."""
        self._closing = True
        sending = [self._tasks[name] for name in self._delivering]
        for name, task in self._tasks.items():
            if name not in self._delivering:
                task.cancel()
        if sending:
            await asyncio.wait(sending, timeout=CLOSING_GRACE)
        rest = list(self._tasks.values())
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _wake(self, conversation: str, messages: int) -> None:
        if self._closing:
            return
        self._due[conversation] = self._due.get(conversation, 0) + messages
        if conversation not in self._tasks:
            task = asyncio.create_task(self._run(conversation), name=f"conversation:{self._instance_id}")
            self._tasks[conversation] = task

    async def _run(self, conversation: str) -> None:
        failures = 0
        try:
            while self._due.get(conversation) and not self._closing:
                try:
                    await self._work(conversation)
                    failures = 0
                except Exception as error:  # noqa: BLE001 - one conversation's trouble ends here; it is tried again
                    failures += 1
                    log.error("conversation interrupted", bot=self._instance_id, **trace_of(error))
                    self._undelivered.add(conversation)
                    self._due[conversation] = _EVERYTHING
                    await self._clock.sleep(backoff(failures, self._chance))
        finally:
            del self._tasks[conversation]
            self._due.pop(conversation, None)

    async def _work(self, conversation: str) -> None:
        """Everything that is due in this conversation, oldest first."""
        if conversation in self._undelivered:
            for outgoing in await self._store.outbox.pending(self._instance_id, conversation):
                await self._deliver(outgoing, fresh=False)
            self._undelivered.discard(conversation)
        while (due := self._due[conversation]) and not self._closing:
            work = await self._store.messages.take(
                self._instance_id, conversation, self.context, busy=self._inbox.busy, queue=self._inbox.limits
            )
            if work is None:
                self._due[conversation] -= due  # what came in meanwhile is still due
                continue
            self._inbox.busy.add(work.message.seq)
            try:
                await self._answer(work.message, [_turn(row) for row in work.turns])
            finally:
                self._inbox.busy.discard(work.message.seq)
            self._due[conversation] -= 1

    async def _answer(self, message: StoredMessage, turns: list[Turn]) -> None:
        text = await self._ask(message, turns)
        if text is None:
            return
        seed = hashlib.sha256("\x1f".join((self._instance_id, message.conversation, message.message_id)).encode())
        outgoing = await self._store.messages.answer(
            message.seq, text, message_id=self._chat.message_id(seed.hexdigest())
        )
        if outgoing is not None:
            await self._deliver(outgoing, fresh=True)

    async def _ask(self, message: StoredMessage, turns: list[Turn]) -> str | None:
        """The model's answer; None where there is none, which is then written down with its reason."""
        attempt = 1
        while True:
            try:
                text = (await self.model.reply(turns)).strip()
                break
            except Exception as error:  # noqa: BLE001 - somebody else's model may raise anything
                delay = model_retry(attempt, error, self._chance)
                log.warning("model failed", bot=self._instance_id, seq=message.seq, attempt=attempt, **trace_of(error))
                if delay is None:
                    await self._store.messages.settle(message.seq, Verdict(MessageState.FAILED, _name(error)))
                    self._on_failure(_for_owner("The model gave no answer", error, ModelError))
                    return None
            await self._clock.sleep(delay)
            attempt += 1
        if not text:
            await self._store.messages.settle(message.seq, Verdict(MessageState.CONTEXT, "model_silent"))
            return None
        return text

    async def _deliver(self, outgoing: Outgoing, *, fresh: bool) -> None:
        """Hand an answer to the platform; returns when it is sent, or has failed for good."""
        self._delivering.add(outgoing.conversation)
        try:
            await self._send_until_settled(outgoing, fresh)
        finally:
            self._delivering.discard(outgoing.conversation)

    async def _send_until_settled(self, outgoing: Outgoing, wanted: bool) -> None:
        """`wanted`: it is known that the answer is still to go out; rules may change while it waits."""
        outbox, key = self._store.outbox, (self._instance_id, outgoing.message_id)
        waits = 0
        while True:
            if not self._chat.repeatable:
                await outbox.sending(*key)
                wanted = False
            if not wanted and not await outbox.is_pending(*key):
                return
            wanted = False
            link = self._link
            try:
                await self._chat.send(outgoing.recipient, outgoing.content, outgoing.message_id)
            except NotConnected:
                waits += 1
                if not self._chat.repeatable:
                    await outbox.attempted(*key)
                await self._wait_for(link, backoff(waits, self._chance, longest=LINK_PATIENCE), outgoing.conversation)
                continue
            except DeliveryUncertain as error:
                attempts = await outbox.attempted(*key) if self._chat.repeatable else DELIVERY_ATTEMPTS
                if attempts < DELIVERY_ATTEMPTS:
                    await self._clock.sleep(backoff(attempts, self._chance))
                    continue
                await self._lost(outgoing, DeliveryState.UNCERTAIN, error)
            except Exception as error:  # noqa: BLE001 - a provider may raise anything; a message is never risked twice
                await self._lost(outgoing, DeliveryState.FAILED, error)
            else:
                await outbox.sent(*key)
                log.info("answer sent", bot=self._instance_id, message=outgoing.message_id)
            return

    async def _wait_for(self, link: asyncio.Event, seconds: float, conversation: str) -> None:
        """Until the link is back, or `seconds` have passed; stopping need not wait for it."""
        self._delivering.discard(conversation)
        try:
            async with asyncio.timeout(seconds):
                await link.wait()
        except TimeoutError:
            pass
        self._delivering.add(conversation)

    async def _lost(self, outgoing: Outgoing, state: DeliveryState, error: Exception) -> None:
        log.warning("answer not delivered", bot=self._instance_id, message=outgoing.message_id, **trace_of(error))
        await self._store.outbox.failed(self._instance_id, outgoing.message_id, state, _name(error))
        self._on_failure(_for_owner("An answer was not delivered", error, ChatError))


def _turn(row: StoredMessage) -> Turn:
    return Turn(source=row.source, content=row.content, author=row.sender_name, in_group=row.group_id is not None)


def _name(error: Exception) -> str:
    """A foreign exception's text may hold anything, so only its type is told."""
    return type(error).__name__


def _for_owner(what: str, error: Exception, ours: type[Exception]) -> str:
    return f"{what}: {error if isinstance(error, ours) else _name(error)}"
