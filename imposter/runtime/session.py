"""One run of a bot: its provider, its queue and its conversations, under one claim."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from imposter.clock import DoubtedClock
from imposter.contracts.chat import ChatContext, KeptMessage, NewNames, SentMessage
from imposter.contracts.config import BotConfig
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
from imposter.runtime.pipeline.scheduler import CLOSING_GRACE, ConversationScheduler
from imposter.runtime.provider_factory import ProviderFactory
from imposter.runtime.providers.chat_adapter import ChatAdapter
from imposter.runtime.providers.message_format import MessageFormat
from imposter.runtime.providers.message_ids import MessageIds
from imposter.runtime.providers.model_selection import ModelSelection
from imposter.runtime.providers.provider_state import StoredProviderState
from imposter.runtime.retry import Chance
from imposter.runtime.session_context import (
    AnswerReady,
    ConversationSilenced,
    ModelRecovered,
    PlatformTime,
    SessionContext,
    SessionEvent,
    SessionPolicy,
    TypingChanged,
)
from imposter.storage import Store
from imposter.storage.learning.evaluations import EvaluationState

log = structlog.get_logger()


class Queue(Protocol):
    def close(self) -> None: ...


class MakeQueue(Protocol):
    def __call__(self, context: SessionContext, on_accepted: Callable[[Accepted], None]) -> Queue: ...


class BotSession:
    """One run of a bot under one claim. It is opened once and may be closed any number of times.

    The session either listens and answers, or opens the provider alone for one command. Everything that happens is
    posted to it as an event and handled on the event loop, one after the other. `on_logged_out` is called when the
    platform has removed the account.
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
        """The open provider; None while it is closed."""
        self._factory = factory
        self._other_bots = other_bots
        self._link_status = link_status
        self._on_logged_out = on_logged_out
        self._loop = asyncio.get_running_loop()
        self._listens = False
        policy = SessionPolicy(config, factory.rules(config))
        context = self._context = SessionContext(
            claim, policy, store, clock, chance, counts, report_failure=link_status.failed, post=self._post
        )
        context.style_guide = StyleGuide(
            claim.instance_id, store=store, canonical=policy.eligibility.canonical, now=clock.now
        )
        self.exams = context.evaluations = Evaluations(claim.instance_id, store=store, clock=clock, chance=chance)
        self._conversations: ConversationScheduler | None = None
        """The scheduler; None unless the session answers."""
        self._safety: Safety | None = None
        self._budget_tracker: BudgetTracker | None = None
        self._queue = make_queue(context, self._post)

    async def open(self) -> None:
        """Start listening and answering. The session must be closed even if this fails.

        Raises: any error of a provider, StorageError.
        """
        context, store = self._context, self._context.store
        policy: SessionPolicy | None = None
        while policy is not context.policy:  # the config may change while the models are opened
            policy = context.policy
            context.models = await self._factory.open_models(context.instance_id, policy.config)
        context.message_format = MessageFormat.of(self._factory.chat_file(policy.config))
        self._listens = True
        chat = self.chat = await self._open_chat()
        safety = context.safety = Safety(
            context.instance_id,
            limits=lambda: context.policy.config.limits_config,
            store=store,
            clock=context.clock,
            chance=context.chance,
            other_bots=self._other_bots,
            tell=self._link_status.paused,
        )
        self._safety = safety  # set before load(), so that pauses that begin meanwhile reach it
        await safety.load()
        self._budget_tracker = context.budget_tracker = BudgetTracker(
            context.instance_id,
            terms=lambda: (context.policy.budget, context.models.everybodys.address),
            store=store,
            now=context.clock.now,
            counts=context.counts,
            tell=context.report_failure,
        )
        await context.budget_tracker.load()
        await self.exams.load()
        self._conversations = ConversationScheduler(context)
        await self._conversations.resume()
        await chat.start()
        await asyncio.sleep(0)  # let the events that the provider reported meanwhile be handled first
        if self._link_status.link.status is LinkState.STARTING:
            self._move(await chat.status() or LinkStatus(status=LinkState.CONNECTED))

    async def open_provider_only(self) -> ChatAdapter:
        """Open the provider for one command; its events are not handled. Raises: any error of the provider."""
        self._queue.close()
        self.chat = await self._open_chat()
        return self.chat

    async def close(self, grace: float = CLOSING_GRACE) -> None:
        """Stop listening and answering.

        An answer that is being sent has `grace` seconds to finish. Waiting messages stay in the store.
        """
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
        """Close the provider at once, without waiting for work in progress."""
        self._listens = False
        chat, self.chat = self.chat, None
        try:
            if chat is not None:
                await chat.stop()
        except Exception as error:  # noqa: BLE001 - a provider that fails to stop must not keep the bot from stopping
            log.error("provider did not stop", bot=self._context.instance_id, **trace_of(error))

    def use(self, policy: SessionPolicy, models: ModelSelection | None) -> None:
        """Use this policy from now on, and `models` if they are given."""
        self._context.policy = policy
        if models is not None:
            self._context.models = models
        if self._conversations is not None and self._safety is not None:
            self._safety.ask_again()
            self._conversations.policy_changed(new_models=models is not None)

    async def ask(self) -> None:
        """Ask the provider for the state of its link."""
        chat = self.chat
        if chat is not None and self._link_status.link.status is not LinkState.STARTING:
            said = await chat.status()
            if said is not None and chat is self.chat:
                self._move(said)

    @property
    def drafts(self) -> Drafts | None:
        """The drafts; None unless the session answers."""
        return self._conversations.drafts if self._conversations is not None else None

    @property
    def away_summaries(self) -> AwaySummaries | None:
        """The away summaries; None unless the session answers."""
        return self._conversations.away_summaries if self._conversations is not None else None

    @property
    def safety(self) -> SafetyStatus:
        return self._safety.status() if self._safety is not None else SafetyStatus()

    @property
    def budget(self) -> BudgetStatus | None:
        return self._budget_tracker.status if self._budget_tracker is not None else None

    async def say(self, conversation: str, known_ids: frozenset[str], text: str, key: str) -> str:
        """Send `text` in the owner's name, once for each `key` in this conversation. Return the message's id.

        Raises: InvalidState, ContactNotFound (the conversation has no messages), StorageError.
        """
        conversations = self._conversations
        if conversations is None:
            raise InvalidState("The bot is still being started.")
        message_id = self._context.message_ids("said", conversation, key)
        minutes = self._context.policy.contact_policy.behaviour_for(known_ids).takeover_minutes
        silence = timedelta(minutes=minutes)
        spoken = await self._context.store.chats.say(self._context.claim, conversation, text, message_id, silence)
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
        """Apply a pause of the owner. The pause and the answers it ended are already stored."""
        if self._safety is not None:
            self._safety.hold(pause)
        if self._conversations is not None:
            self._conversations.silenced(pause.conversation or None)

    def pause_ended(self, conversations: Collection[str], people: Collection[str] = ()) -> None:
        if self._safety is not None:
            self._safety.release(conversations, people)

    async def begin_exam(self, most: int, contact: str | None) -> None:
        """Start an evaluation; see `Evaluations.begin`. Raises: ContactNotFound, InvalidState, StorageError."""
        context = self._context
        if self._conversations is None:
            raise InvalidState("The bot is still being started.")
        await self.exams.begin(
            most,
            contact,
            context.policy.eligibility,
            context.policy.config.context_limits,
            context.models,
            context.style_guide,
            context.message_format,
            context.budget_tracker,
        )

    async def loop_found(self, conversation: str) -> None:
        if self._safety is not None:
            await self._safety.loop_found(conversation)

    def redeliver(self, conversations: Iterable[str]) -> None:
        """Look for unsent answers in these conversations."""
        if self._conversations is not None:
            for conversation in conversations:
                self._conversations.redeliver(conversation)

    async def hold(self, conversations: Collection[str]) -> None:
        """Stop working on these conversations until `release`, because a person in them is about to be forgotten."""
        if self._conversations is not None:
            own_chat = self.chat.own_chat() if self.chat is not None else None
            notes = [await self._context.store.notes.place(self._context.instance_id, own_chat)] if own_chat else []
            await self._conversations.hold([*conversations, *notes])

    async def drain(self) -> None:
        """Wait until no delivery of a held conversation is under way."""
        if self._conversations is not None:
            await self._conversations.drain()

    def release(self) -> None:
        if self._conversations is not None:
            self._conversations.release()

    async def forgotten(self, own: Collection[str], conversations: Iterable[str], ids: Collection[str]) -> None:
        """Clear the memory of a person whom the store has forgotten.

        `own` are the conversations of that person alone, `conversations` all that are affected, `ids` the person's ids.
        """
        self._context.style_guide.forget()
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
        claim, store, clock = self._context.claim, self._context.store, self._context.clock
        context = ChatContext(
            instance_id=claim.instance_id,
            state=StoredProviderState(claim, store.state),
            shared=self._factory.shared,
            report=self._post,
            sent_message=self._sent_message,
            confirm=self._confirmed,
            now=clock.now,
            told_time=lambda moment: self._post(PlatformTime(moment)),
            typing=lambda chat, on: self._post(TypingChanged(chat, on)),
            learn_names=self._learn_names,
            kept_message=self._kept_message,
        )
        chat = await self._factory.open_chat(self._context.policy.config, self._queue, context)
        self._context.chat, self._context.message_ids = chat, MessageIds(claim.instance_id, store, chat)
        return chat

    def _post(self, event: SessionEvent) -> None:
        """Have an event handled on the event loop, in the order of the calls. May be called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._handle, event)

    def _handle(self, event: SessionEvent) -> None:
        match event:
            case LinkStatus():
                self._link_changed(event)
            case PlatformTime():
                self._context.clock.heard(event.moment)
            case Accepted():
                self._accepted(event)
        conversations = self._conversations
        if conversations is None:
            return
        match event:
            case TypingChanged():
                conversations.typing(event.chat, event.is_typing)
            case AnswerReady():
                conversations.redeliver(event.conversation)
            case ConversationSilenced():
                conversations.silenced(event.conversation)
            case ModelRecovered():
                conversations.model_recovered(event.model)

    def _accepted(self, accepted: Accepted) -> None:
        """Handle a message that was stored."""
        if accepted.pause is not None:
            self.paused(accepted.pause)
        if accepted.resumed:
            self.pause_ended([accepted.conversation])
        conversations = self._conversations
        if conversations is not None:
            if accepted.pause is not None and accepted.pause.reason == TAKEOVER:
                conversations.came_back(accepted.conversation)
            for changed in accepted.also_changed | ({accepted.conversation} if accepted.changed else set()):
                conversations.changed(changed)
        if accepted.merged:
            self._merged(accepted)
        elif conversations is not None and (accepted.duplicate or accepted.waits):
            # A duplicate may have been stored without a notification: the connection broke before the answer.
            conversations.wake(accepted.conversation)

    def _link_changed(self, link: LinkStatus) -> None:
        if not self._listens:
            return  # a late event of a provider that has been stopped
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

    def _merged(self, accepted: Accepted) -> None:
        self._context.style_guide.forget()
        if self._safety is not None:
            self._safety.merged(accepted.conversation, accepted.absorbed)
        if self._budget_tracker is not None:
            self._budget_tracker.merged(accepted.conversation, accepted.absorbed)
        if self._conversations is not None:
            self._conversations.merged(accepted.conversation)

    def _confirmed(self, message_id: str, chat: Sequence[str] = ()) -> None:
        # Not awaited: if this cannot be stored, a later confirmation or the next try settles it.
        self._context.store.outbox.sent(self._context.instance_id, message_id, self._canonical(chat))

    async def _sent_message(self, message_id: str, chat: Sequence[str]) -> SentMessage | None:
        return await self._context.store.messages.sent(self._context.instance_id, message_id, self._canonical(chat))

    async def _learn_names(self, names: Sequence[NewNames]) -> None:
        await self._context.store.names.learn(self._context.claim, names)

    async def _kept_message(self, message_id: str, chat: Sequence[str], author: Sequence[str]) -> KeptMessage | None:
        return await self._context.store.messages.kept(
            self._context.instance_id, message_id, self._canonical(chat), author
        )

    def _canonical(self, chat: Sequence[str]) -> tuple[str, ...]:
        return tuple(map(self._context.policy.eligibility.canonical, chat))
