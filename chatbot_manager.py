"""ChatbotInstance: one user's bot = chat provider + queue + model; its start, its stop and its status."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

import structlog

from imposter.clock import DoubtedClock
from imposter.contracts.chat import Shared
from imposter.contracts.config import BotConfig
from imposter.contracts.errors import ContactNotFound, ImposterError, InvalidState, NotConnected, StorageError
from imposter.contracts.resource_exhaustion import shortage
from imposter.contracts.status import STILL_LISTED, BotStatus, LinkState, LinkStatus, SafetyStatus
from imposter.domain.bots import BotRow
from imposter.domain.claims import Claim, Superseded
from imposter.domain.messages import BotTotals, Judge
from imposter.domain.pauses import FOREVER, OWNER_PAUSE, Pause
from imposter.logs import trace_of
from imposter.runtime.account.link_status import LinkStatusTracker
from imposter.runtime.account.pause_text import ACCOUNT
from imposter.runtime.account.safety import OtherBots
from imposter.runtime.commands import (
    BeginEvaluation,
    CancelEvaluation,
    Command,
    DecideDraft,
    EraseContact,
    PauseBot,
    ReportLoop,
    RequestPairingCode,
    Result,
    ResumeBot,
    RetryDeadLetters,
    SendOwnerMessage,
    UndoAwaySummary,
)
from imposter.runtime.learning import evaluation
from imposter.runtime.metrics import Counts
from imposter.runtime.pipeline.scheduler import CLOSING_GRACE
from imposter.runtime.policy.eligibility import EligibilityPolicy
from imposter.runtime.provider_factory import ProviderFactory
from imposter.runtime.providers.chat_adapter import ChatAdapter, forgets_contacts
from imposter.runtime.providers.discovery import Catalog
from imposter.runtime.providers.model_selection import ModelSelection
from imposter.runtime.retry import Chance, backoff
from imposter.runtime.session import BotSession
from imposter.runtime.session_context import SessionPolicy
from imposter.storage import Store
from imposter.storage.learning.evaluations import EvaluationState
from imposter.storage.queue.dead_letters import Retried
from imposter.storage.queue.draft_rows import Draft
from queue_manager import UserQueue

log = structlog.get_logger()

NEEDS_A_START = {LinkState.STOPPED, LinkState.ERROR, LinkState.LOGGED_OUT, LinkState.REPLACED}
"""States that last until somebody starts the bot again."""
MOVED = "platform_changed"
"""What waited on another platform is not answered on this one."""
NOT_RUNNING = "The bot is not running: start it first."
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
        self._session: BotSession | None = None
        """None while it does not run."""
        self._provider_session: BotSession | None = None
        """The last one that was opened for an errand while the bot did not run."""
        self._changing = asyncio.Lock()
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
        async with self._changing:
            before = self._link_status.link.status
            if before in NEEDS_A_START:
                await self._stop(LinkStatus(status=LinkState.STARTING))
                if before is LinkState.LOGGED_OUT:
                    await self._forget_account()
                self._begin()

    async def stop(self, *, grace: float = CLOSING_GRACE) -> None:
        """Stop listening and answering; an answer being sent has `grace` seconds. What waits, waits in the store."""
        async with self._changing:
            await self._stop(LinkStatus(status=LinkState.STOPPED), grace)

    async def stop_immediately(self) -> None:
        """Stop at once and for good, whatever is under way: in a moment another server may run this bot."""
        self._gone = True
        await asyncio.gather(
            *(session.disconnect() for session in (self._session, self._provider_session) if session is not None)
        )
        await self._stop(LinkStatus(status=LinkState.STOPPED), grace=0)  # who is changing it finds it gone

    async def unlink(self) -> str | None:
        """Take the account off this server: log out at the platform if it can be reached, forget the credentials.

        Gives what is left for the owner to do, where it could not be reached.
        """
        async with self._changing:
            detail = "Unlinked. Start it to link again."
            left = None
            try:
                async with asyncio.timeout(UNLINK_DEADLINE):
                    if self._starting is not None and not self._starting.done():
                        # Begun anew, for that alone: two would be in each other's way.
                        await self._stop(self._link_status.link)
                    await (await self._chat()).logout()
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
        async with self._changing:
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
            if self._session is not None:
                self._session.use(SessionPolicy(config, rules), models if new_models else None)
                if new_models:
                    await self._session.exams.end(EvaluationState.INTERRUPTED, evaluation.ANOTHER_MODEL)
            if self._starting is not None and (old != new or self._link_status.link.status is LinkState.ERROR):
                await self._stop(LinkStatus(status=LinkState.STARTING))
                self._begin()

    async def pause(self, contact: str | None = None, minutes: float | None = None) -> None:
        """Be silent towards this person or group, or altogether; without `minutes` until it is resumed.

        What waits there becomes context, answers that are not out are withdrawn.
        Raises: ContactNotFound, StorageError.
        """
        async with self._changing:
            for conversation in await self._conversations_with(contact):
                await self._pause(conversation, minutes)

    async def resume(self, contact: str | None = None) -> None:
        """End the pauses of this person, in groups too, or of this group, or every pause.

        Raises: ContactNotFound, StorageError.
        """
        if contact is None:
            await self._store.pauses.clear(self.instance_id)
            self._pauses_ended()
            return
        canonical = self._factory.rules(self.config).canonical
        person = await self._store.erasure.known(self.instance_id, contact, canonical)
        ended = await self._store.pauses.end(self.instance_id, person.conversations, person.ids)
        if not ended and not person.conversations:
            raise ContactNotFound
        if self._session is not None:
            self._session.pause_ended(person.conversations, person.ids)

    async def loop_found(self, conversation: str) -> None:
        """Another bot noticed that the two talk to each other here; one that does not run is not told."""
        if self._session is not None:
            await self._session.loop_found(conversation)

    async def retry(self, letter: int | None = None) -> Retried:
        """Have a dead letter tried again, or all of them; a bot that does not run does it when it runs again.

        Raises: DeadLetterNotFound, InvalidState (the rules leave the contact out), StorageError.
        """
        async with self._changing:
            judge, dead_letters = self._judge(self._factory.rules(self.config)), self._store.dead_letters
            if letter is not None:
                retried = await dead_letters.retry(self.instance_id, letter, judge)
                self._redeliver(retried.conversations)
                return retried
            letters = refused = 0
            last: int | None = 0
            while last is not None:
                some = await dead_letters.retry_some(self.instance_id, judge, last)
                self._redeliver(some.conversations)
                letters, refused, last = letters + some.letters, refused + some.refused, some.last
            return Retried(letters, refused)

    async def forget(self, contact: str) -> tuple[int, bool]:
        """Remove everything of the person with this id or number.

        Gives how many messages went, and whether they are out of the files already.
        Raises: ContactNotFound, InvalidState (the platform cannot be brought to forget them; nothing was removed),
        StorageError.
        """
        async with self._changing:
            canonical, forgetting = self._factory.rules(self.config).canonical, self._store.erasure
            person = await forgetting.known(self.instance_id, contact, canonical)
            await self._started()
            session = self._session
            if session is not None:
                await session.exams.end(EvaluationState.INTERRUPTED, evaluation.FORGOTTEN)
                # What is said meanwhile is forgotten as well, or is the first word of a stranger: never both.
                await session.hold(person.conversations | await forgetting.groups(self.instance_id, person.ids))
            try:
                await self._forget_at_platform(sorted(person.ids))
                if session is not None:
                    await session.drain()
                forgotten = await forgetting.forget(self.instance_id, contact, canonical)
                if session is not None:
                    await session.forgotten(forgotten.own, forgotten.conversations, forgotten.ids)
            finally:
                if session is not None:
                    session.release()
            try:
                return forgotten.messages, await forgetting.is_scrubbed()
            except StorageError:  # they are forgotten all the same
                return forgotten.messages, False

    async def begin_exam(self, most: int, contact: str | None = None) -> None:
        """Have the model answer up to `most` questions that the owner answered, of this contact or of all.

        Raises: ContactNotFound, InvalidState, StorageError.
        """
        async with self._changing:
            if self._session is None:
                raise InvalidState(NOT_RUNNING)
            await self._session.begin_exam(most, contact)

    async def cancel_exam(self) -> None:
        """End the one that is held, if one is."""
        if self._session is not None:
            await self._session.exams.end(EvaluationState.CANCELLED, evaluation.CANCELLED)

    async def decide_draft(self, number: int, *, send: bool, text: str | None = None) -> Draft:
        """Send a draft, or `text` in its place, or drop it.

        Raises: DraftNotFound, InvalidState (it is decided, expired, or the bot does not run), StorageError.
        """
        drafts = self._session.drafts if self._session is not None else None
        if drafts is None:
            raise InvalidState(NOT_RUNNING)
        return await (drafts.send(number, text) if send else drafts.drop(number))

    async def say(self, contact: str, text: str, key: str) -> str:
        """Have the owner say this to a person or group, once for each `key`; gives the message's id.

        Raises: ContactNotFound, InvalidState (the bot does not run), StorageError.
        """
        canonical = self._factory.rules(self.config).canonical
        person = await self._store.erasure.known(self.instance_id, contact, canonical)
        if not person.conversations:
            raise ContactNotFound
        if self._session is None:
            raise InvalidState(NOT_RUNNING)
        conversation = contact if contact in person.conversations else min(person.conversations)
        return await self._session.say(conversation, person.ids, text, key)

    async def undo_brief(self, contact: str, last: int) -> int:
        """Take back what was said to them for the owner, up to the message with the seq `last`; gives how many.

        Raises: ContactNotFound, AwaySummaryNotFound, InvalidState (more was said since, or it cannot be taken back),
        StorageError.
        """
        away_summaries = self._session.away_summaries if self._session is not None else None
        if away_summaries is None:
            raise InvalidState(NOT_RUNNING)
        try:
            return await away_summaries.undo_up_to(last, await self._conversations_with(contact))
        except NotConnected:
            raise InvalidState("The account is not connected: try again when it is.") from None

    async def execute(self, command: Command[Result]) -> Result:
        """Carry out a command. Raises what the method that does it raises."""
        return cast("Result", await _EXECUTES[type(command)](self, command))

    async def check(self) -> None:
        """Make what the config names, to see that it can be made. Raises: InvalidConfig."""
        self._factory.rules(self.config)
        await self._factory.new_models(self.instance_id, self.config)

    async def status(self, totals: BotTotals | None = None) -> BotStatus:
        """`totals`: where they are known."""
        if self._session is not None:
            await self._session.ask()
        if totals is None:
            totals = (await self._store.messages.totals([self.instance_id])).get(self.instance_id, BotTotals())
        return BotStatus(
            instance_id=self.instance_id,
            user_id=self.user_id,
            waiting=totals.waiting,
            unreadable=totals.unreadable,
            safety=self._session.safety if self._session is not None else SafetyStatus(),
            budget=self._session.budget if self._session is not None else None,
            **self._link_status.fields | self._trouble(),
        )

    def _trouble(self) -> dict[str, Any]:
        """What keeps everything from being stored comes before what went wrong last."""
        store = self._store.activity()
        if store.trouble is None:
            return {}
        since = self._clock.now() - timedelta(seconds=store.trouble_seconds)
        return {"last_error": store.trouble, "last_error_at": since}

    async def pairing_code(self, phone: str) -> str:
        """The code to type on the phone with this number. Raises: InvalidState, NotSupported, Refused."""
        chat = self._open_chat
        if chat is None:
            raise InvalidState(NOT_RUNNING)
        return await chat.pairing_code(phone)

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
            self._session = await self._new_session()
            await self._session.open()
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
        session = self._session
        if session is not None:
            await session.close(grace)  # until then it can be let go of
            if session is self._session:
                self._session = None

    async def _started(self) -> None:
        """Returns when a start that is under way is over. Raises: InvalidState, where that takes too long."""
        if self._starting is not None:
            _, going_on = await asyncio.wait([self._starting], timeout=UNLINK_DEADLINE)
            if going_on:
                raise InvalidState("The bot is still being started; try again.")

    async def _forget_at_platform(self, ids: Sequence[str]) -> None:
        if not forgets_contacts(self._factory.chat_file(self.config)):
            return
        try:
            async with asyncio.timeout(UNLINK_DEADLINE):
                await (await self._chat()).forget_contact(ids)
        except Exception as error:  # noqa: BLE001 - a provider may raise anything; the caller is told what to do
            log.error("platform did not forget a contact", bot=self.instance_id, **trace_of(error))
            raise InvalidState("The platform's own entries could not be removed, so nothing was; try again.") from None

    @property
    def _open_chat(self) -> ChatAdapter | None:
        return self._session.chat if self._session is not None else None

    async def _chat(self) -> ChatAdapter:
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

    async def _pause(self, conversation: str, minutes: float | None) -> None:
        until = FOREVER if minutes is None else self._clock.now() + timedelta(minutes=minutes)
        async with self._claiming:
            claim = self.claim or await self._take_over()
            pause = await self._store.pauses.begin(claim, Pause(conversation, OWNER_PAUSE, until))
        if self._session is not None:
            self._session.paused(pause)

    async def _conversations_with(self, contact: str | None) -> Collection[str]:
        """Raises: ContactNotFound."""
        if contact is None:
            return [ACCOUNT]
        canonical = self._factory.rules(self.config).canonical
        person = await self._store.erasure.known(self.instance_id, contact, canonical)
        if not person.conversations:
            raise ContactNotFound
        return person.conversations

    def _judge(self, rules: EligibilityPolicy) -> Judge:
        return lambda message, known_ids: rules.judge(message, known_ids, self._clock.now())

    def _redeliver(self, conversations: Iterable[str]) -> None:
        if self._session is not None:
            self._session.redeliver(conversations)

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
        if self._session is not None:
            await self._session.exams.account_gone()
        async with self._claiming:
            await self._store.state.clear(self.claim or await self._take_over())
        self._pauses_ended()

    def _pauses_ended(self) -> None:
        if self._session is not None:
            self._session.pauses_ended()
        self._link_status.pauses_ended()

    async def _paused(self, command: PauseBot) -> BotStatus:
        await self.pause(command.contact, command.minutes)
        return await self.status()

    async def _resumed(self, command: ResumeBot) -> BotStatus:
        await self.resume(command.contact)
        return await self.status()


_EXECUTES: Mapping[type[Command[Any]], Callable[[ChatbotInstance, Any], Awaitable[Any]]] = {
    PauseBot: ChatbotInstance._paused,
    ResumeBot: ChatbotInstance._resumed,
    RequestPairingCode: lambda bot, command: bot.pairing_code(command.phone),
    RetryDeadLetters: lambda bot, command: bot.retry(command.letter),
    EraseContact: lambda bot, command: bot.forget(command.contact),
    DecideDraft: lambda bot, command: bot.decide_draft(command.number, send=command.send, text=command.text),
    SendOwnerMessage: lambda bot, command: bot.say(command.contact, command.text, command.key),
    UndoAwaySummary: lambda bot, command: bot.undo_brief(command.contact, command.last),
    BeginEvaluation: lambda bot, command: bot.begin_exam(command.most, command.contact),
    CancelEvaluation: lambda bot, command: bot.cancel_exam(),
    ReportLoop: lambda bot, command: bot.loop_found(command.conversation),
}
"""How each command is carried out."""
