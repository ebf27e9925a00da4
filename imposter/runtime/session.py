"""One run of a bot: its provider, its queue and its conversations, under one claim."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any, Protocol

import structlog

from imposter.clock import DoubtedClock
from imposter.contracts.chat import ChatContext, KeptMessage, NewNames, SentMessage
from imposter.contracts.config import BotConfig, Limits
from imposter.contracts.errors import ContactNotFound, InvalidState
from imposter.contracts.status import BudgetStatus, LinkState, LinkStatus, SafetyStatus
from imposter.domain.claims import Claim
from imposter.domain.messages import Accepted
from imposter.domain.pauses import TAKEOVER, Pause
from imposter.logs import trace_of
from imposter.runtime.account.link_status import LinkStatusTracker
from imposter.runtime.account.safety import OtherBots, Safety
from imposter.runtime.costs.budget import BudgetTracker
from imposter.runtime.learning.evaluation import STOPPED, Evaluations
from imposter.runtime.learning.style_guide import StyleGuide
from imposter.runtime.metrics import Counts
from imposter.runtime.owner.away_summary import AwaySummaries
from imposter.runtime.owner.drafts import Drafts
from imposter.runtime.pipeline.scheduler import CLOSING_GRACE, ConversationScheduler, Inbox
from imposter.runtime.policy.eligibility import EligibilityPolicy
from imposter.runtime.provider_factory import ProviderFactory
from imposter.runtime.providers.chat_adapter import ChatAdapter
from imposter.runtime.providers.message_format import MessageFormat
from imposter.runtime.providers.model_selection import ModelSelection
from imposter.runtime.providers.provider_state import StoredProviderState
from imposter.runtime.retry import Chance
from imposter.storage import Store
from imposter.storage.learning.evaluations import EvaluationState

log = structlog.get_logger()


class Queue(Inbox, Protocol):
    rules: EligibilityPolicy

    def close(self) -> None: ...


class MakeQueue(Protocol):
    def __call__(
        self,
        *,
        limits: Limits,
        rules: EligibilityPolicy,
        claim: Claim,
        on_waiting: Callable[[str], None],
        on_merged: Callable[[Accepted], None],
        on_paused: Callable[[Accepted], None],
        on_changed: Callable[[str], None],
    ) -> Queue: ...


class BotSession:
    """Opened once, to listen and answer or for one errand of a bot that does neither; closed any number of times.

    What it hears of the link goes to `link_status`; `on_logged_out` hears that the platform took the account away.
    """

    def __init__(
        self,
        claim: Claim,
        config: BotConfig,
        *,
        make_queue: MakeQueue,
        factory: ProviderFactory,
        store: Store,
        clock: DoubtedClock,
        chance: Chance,
        other_bots: OtherBots,
        counts: Counts,
        link_status: LinkStatusTracker,
        on_logged_out: Callable[[], None],
    ) -> None:
        """Raises: InvalidConfig."""
        self.chat: ChatAdapter | None = None
        """While it is open."""
        self.exams = Evaluations(claim.instance_id, store=store, clock=clock, chance=chance)
        self._models: ModelSelection | None = None
        self._style_guide = StyleGuide(
            claim.instance_id, store=store, canonical=factory.rules(config).canonical, now=clock.now
        )
        self._format = MessageFormat()
        self._claim = claim
        self._config = config
        self._factory = factory
        self._store = store
        self._clock = clock
        self._chance = chance
        self._other_bots = other_bots
        self._counts = counts
        self._link_status = link_status
        self._on_logged_out = on_logged_out
        self._loop = asyncio.get_running_loop()
        self._listens = False
        self._safety: Safety | None = None
        self._budget_tracker: BudgetTracker | None = None
        self._conversations: ConversationScheduler | None = None
        self._queue = make_queue(
            limits=config.queue_config,
            rules=factory.rules(config),
            claim=claim,
            on_waiting=self._on_loop(self._wake),
            on_merged=self._on_loop(self._merged),
            on_paused=self._on_loop(self._taken_over),
            on_changed=self._on_loop(self._changed),
        )

    async def open(self) -> None:
        """Listen and answer. Raises whatever a provider raises, StorageError; it is to be closed then, too."""
        models = self._models = await self._factory.open_models(self._claim.instance_id, self._config)
        message_format = self._format = MessageFormat.of(self._factory.chat_file(self._config))
        self._listens = True
        chat = self.chat = await self._open_chat()
        safety = Safety(
            self._claim.instance_id,
            limits=self._config.limits_config,
            store=self._store,
            clock=self._clock,
            chance=self._chance,
            other_bots=self._other_bots,
            tell=self._link_status.paused,
        )
        self._safety = safety  # what is paused meanwhile is told to it
        await safety.load()
        budget_tracker = self._budget_tracker = BudgetTracker(
            self._claim.instance_id,
            budget=self._config.budget,
            address=models.everybodys.address,
            store=self._store,
            now=self._clock.now,
            counts=self._counts,
            tell=self._link_status.failed,
        )
        await budget_tracker.load()
        await self.exams.load()
        self._conversations = ConversationScheduler(
            self._claim,
            store=self._store,
            chat=chat,
            models=models,
            style_guide=self._style_guide,
            message_format=message_format,
            context=self._config.context_limits,
            answer_within=self._config.answer_within,
            contact_policy=self._queue.rules.contact_policy,
            inbox=self._queue,
            safety=safety,
            budget_tracker=budget_tracker,
            clock=self._clock,
            chance=self._chance,
            counts=self._counts,
            has_passed=self.exams.passed,
            on_failure=self._link_status.failed,
        )
        await self._conversations.resume()
        await chat.start()
        await asyncio.sleep(0)  # what the provider reported meanwhile is heard first
        if self._link_status.link.status is LinkState.STARTING:
            self._move(await chat.status() or LinkStatus(status=LinkState.CONNECTED))

    async def open_provider_only(self) -> ChatAdapter:
        """The provider alone, which nobody listens to. Raises whatever it raises."""
        self._queue.close()
        self.chat = await self._open_chat()
        return self.chat

    async def close(self, grace: float = CLOSING_GRACE) -> None:
        """Stop listening and answering; an answer being sent has `grace` seconds. What waits, waits in the store."""
        conversations, self._conversations = self._conversations, None
        safety, self._safety = self._safety, None
        self._budget_tracker = None
        await (self.exams.end(EvaluationState.INTERRUPTED, STOPPED) if grace else self.exams.stop_immediately())
        if conversations is not None:
            await conversations.close(grace)
        if safety is not None:
            safety.close()
        await self.disconnect()
        self._queue.close()

    async def disconnect(self) -> None:
        """Close the provider at once, whatever is under way."""
        self._listens = False
        chat, self.chat = self.chat, None
        try:
            if chat is not None:
                await chat.stop()
        except Exception as error:  # noqa: BLE001 - a provider that cannot stop must not keep the bot from it
            log.error("provider did not stop", bot=self._claim.instance_id, **trace_of(error))

    def use(self, config: BotConfig, rules: EligibilityPolicy, models: ModelSelection | None) -> None:
        """From now on, this; without `models` those it has."""
        self._config = config
        self._queue.limits, self._queue.rules = config.queue_config, rules
        self._models = models or self._models
        if self._conversations is not None:
            self._conversations.use(config.context_limits, config.answer_within, rules.contact_policy, models)
        if self._safety is not None:
            self._safety.use(config.limits_config)
        if self._budget_tracker is not None and self._models is not None:
            self._budget_tracker.use(config.budget, self._models.everybodys.address)

    async def ask(self) -> None:
        """Have the provider say how its link is."""
        chat = self.chat
        if chat is not None and self._link_status.link.status is not LinkState.STARTING:
            said = await chat.status()
            if said is not None and chat is self.chat:
                self._move(said)

    @property
    def drafts(self) -> Drafts | None:
        """While it answers."""
        return self._conversations.drafts if self._conversations is not None else None

    @property
    def briefs(self) -> AwaySummaries | None:
        """While it answers."""
        return self._conversations.briefs if self._conversations is not None else None

    @property
    def safety(self) -> SafetyStatus:
        return self._safety.status() if self._safety is not None else SafetyStatus()

    @property
    def budget(self) -> BudgetStatus | None:
        return self._budget_tracker.status if self._budget_tracker is not None else None

    async def say(self, conversation: str, known_ids: frozenset[str], text: str, key: str) -> str:
        """The owner says this there, once for each `key` in that chat; gives the message's id.

        Raises: InvalidState, ContactNotFound (nothing was ever said there), StorageError.
        """
        conversations = self._conversations
        if conversations is None:
            raise InvalidState("The bot is still being started.")
        message_id = conversations.new_id("said", conversation, key)
        minutes = self._queue.rules.contact_policy.behaviour_for(known_ids).takeover_minutes
        silence = timedelta(minutes=minutes)
        spoken = await self._store.chats.say(self._claim, conversation, text, message_id, silence)
        if spoken is None:
            raise ContactNotFound
        if spoken.pause is not None:
            self.paused(spoken.pause)
            conversations.came_back(conversation)
        conversations.redeliver(conversation)
        return message_id

    def pauses_ended(self) -> None:
        if self._safety is not None:
            self._safety.resume()

    def paused(self, pause: Pause) -> None:
        """The owner's pause is in the store, and so is what it ended."""
        if self._safety is not None:
            self._safety.hold(pause)
        if self._conversations is not None:
            self._conversations.silenced(pause.conversation or None)

    def pause_ended(self, conversations: Collection[str], people: Collection[str] = ()) -> None:
        if self._safety is not None:
            self._safety.release(conversations, people)

    async def begin_exam(self, most: int, contact: str | None) -> None:
        """See `Evaluations.begin`. Raises: ContactNotFound, InvalidState, StorageError."""
        if self._models is None or self._budget_tracker is None:
            raise InvalidState("The bot is still being started.")
        context = self._config.context_limits
        await self.exams.begin(
            most,
            contact,
            self._queue.rules,
            context,
            self._models,
            self._style_guide,
            self._format,
            self._budget_tracker,
        )

    async def loop_found(self, conversation: str) -> None:
        if self._safety is not None:
            await self._safety.loop_found(conversation)

    def redeliver(self, conversations: Iterable[str]) -> None:
        """There may be answers here that are still to be sent."""
        if self._conversations is not None:
            for conversation in conversations:
                self._conversations.redeliver(conversation)

    async def hold(self, conversations: Collection[str]) -> None:
        """Somebody who speaks there is to be forgotten: nothing more is made of it, until `release`."""
        if self._conversations is not None:
            own_chat = self.chat.own_chat() if self.chat is not None else None
            notes = [await self._store.notes.place(self._claim.instance_id, own_chat)] if own_chat else []
            await self._conversations.hold([*conversations, *notes])

    async def drain(self) -> None:
        """Returns when nothing that is held is being handed over either."""
        if self._conversations is not None:
            await self._conversations.drain()

    def release(self) -> None:
        if self._conversations is not None:
            self._conversations.release()

    async def forgotten(self, own: Collection[str], conversations: Iterable[str], ids: Collection[str]) -> None:
        """The store has forgotten a person: with the conversations that were the person's `own`, and in others."""
        self._style_guide.forget()
        if self._safety is not None:
            self._safety.release(own, ids)
            for conversation in own:
                self._safety.forget(conversation)
        if self._budget_tracker is not None:
            for conversation in own:
                self._budget_tracker.forget(conversation)
        if self._conversations is not None:
            await self._conversations.reset(conversations)

    async def _open_chat(self) -> ChatAdapter:
        context = ChatContext(
            instance_id=self._claim.instance_id,
            state=StoredProviderState(self._claim, self._store.state),
            shared=self._factory.shared,
            report=self._on_loop(self._heard),
            sent_message=self._sent_message,
            confirm=self._confirmed,
            now=self._clock.now,
            told_time=self._on_loop(self._clock.heard),
            typing=self._typing,
            learn_names=self._learn_names,
            kept_message=self._kept_message,
        )
        return await self._factory.open_chat(self._config, self._queue, context)

    def _on_loop(self, receive: Callable[[Any], None]) -> Callable[[Any], None]:
        """`receive`, callable from any thread."""

        def hand_over(value: Any) -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(receive, value)

        return hand_over

    def _heard(self, link: LinkStatus) -> None:
        if not self._listens:
            return  # the last word of a provider that has been stopped
        self._move(link)
        if link.status is LinkState.CONNECTED and self._conversations is not None:
            self._conversations.link_is_up()
        if link.status is LinkState.LOGGED_OUT:
            self._on_logged_out()

    def _move(self, link: LinkStatus) -> None:
        before = self._link_status.link
        if link.status is LinkState.RECONNECTING and link != before and link.code is not None and self._safety:
            self._safety.dropped(link.code)
        self._link_status.move(link)

    def _wake(self, conversation: str) -> None:
        if self._conversations is not None:
            self._conversations.wake(conversation)

    def _merged(self, accepted: Accepted) -> None:
        self._style_guide.forget()
        if self._safety is not None:
            self._safety.merged(accepted.conversation, accepted.absorbed)
        if self._budget_tracker is not None:
            self._budget_tracker.merged(accepted.conversation, accepted.absorbed)
        if self._conversations is not None:
            self._conversations.merged(accepted.conversation)

    def _taken_over(self, accepted: Accepted) -> None:
        if accepted.pause is not None:
            self.paused(accepted.pause)
            if accepted.pause.reason == TAKEOVER and self._conversations is not None:
                self._conversations.came_back(accepted.conversation)
        if accepted.resumed:
            self.pause_ended([accepted.conversation])

    def _changed(self, conversation: str) -> None:
        if self._conversations is not None:
            self._conversations.changed(conversation)

    def _typing(self, chat: str, on: bool) -> None:
        self._on_loop(self._typed)((chat, on))

    def _typed(self, sign: tuple[str, bool]) -> None:
        if self._conversations is not None:
            self._conversations.typing(*sign)

    def _confirmed(self, message_id: str, chat: Sequence[str] = ()) -> None:
        # Nobody waits for it: if it cannot be stored, a later sign or the next try settles the same.
        self._store.outbox.sent(self._claim.instance_id, message_id, self._canonical(chat))

    async def _sent_message(self, message_id: str, chat: Sequence[str]) -> SentMessage | None:
        return await self._store.messages.sent(self._claim.instance_id, message_id, self._canonical(chat))

    async def _learn_names(self, names: Sequence[NewNames]) -> None:
        await self._store.names.learn(self._claim, names)

    async def _kept_message(self, message_id: str, chat: Sequence[str], author: Sequence[str]) -> KeptMessage | None:
        return await self._store.messages.kept(self._claim.instance_id, message_id, self._canonical(chat), author)

    def _canonical(self, chat: Sequence[str]) -> tuple[str, ...]:
        return tuple(map(self._queue.rules.canonical, chat))
