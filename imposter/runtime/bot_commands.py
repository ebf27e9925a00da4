"""The commands that concern one bot alone."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol, cast

import structlog

from imposter.clock import Clock
from imposter.contracts.config import BotConfig
from imposter.contracts.errors import ContactNotFound, InvalidState, NotConnected, StorageError
from imposter.contracts.status import BotStatus
from imposter.domain.dead_letters import Retried
from imposter.domain.drafts import Draft
from imposter.domain.messages import Judge
from imposter.domain.pauses import FOREVER, OWNER_PAUSE, Pause
from imposter.logs import trace_of
from imposter.runtime.account.pause_text import ACCOUNT
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
from imposter.runtime.provider_factory import ProviderFactory
from imposter.runtime.providers.chat_adapter import ChatAdapter, forgets_contacts
from imposter.runtime.session import BotSession
from imposter.storage import Store
from imposter.storage.learning.evaluations import EvaluationState

log = structlog.get_logger()

NOT_RUNNING = "The bot is not running: start it first."
UNLINK_DEADLINE = 15.0
"""Seconds that a platform has to carry out a command on the account, such as unlinking it."""


class CommandedBot(Protocol):
    """The part of a bot that the commands use."""

    instance_id: str
    config: BotConfig
    changing: asyncio.Lock
    """Held while the bot is being changed."""
    session: BotSession | None
    """The current session; None while the bot does not run."""

    async def status(self) -> BotStatus: ...

    async def started(self) -> None:
        """Wait until a start that is under way is over."""

    async def open_provider(self) -> ChatAdapter:
        """Return the open provider, or open one for a single command if the bot does not run."""

    async def begin_pause(self, pause: Pause) -> Pause:
        """Store the owner's pause and cancel the answers that it ends."""

    def pauses_ended(self) -> None:
        """Drop all pauses after they ended in the store."""


class BotCommands:
    """The commands of one bot. Every command raises StorageError if the store does not answer."""

    def __init__(self, bot: CommandedBot, store: Store, factory: ProviderFactory, clock: Clock) -> None:
        self._bot = bot
        self._store = store
        self._factory = factory
        self._clock = clock

    async def execute(self, command: Command[Result]) -> Result:
        """Carry out a command. Raises: the errors of the method for that command."""
        return cast("Result", await _METHODS[type(command)](self, command))

    async def _pause(self, contact: str | None, minutes: float | None) -> BotStatus:
        """Be silent towards this person or group, or everywhere.

        Without `minutes` the pause lasts until it is resumed.
        Waiting messages become context; answers that are not sent yet are withdrawn.
        Raises: ContactNotFound, StorageError.
        """
        until = FOREVER if minutes is None else self._clock.now() + timedelta(minutes=minutes)
        async with self._bot.changing:
            for conversation in await self._conversations_with(contact):
                pause = await self._bot.begin_pause(Pause(conversation, OWNER_PAUSE, until))
                if self._bot.session is not None:
                    self._bot.session.paused(pause)
        return await self._bot.status()

    async def _resume(self, contact: str | None) -> BotStatus:
        """End the pauses of this person (also in groups) or of this group, or every pause.

        Raises: ContactNotFound, StorageError.
        """
        if contact is None:
            await self._store.pauses.clear(self._bot.instance_id)
            self._bot.pauses_ended()
            return await self._bot.status()
        canonical = self._factory.rules(self._bot.config).canonical
        person = await self._store.erasure.known(self._bot.instance_id, contact, canonical)
        ended = await self._store.pauses.end(self._bot.instance_id, person.conversations, person.ids)
        if not ended and not person.conversations:
            raise ContactNotFound
        if self._bot.session is not None:
            self._bot.session.pause_ended(person.conversations, person.ids)
        return await self._bot.status()

    async def _loop_found(self, conversation: str) -> None:
        """Report that another bot and this one answer each other here. Ignored if the bot does not run."""
        if self._bot.session is not None:
            await self._bot.session.loop_found(conversation)

    async def _retry(self, letter: int | None = None) -> Retried:
        """Retry one dead letter, or all of them. A bot that does not run does so at its next start.

        Raises: DeadLetterNotFound, InvalidState (the rules exclude the contact), StorageError.
        """
        async with self._bot.changing:
            judge, dead_letters = self._judge(), self._store.dead_letters
            if letter is not None:
                retried = await dead_letters.retry(self._bot.instance_id, letter, judge)
                self._redeliver(retried.conversations)
                return retried
            letters = refused = 0
            last: int | None = 0
            while last is not None:
                some = await dead_letters.retry_some(self._bot.instance_id, judge, last)
                self._redeliver(some.conversations)
                letters, refused, last = letters + some.letters, refused + some.refused, some.last
            return Retried(letters, refused)

    async def _forget(self, contact: str) -> tuple[int, bool]:
        """Delete all data of the person with this id or phone number.

        Return the number of deleted messages, and whether they are already scrubbed from the database files.
        Raises: ContactNotFound, InvalidState (the platform could not delete its data; nothing was deleted),
        StorageError.
        """
        async with self._bot.changing:
            canonical, forgetting = self._factory.rules(self._bot.config).canonical, self._store.erasure
            person = await forgetting.known(self._bot.instance_id, contact, canonical)
            await self._bot.started()
            session = self._bot.session
            if session is not None:
                await session.exams.end(EvaluationState.INTERRUPTED, evaluation.FORGOTTEN)
                # A message that arrives meanwhile is either forgotten too, or is the first message of a stranger.
                await session.hold(person.conversations | await forgetting.groups(self._bot.instance_id, person.ids))
            try:
                await self._forget_at_platform(sorted(person.ids))
                if session is not None:
                    await session.drain()
                forgotten = await forgetting.forget(self._bot.instance_id, contact, canonical)
                if session is not None:
                    await session.forgotten(forgotten.own, forgotten.conversations, forgotten.ids)
            finally:
                if session is not None:
                    session.release()
            try:
                return forgotten.messages, await forgetting.is_scrubbed()
            except StorageError:  # the person is forgotten in any case
                return forgotten.messages, False

    async def _begin_exam(self, most: int, contact: str | None = None) -> None:
        """Have the model answer up to `most` questions that the owner answered, of this contact or of all contacts.

        Raises: ContactNotFound, InvalidState, StorageError.
        """
        async with self._bot.changing:
            if self._bot.session is None:
                raise InvalidState(NOT_RUNNING)
            await self._bot.session.begin_exam(most, contact)

    async def _cancel_exam(self) -> None:
        """End the evaluation that is under way, if there is one."""
        if self._bot.session is not None:
            await self._bot.session.exams.end(EvaluationState.CANCELLED, evaluation.CANCELLED)

    async def _decide_draft(self, number: int, *, send: bool, text: str | None = None) -> Draft:
        """Send a draft, or `text` in its place, or drop the draft.

        Raises: DraftNotFound, InvalidState (already decided, expired, or the bot does not run), StorageError.
        """
        drafts = self._bot.session.drafts if self._bot.session is not None else None
        if drafts is None:
            raise InvalidState(NOT_RUNNING)
        return await (drafts.send(number, text) if send else drafts.drop(number))

    async def _say(self, contact: str, text: str, key: str) -> str:
        """Send `text` to a person or group in the owner's name, once for each `key`. Return the message's id.

        Raises: ContactNotFound, InvalidState (the bot does not run), StorageError.
        """
        canonical = self._factory.rules(self._bot.config).canonical
        person = await self._store.erasure.known(self._bot.instance_id, contact, canonical)
        if not person.conversations:
            raise ContactNotFound
        if self._bot.session is None:
            raise InvalidState(NOT_RUNNING)
        conversation = contact if contact in person.conversations else min(person.conversations)
        return await self._bot.session.say(conversation, person.ids, text, key)

    async def _undo_brief(self, contact: str, last: int) -> int:
        """Delete the messages that were sent to a contact for the owner, up to the sequence number `last`.

        Return the number of deleted messages.
        Raises: ContactNotFound, AwaySummaryNotFound, InvalidState (newer messages exist, or the platform cannot delete
        them), StorageError.
        """
        away_summaries = self._bot.session.away_summaries if self._bot.session is not None else None
        if away_summaries is None:
            raise InvalidState(NOT_RUNNING)
        try:
            return await away_summaries.undo_up_to(last, await self._conversations_with(contact))
        except NotConnected:
            raise InvalidState("The account is not connected: try again when it is.") from None

    async def _pairing_code(self, phone: str) -> str:
        """Return the code to type on the phone with this number. Raises: InvalidState, NotSupported, Refused."""
        chat = self._bot.session.chat if self._bot.session is not None else None
        if chat is None:
            raise InvalidState(NOT_RUNNING)
        return await chat.pairing_code(phone)

    async def _forget_at_platform(self, ids: Sequence[str]) -> None:
        if not forgets_contacts(self._factory.chat_file(self._bot.config)):
            return
        try:
            async with asyncio.timeout(UNLINK_DEADLINE):
                await (await self._bot.open_provider()).forget_contact(ids)
        except Exception as error:  # noqa: BLE001 - a provider may raise anything; the caller is told what to do
            log.error("platform did not forget a contact", bot=self._bot.instance_id, **trace_of(error))
            raise InvalidState("The platform's own entries could not be removed, so nothing was; try again.") from None

    async def _conversations_with(self, contact: str | None) -> Collection[str]:
        """Return the conversations with a contact. Raises: ContactNotFound."""
        if contact is None:
            return [ACCOUNT]
        canonical = self._factory.rules(self._bot.config).canonical
        person = await self._store.erasure.known(self._bot.instance_id, contact, canonical)
        if not person.conversations:
            raise ContactNotFound
        return person.conversations

    def _judge(self) -> Judge:
        rules = self._factory.rules(self._bot.config)
        return lambda message, known_ids: rules.judge(message, known_ids, self._clock.now())

    def _redeliver(self, conversations: Iterable[str]) -> None:
        if self._bot.session is not None:
            self._bot.session.redeliver(conversations)


_METHODS: Mapping[type[Command[Any]], Callable[[BotCommands, Any], Awaitable[Any]]] = {
    PauseBot: lambda bot, command: bot._pause(command.contact, command.minutes),
    ResumeBot: lambda bot, command: bot._resume(command.contact),
    RequestPairingCode: lambda bot, command: bot._pairing_code(command.phone),
    RetryDeadLetters: lambda bot, command: bot._retry(command.letter),
    EraseContact: lambda bot, command: bot._forget(command.contact),
    DecideDraft: lambda bot, command: bot._decide_draft(command.number, send=command.send, text=command.text),
    SendOwnerMessage: lambda bot, command: bot._say(command.contact, command.text, command.key),
    UndoAwaySummary: lambda bot, command: bot._undo_brief(command.contact, command.last),
    BeginEvaluation: lambda bot, command: bot._begin_exam(command.most, command.contact),
    CancelEvaluation: lambda bot, command: bot._cancel_exam(),
    ReportLoop: lambda bot, command: bot._loop_found(command.conversation),
}
"""The method that carries out each command."""
