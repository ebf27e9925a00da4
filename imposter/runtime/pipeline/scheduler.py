"""The scheduler of a bot's conversations: it takes due messages, has them answered and has the answers delivered.

Each conversation with work to do has one task, so order holds within a conversation and no conversation waits for
another. Every step that must survive a crash is a commit of its own: the answer and its outbox entries are stored
together before anything is sent, under ids derived from the messages that it answers. Due times follow from the store
and the config; a task's sleep is only computed from them.
"""

import asyncio
from collections.abc import Collection, Coroutine, Iterable
from contextlib import suppress
from itertools import groupby
from typing import Any

import structlog

from imposter.contracts.errors import StorageError
from imposter.contracts.messages import Source
from imposter.domain.claims import Superseded
from imposter.domain.messages import NotYet
from imposter.domain.pauses import TAKEOVER
from imposter.logs import trace_of
from imposter.runtime.account.safety import Postpone, Proceed, StaySilent
from imposter.runtime.explain.answer_trace import WaitLog, WaitReason
from imposter.runtime.owner.away_summary import AwaySummaries
from imposter.runtime.owner.drafts import Drafts
from imposter.runtime.owner.self_chat import SelfChat
from imposter.runtime.pipeline.delivery import Delivery
from imposter.runtime.pipeline.generation import AnswerGenerator
from imposter.runtime.pipeline.outages import OUTAGES, Outages
from imposter.runtime.pipeline.presence import PresenceUpdater
from imposter.runtime.pipeline.summaries import Summaries
from imposter.runtime.pipeline.turn import TurnHandler
from imposter.runtime.pipeline.typing_tracker import TypingTracker
from imposter.runtime.policy.contact_policy import TurnTiming
from imposter.runtime.providers.model_selection import ModelChain
from imposter.runtime.retry import backoff
from imposter.runtime.session_context import SessionContext
from imposter.runtime.timers import LONGEST_SLEEP, Timers

log = structlog.get_logger()

CLOSING_GRACE = 5.0
"""Seconds for an answer that is being sent to complete when the bot stops."""


class ConversationScheduler:
    """The conversations of one running bot."""

    def __init__(self, context: SessionContext) -> None:
        self._context = context
        self._claim = context.claim
        self._instance_id = context.instance_id
        self._store = context.store
        self._safety = context.safety
        self._clock = context.clock
        self._chance = context.chance
        self._presence = PresenceUpdater(context.instance_id, context.chat)
        self._delivery = Delivery(context, self._presence)
        self._typing_tracker = TypingTracker(context.clock)
        self._timers = Timers(context.instance_id, context.clock)
        self._waits = WaitLog(context.clock.now)
        self._outages = Outages(context.clock.now, context.report_failure)
        self._generator = AnswerGenerator(context, self._waits, self._outages)
        self.drafts = Drafts(context)
        self.away_summaries = AwaySummaries(context)
        self._self_chat = SelfChat(context, self.drafts, self.away_summaries)
        self._summaries = Summaries(context)
        self._turn_handler = TurnHandler(context, self._generator, self.drafts, self._waits)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._due: set[str] = set()
        self._undelivered: set[str] = set()
        self._watched: dict[str, frozenset[str]] = {}
        """Conversations that wait for more messages, each with the chats in which a contact may be typing."""
        self._followed_by: dict[str, set[str]] = {}
        """For each running task, the conversations that absorbed another one meanwhile.

        They take over its unfinished work.
        """
        self._changed: set[str] = set()
        """Conversations with a possible edit or deletion: an answer in progress may be based on the old text."""
        self._asides: set[asyncio.Task[None]] = set()
        self._held: set[str] = set()
        """Conversations in which no work may begin for now."""
        self._closing = False

    async def resume(self) -> None:
        """Resume the work that an earlier run left: waiting messages and undelivered answers."""
        self._context.counts.dead_letters += await self._store.outbox.interrupted(self._claim)
        await self._ask_again_after_restart()
        await self.drafts.begin()
        for conversation in await self._store.messages.unfinished(self._instance_id):
            self._changed.add(conversation)
            self.redeliver(conversation)
        for pause in await self._store.pauses.holding(self._instance_id):
            if pause.reason == TAKEOVER:
                self.came_back(pause.conversation)

    def policy_changed(self, *, new_models: bool) -> None:
        """Check all waiting conversations against the new policy. Must be called on the event loop."""
        for conversation in [*self._tasks]:
            self._ask_again(conversation)
        for model in self._outages.replaced() if new_models else ():
            self._aside(self._retry_failed(model), "again")

    def model_recovered(self, model: ModelChain) -> None:
        """Retry the dead letters of a model that answers again. Must be called on the event loop."""
        if not self._closing:
            self._aside(self._retry_failed(model), "again")

    def wake(self, conversation: str) -> None:
        """Check a conversation for waiting messages. Must be called on the event loop."""
        if self._closing or conversation in self._held:
            return
        self._ask_again(conversation)
        self._generator.more_arrived(conversation)
        if conversation not in self._tasks:
            task = asyncio.create_task(self._run(conversation), name=f"conversation:{self._instance_id}")
            self._tasks[conversation] = task

    def redeliver(self, conversation: str) -> None:
        """Check a conversation for unsent answers. Must be called on the event loop."""
        self._undelivered.add(conversation)
        self._safety.ask_again(conversation)
        self.wake(conversation)

    def merged(self, survivor: str) -> None:
        """Take over the work of a conversation that `survivor` absorbed. Must be called on the event loop."""
        for name in self._tasks.keys() - {survivor}:
            self._followed_by.setdefault(name, set()).add(survivor)  # the task may belong to the absorbed conversation
        self.redeliver(survivor)

    def typing(self, chat: str, on: bool) -> None:
        """Record that a contact began or stopped typing in a chat. Must be called on the event loop."""
        self._typing_tracker.heard(chat, on)
        if not on:
            for conversation in [name for name, chats in self._watched.items() if chat in chats]:
                self._ask_again(conversation)

    async def reset(self, conversations: Iterable[str]) -> None:
        """Drop the work in progress of these conversations and start over, because the store has changed."""
        conversations = list(conversations)
        await self._drop(conversations)
        for name in conversations:
            self.redeliver(name)

    async def hold(self, conversations: Iterable[str]) -> None:
        """Drop the work in progress of these conversations, and begin none until `release`."""
        conversations = list(conversations)
        self._held.update(conversations)
        await self._drop(conversations)

    async def drain(self) -> None:
        """Wait until no send is in progress in the held conversations, for at most CLOSING_GRACE seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_GRACE):
                for name in [*self._held]:
                    await self._delivery.at_rest(name)
        await self._drop([*self._held], whatever=True)

    def release(self) -> None:
        """Resume the held conversations. Must be called on the event loop."""
        held, self._held = self._held, set()
        for name in held:
            self.redeliver(name)

    async def _drop(self, conversations: Collection[str], *, whatever: bool = False) -> None:
        """Cancel the work in progress of these conversations, except sends; with `whatever` sends too."""
        await self._summaries.drop(conversations)
        droppable = self._tasks.keys() - (frozenset() if whatever else self._delivery.under_way)
        making = {name: self._tasks[name] for name in conversations if name in droppable}
        for task in making.values():
            task.cancel()
        await asyncio.gather(*making.values(), return_exceptions=True)
        for name, task in making.items():
            if self._tasks.get(name) is task:  # the task had not begun, so its own cleanup did not run
                del self._tasks[name]

    def silenced(self, conversation: str | None = None) -> None:
        """Drop the work of a conversation (None: of all), because the bot must be silent.

        Must be called on the event loop.
        """
        if not self._closing:
            names = [*self._tasks] if conversation is None else [conversation]
            self._aside(self.reset(names), "hush")

    def changed(self, conversation: str) -> None:
        """Handle an edit or deletion of a message. Must be called on the event loop."""
        if not self._closing:
            self._changed.add(conversation)
            self._aside(self.reset([conversation]), "changed")

    def came_back(self, conversation: str) -> None:
        """Send the owner the away summary of a conversation in which they wrote. Must be called on the event loop."""
        if not self._closing and self._context.policy.contact_policy.behaviour_for(frozenset({conversation})).brief:
            self._aside(self._brief(conversation), "brief")

    def link_is_up(self) -> None:
        """Retry undelivered answers at once, because the link is back."""
        self._delivery.link_is_up()

    async def close(self, grace: float = CLOSING_GRACE) -> None:
        """Stop all work. An answer that is being sent has `grace` seconds; the rest stays in the store."""
        self._closing = True
        self._delivery.close()
        under_way = self._delivery.under_way
        sending = [self._tasks[name] for name in under_way]
        for name, task in self._tasks.items():
            if name not in under_way:
                task.cancel()
        if sending and grace:
            await asyncio.wait(sending, timeout=grace)
        rest = [*self._tasks.values(), *self._asides]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self.drafts.close()
        await self._summaries.close()
        await self._presence.close()

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
                except Exception as error:  # noqa: BLE001 - an error affects this conversation only, which is retried
                    failures += 1
                    log.error("conversation interrupted", bot=self._instance_id, **trace_of(error))
                    self._undelivered.add(conversation)
                    self._due.add(conversation)
                    await self._clock.sleep(backoff(failures, self._chance))
        finally:
            del self._tasks[conversation]
            self._due.discard(conversation)
            self._watched.pop(conversation, None)
            self._waits.pop(conversation)
            self._safety.leave(conversation)
            if not self._closing:
                self._outages.left(conversation)
            for survivor in self._followed_by.pop(conversation, ()):
                self.redeliver(survivor)

    async def _work(self, conversation: str) -> None:
        """Do the due work of this conversation: first deliver unsent answers, then answer all waiting messages."""
        if conversation in self._undelivered and not await self._deliver_the_rest(conversation):
            return
        await self.drafts.reopen(conversation, changed=conversation in self._changed)
        self._changed.discard(conversation)
        policy, now = self._context.policy, self._clock.now()
        contact_policy = policy.contact_policy
        timing = None if contact_policy.is_prompt else TurnTiming(contact_policy, now, self._typing_tracker.until)
        work = await self._store.messages.take(
            self._instance_id,
            conversation,
            policy.config.context_limits,
            busy=self._context.busy,
            queue=policy.queue_limits,
            answer_within=policy.answer_within,
            timing=timing,
        )
        if isinstance(work, NotYet):
            await self._wait(conversation, work, watching=timing is not None and timing.in_burst)
            return
        if work is None:
            return
        self._watched.pop(conversation, None)
        if work.more:
            self._due.add(conversation)
        if work.message.source is Source.OWNER:
            for message in work.messages:
                await self._self_chat.execute(message)
            return
        verdict = await self._safety.before(work)
        if isinstance(verdict, StaySilent):
            await self._turn_handler.leave_unanswered(work.messages, verdict.reason)
            return
        if not await self._may_answer(conversation, verdict):
            return
        self._context.busy.update(work.seqs)
        try:
            turn = await self._turn_handler.answer(work)
            if turn.outgoing:
                await self._delivery.deliver(turn.outgoing, fresh=True, reading=turn.reading, typing=turn.typing)
            if not turn.is_done:
                # The messages ended in another way, or were changed meanwhile.
                self._due.add(conversation)
                self._changed.add(conversation)
        finally:
            self._context.busy.difference_update(work.seqs)
            self._safety.leave(conversation)
        if work.moved and contact_policy.behaviour_for(work.known_ids).summary:
            self._summaries.begin(conversation, self._context.models.model_for(contact_policy.contact(work.chat_ids)))

    async def _deliver_the_rest(self, conversation: str) -> bool:
        """Deliver the answers that were made earlier. Return False if a rate limit delays them."""
        self._undelivered.discard(conversation)
        pending = await self._store.outbox.pending(self._instance_id, conversation)
        if pending and pending[0].recipient == self._context.chat.own_chat():
            await self._delivery.deliver(pending, fresh=False)
            return True
        for _, answer in groupby(pending, lambda outgoing: outgoing.created_at or outgoing.message_id):
            parts = list(answer)
            if parts[0].source is Source.BOT:
                if not self._delivery.is_too_old(parts[0]) and not await self._may_answer(
                    conversation, self._safety.room(conversation)
                ):
                    self._undelivered.add(conversation)
                    return False
                self._safety.answered(conversation)
            await self._delivery.deliver(parts, fresh=False)
        return True

    async def _wait(self, conversation: str, work: NotYet, *, watching: bool) -> None:
        """Wait until it is time or something changes.

        Messages that arrive while the bot is silent are not kept for later.
        """
        if (reason := self._safety.silence(conversation)) is not None:
            await self._turn_handler.leave_unanswered(work.messages, reason)
            return
        typing = self._typing_tracker.until(work.messages)
        burst = WaitReason.TYPING if typing is not None and typing > self._clock.now() else WaitReason.BURST
        self._waits.note(conversation, burst if watching else WaitReason.HOURS, work.at)
        if watching:
            if conversation not in self._watched:
                self._presence.watch(work.messages[-1].reply_to)
            self._watched[conversation] = frozenset(message.reply_to for message in work.messages)
        while conversation not in self._due and (left := (work.at - self._clock.now()).total_seconds()) > 0:
            await self._timers.rest(conversation, min(left, LONGEST_SLEEP))
        self._due.add(conversation)

    async def _may_answer(self, conversation: str, verdict: Proceed | Postpone | StaySilent) -> bool:
        """Return whether the bot may answer now. If not, return False after waiting some time."""
        if isinstance(verdict, Proceed):
            return True
        self._due.add(conversation)
        seconds = LONGEST_SLEEP
        if isinstance(verdict, Postpone):
            seconds = verdict.seconds
            self._waits.note(conversation, WaitReason.CAPS, seconds, verdict.why)
        await self._safety.rest(conversation, seconds)
        return False

    async def _ask_again_after_restart(self) -> None:
        """Retry the dead letters that an outage left in an earlier run and that are still worth an answer."""
        if (within := self._context.policy.answer_within) is not None:
            since = self._clock.now() - within
            for letter in await self._store.dead_letters.young(self._instance_id, OUTAGES, since):
                await self._store.dead_letters.ask_again(self._instance_id, letter, self._context.judge)

    async def _retry_failed(self, model: object) -> None:
        """Retry, in order, the dead letters of a model's outage that are still worth an answer."""
        try:
            for letter in self._outages.take(model, self._context.policy.answer_within):
                if await self._store.dead_letters.ask_again(self._instance_id, letter.seq, self._context.judge):
                    self._outages.waits_again(model, letter)
                    self.redeliver(letter.conversation)
        except StorageError as error:
            log.warning("dead letters were not taken up again", bot=self._instance_id, **trace_of(error))
        finally:
            self._outages.done(model)

    async def _brief(self, conversation: str) -> None:
        try:
            await self.away_summaries.came_back(conversation)
        except Exception as error:  # noqa: BLE001 - told at the next start, or when the contact writes again
            log.warning("the owner was not told of a chat", bot=self._instance_id, **trace_of(error))

    def _ask_again(self, conversation: str) -> None:
        """Have the conversation check its work again now, instead of when its sleep ends."""
        self._due.add(conversation)
        self._timers.wake(conversation)

    def _aside(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=f"{name}:{self._instance_id}")
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)
