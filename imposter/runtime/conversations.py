"""The pipeline: takes what waits, asks the model, stores the answer, delivers it.

One task for each conversation that has something to do, so order holds within a conversation and none waits for
another. Every step that must survive a crash is a commit of its own kind: the answer and its way out are stored
together before anything is sent, under an id that is derived from what it answers.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Protocol

import structlog

from imposter.clock import Clock
from imposter.contracts.config import Limits
from imposter.contracts.errors import ChatError, DeliveryUncertain, ModelError, NotConnected, Refused, StorageError
from imposter.logs import trace_of
from imposter.runtime.ports import ChatPort, ModelPort
from imposter.runtime.retry import DELIVERY_ATTEMPTS, Chance, backoff, model_retry
from imposter.runtime.safety import LONGEST_NAP, Go, Safety, Silent, Wait
from imposter.runtime.vitals import Counts
from imposter.storage import Store
from imposter.storage.records import (
    RETRIED,
    Claim,
    DeliveryState,
    MessageState,
    Outgoing,
    Superseded,
    Verdict,
    Work,
)

log = structlog.get_logger()

UNDELIVERED = "too_old"
"""Why an answer that could not be sent for too long is not sent any more."""
LINK_PATIENCE = 30.0
"""Longest wait, in seconds, before an undelivered answer is tried again unasked."""
CLOSING_GRACE = 5.0
"""Seconds that an answer on its way out has to arrive when the bot stops."""


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
        claim: Claim,
        *,
        store: Store,
        chat: ChatPort,
        model: ModelPort,
        context: Limits,
        answer_within: timedelta | None,
        inbox: Inbox,
        safety: Safety,
        clock: Clock,
        chance: Chance,
        counts: Counts,
        on_failure: Callable[[str], None],
    ) -> None:
        self.model = model
        self.context = context
        self.answer_within = answer_within
        self._claim = claim
        self._instance_id = claim.instance_id
        self._store = store
        self._chat = chat
        self._inbox = inbox
        self._safety = safety
        self._clock = clock
        self._chance = chance
        self._counts = counts
        self._on_failure = on_failure
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._due: set[str] = set()
        self._undelivered: set[str] = set()
        self._delivering: set[str] = set()
        self._followed_by: dict[str, set[str]] = {}
        """What has taken in another while a task ran: where to look for what that task leaves undone."""
        self._link = asyncio.Event()
        self._closing = False

    async def resume(self) -> None:
        """Take up what an earlier run left: waiting messages, and answers that are not delivered."""
        self._counts.dead_letters += await self._store.outbox.interrupted(self._claim)
        for conversation in await self._store.messages.unfinished(self._instance_id):
            self.redeliver(conversation)

    def wake(self, conversation: str) -> None:
        """Something may wait in this conversation. Call it on the event loop."""
        if self._closing:
            return
        self._due.add(conversation)
        if conversation not in self._tasks:
            task = asyncio.create_task(self._run(conversation), name=f"conversation:{self._instance_id}")
            self._tasks[conversation] = task

    def redeliver(self, conversation: str) -> None:
        """There may be answers here that are still to be sent. Call it on the event loop."""
        self._undelivered.add(conversation)
        self._safety.ask_again(conversation)
        self.wake(conversation)

    def merged(self, survivor: str) -> None:
        """This conversation has taken in another. Call it on the event loop."""
        for name in self._tasks.keys() - {survivor}:
            self._followed_by.setdefault(name, set()).add(survivor)  # it may be the one that is no more
        self.redeliver(survivor)

    async def begin_anew(self, conversations: Iterable[str]) -> None:
        """The store has changed behind these: drop what is in the making there, and see what is left to do."""
        making = {name: self._tasks[name] for name in conversations if name in self._tasks.keys() - self._delivering}
        for task in making.values():
            task.cancel()
        await asyncio.gather(*making.values(), return_exceptions=True)
        for name in conversations:
            self.redeliver(name)

    def link_is_up(self) -> None:
        """The link is back: what could not be delivered is tried at once."""
        self._link.set()
        self._link = asyncio.Event()

    async def close(self, grace: float = CLOSING_GRACE) -> None:
        """Stop: nothing new is begun, an answer being sent has `grace` seconds; the rest waits in the store."""
        self._closing = True
        sending = [self._tasks[name] for name in self._delivering]
        for name, task in self._tasks.items():
            if name not in self._delivering:
                task.cancel()
        if sending and grace:
            await asyncio.wait(sending, timeout=grace)
        rest = list(self._tasks.values())
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _run(self, conversation: str) -> None:
        failures = 0
        try:
            while conversation in self._due and not self._closing:
                self._due.discard(conversation)
                try:
                    await self._work(conversation)
                    failures = 0
                except Superseded:
                    log.warning("another run answers for this bot now", bot=self._instance_id)
                    return
                except Exception as error:  # noqa: BLE001 - one conversation's trouble ends here; it is tried again
                    failures += 1
                    log.error("conversation interrupted", bot=self._instance_id, **trace_of(error))
                    self._undelivered.add(conversation)
                    self._due.add(conversation)
                    await self._clock.sleep(backoff(failures, self._chance))
        finally:
            del self._tasks[conversation]
            self._due.discard(conversation)
            self._safety.leave(conversation)
            for survivor in self._followed_by.pop(conversation, ()):
                self.redeliver(survivor)

    async def _work(self, conversation: str) -> None:
        """What is due in this conversation: first the answers that are not out, then one to all that waits."""
        if conversation in self._undelivered:
            self._undelivered.discard(conversation)
            for outgoing in await self._store.outbox.pending(self._instance_id, conversation):
                if not self._too_old(outgoing) and not await self._may_answer(
                    conversation, self._safety.room(conversation)
                ):
                    self._undelivered.add(conversation)
                    return
                self._safety.answered(conversation)
                await self._deliver(outgoing, fresh=False)
        work = await self._store.messages.take(
            self._instance_id,
            conversation,
            self.context,
            busy=self._inbox.busy,
            queue=self._inbox.limits,
            answer_within=self.answer_within,
        )
        if work is None:
            return
        if work.more:
            self._due.add(conversation)
        verdict = await self._safety.before(work)
        if isinstance(verdict, Silent):
            await self._leave_unanswered(work, verdict.reason)
            return
        if not await self._may_answer(conversation, verdict):
            return
        self._inbox.busy.update(work.seqs)
        try:
            await self._answer(work)
        finally:
            self._inbox.busy.difference_update(work.seqs)
            self._safety.leave(conversation)

    async def _may_answer(self, conversation: str, verdict: Go | Wait | Silent) -> bool:
        """False where it has to ask again; then some time has passed."""
        if isinstance(verdict, Go):
            return True
        self._due.add(conversation)
        await self._safety.rest(conversation, verdict.seconds if isinstance(verdict, Wait) else LONGEST_NAP)
        return False

    async def _leave_unanswered(self, work: Work, reason: str) -> None:
        """What the owner had tried again stays a dead letter."""
        for state, seqs in (
            (MessageState.FAILED, [message.seq for message in work.messages if message.reason == RETRIED]),
            (MessageState.CONTEXT, [message.seq for message in work.messages if message.reason != RETRIED]),
        ):
            if seqs:
                await self._store.messages.settle(self._claim, seqs, Verdict(state, reason))

    async def _answer(self, work: Work) -> None:
        text = await self._ask(work)
        if text is None:
            return
        outgoing = await self._store.messages.answer(self._claim, work.seqs, text, message_id=self._answer_id(work))
        if outgoing is None:
            self._due.add(work.message.conversation)  # the last was taken from us meanwhile; others may still wait
            return
        self._safety.answered(outgoing.conversation)
        await self._deliver(outgoing, fresh=True)

    def _answer_id(self, work: Work) -> str:
        """The same for the same question, whichever run answers it."""
        question = "\x1f".join((self._instance_id, work.message.conversation, work.message.message_id))
        return self._chat.message_id(hashlib.sha256(question.encode()).hexdigest())

    async def _ask(self, work: Work) -> str | None:
        """The model's answer; None where there is none, which is then written down with its reason."""
        seqs = work.seqs
        attempt = 1
        while True:
            try:
                text = (await self.model.reply(list(work.turns))).strip()
                break
            except Exception as error:  # noqa: BLE001 - somebody else's model may raise anything
                self._counts.model_failures += 1
                delay = model_retry(attempt, error, self._chance)
                log.warning(
                    "model failed", bot=self._instance_id, seq=work.message.seq, attempt=attempt, **trace_of(error)
                )
                if delay is None:
                    await self._store.messages.settle(self._claim, seqs, Verdict(MessageState.FAILED, _name(error)))
                    self._counts.dead_letters += 1
                    told = str(error) if isinstance(error, ModelError) else _name(error)
                    self._on_failure(f"The model gave no answer: {told}")
                    return None
            await self._clock.sleep(delay)
            attempt += 1
        if not text:
            await self._store.messages.settle(self._claim, seqs, Verdict(MessageState.CONTEXT, "model_silent"))
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
        outbox, key = self._store.outbox, (self._claim, outgoing.message_id)
        waits = 0
        while True:
            if not wanted and self._too_old(outgoing):
                await self._lost(outgoing, DeliveryState.FAILED, UNDELIVERED, "it could not be sent in time")
                return
            if not self._chat.repeatable:
                wanted = await outbox.sending(*key)
            elif not wanted:
                wanted = await outbox.is_pending(*key)
            if not wanted:
                return
            wanted = False
            link = self._link
            self._safety.handed_over(outgoing.conversation)
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
                await self._not_delivered(outgoing, DeliveryState.UNCERTAIN, error)
            except Exception as error:  # noqa: BLE001 - a provider may raise anything; a message is never risked twice
                await self._not_delivered(outgoing, DeliveryState.FAILED, error)
                if isinstance(error, Refused):
                    await self._safety.refused(outgoing.conversation, error.code)
            else:
                await self._note_sent(outgoing)
                self._counts.answers_sent += 1
                log.info("answer sent", bot=self._instance_id, message=outgoing.message_id)
            return

    async def _note_sent(self, outgoing: Outgoing) -> None:
        """It is a fact; until it is on record, nothing else is to be done here."""
        failures = 0
        while True:
            try:
                await self._store.outbox.sent(self._instance_id, outgoing.message_id)
            except StorageError as error:
                failures += 1
                log.error("what was sent could not be noted", bot=self._instance_id, error=str(error))
                await self._clock.sleep(backoff(failures, self._chance))
            else:
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

    def _too_old(self, outgoing: Outgoing) -> bool:
        made, within = outgoing.created_at, self.answer_within
        return made is not None and within is not None and self._clock.now() - made > within

    async def _not_delivered(self, outgoing: Outgoing, state: DeliveryState, error: Exception) -> None:
        log.warning("answer not delivered", bot=self._instance_id, message=outgoing.message_id, **trace_of(error))
        await self._lost(outgoing, state, _name(error), str(error) if isinstance(error, ChatError) else _name(error))

    async def _lost(self, outgoing: Outgoing, state: DeliveryState, reason: str, told: str) -> None:
        if await self._store.outbox.failed(self._claim, outgoing.message_id, state, reason):
            self._counts.dead_letters += 1
            self._on_failure(f"An answer was not delivered: {told}")


def _name(error: Exception) -> str:
    """A foreign exception's text may hold anything, so only its type is told."""
    return type(error).__name__
