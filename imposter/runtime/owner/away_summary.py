"""Away summaries: a note on the bot's messages for an owner who returns to a chat, and the undo of these messages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from imposter.behaviour.away_summary import SummaryLine, open_lines, told
from imposter.behaviour.guard.commitments import CommitmentKind, Named, objections
from imposter.behaviour.message_text import shown_text
from imposter.contracts.errors import AwaySummaryNotFound, ChatError, InvalidState, NotConnected
from imposter.contracts.messages import Source
from imposter.domain.away_summaries import AwayPeriod
from imposter.domain.owner_notes import Note
from imposter.logs import trace_of
from imposter.runtime.session_context import AnswerReady, SessionContext
from imposter.storage import Store

log = structlog.get_logger()

TOO_LATE = "That is taken back already, or more has been said there since."
RECENT = timedelta(days=7)
"""Owners who return are not told of messages older than this."""


@dataclass(frozen=True, slots=True)
class AwaySummary:
    """The summary of one chat."""

    spell: AwayPeriod
    called: str = ""
    """The name that the owner uses for the contact."""

    @property
    def name(self) -> str:
        """The owner's name for the contact, else the contact's own name, else their id."""
        if self.called:
            return self.called
        theirs = [message for message in self.spell.talk if message.source is Source.CONTACT]
        named = (message.sender_name for message in reversed(theirs) if message.sender_name)
        return next(named, self.spell.said[-1].reply_to)

    @property
    def lines(self) -> list[SummaryLine]:
        return [
            SummaryLine(each.source is Source.BOT, shown_text(each.content, each.kind, each.details))
            for each in self.spell.talk
        ]

    @property
    def promised(self) -> tuple[str, ...]:
        """Passages of the bot that commit the owner, even if the contact named them first."""
        found = (each for message in self.spell.said for each in objections(message.content, Named(())))
        return tuple(dict.fromkeys(each.words for each in found if each.kind is not CommitmentKind.FACT))

    @property
    def unanswered(self) -> tuple[str, ...]:
        return tuple(open_lines(self.lines))


async def brief_of(store: Store, instance_id: str, conversations: Iterable[str]) -> AwaySummary:
    """Return the summary of the latest of one person's conversations. Raises: AwaySummaryNotFound, StorageError."""
    found = [await store.away_summaries.last_spell(instance_id, conversation) for conversation in conversations]
    spells = [spell for spell in found if spell is not None]
    if not spells:
        raise AwaySummaryNotFound
    return AwaySummary(max(spells, key=lambda spell: spell.last))


class AwaySummaries:
    """The messages that were sent in the owner's name while they were away from a chat."""

    def __init__(self, context: SessionContext) -> None:
        self._context = context
        self._claim = context.claim
        self._store = context.store
        self._chat = context.chat
        self._now = context.clock.now
        self._new_id = context.message_ids

    async def came_back(self, conversation: str) -> None:
        """Send the owner the summary of a chat in which they have written again.

        The summary is sent once, however often this is called. Raises: StorageError.
        """
        own_chat, spell = self._chat.own_chat(), await self._spell(conversation)
        if own_chat is None or spell is None or spell.back is None:
            return
        if self._now() - spell.said[-1].sent_at > RECENT:
            return
        known = await self._store.contacts.known(self._claim.instance_id, [conversation])
        called = self._context.policy.display_names.by_owner(known[conversation].identifiers)
        brief = AwaySummary(spell, called or known[conversation].saved)
        text = told(brief.name, brief.lines, brief.promised, undoable=self._chat.takes_back)
        message_id = self._new_id("brief", conversation, spell.back.message_id)
        note = Note(own_chat, text, message_id, spell.back.seq)
        self._context.post(AnswerReady(await self._store.notes.add(self._claim, note)))

    async def undo(self, conversation: str, back: int) -> None:
        """Delete, on every phone, the bot's messages before the owner's message with the sequence number `back`.

        Raises: InvalidState (newer messages exist, or not all could be deleted), NotConnected, StorageError.
        """
        spell = await self._spell(conversation)
        if spell is None or spell.back is None or spell.back.seq != back:
            raise InvalidState(TOO_LATE)
        await self._take_back(spell)

    async def undo_up_to(self, last: int, conversations: Iterable[str]) -> int:
        """Delete the bot's messages up to the sequence number `last`, whether or not the owner has returned.

        Return the number of deleted messages.
        Raises: AwaySummaryNotFound, InvalidState, NotConnected, StorageError.
        """
        brief = await brief_of(self._store, self._claim.instance_id, conversations)
        if brief.spell.last != last:
            raise InvalidState(TOO_LATE)
        await self._take_back(brief.spell)
        return len(brief.spell.said)

    async def _take_back(self, spell: AwayPeriod) -> None:
        if not self._chat.takes_back:
            raise InvalidState("This platform takes no message back.")
        gone = []
        for message in spell.said:
            try:
                await self._chat.take_back(message.reply_to, message.message_id)
            except NotConnected:
                raise
            except (ChatError, TimeoutError) as error:
                log.warning("a message was not taken back", bot=self._claim.instance_id, **trace_of(error))
            else:
                gone.append(message.seq)
        await self._store.away_summaries.undo(self._claim, gone)
        if len(gone) < len(spell.said):
            raise InvalidState(f"{len(spell.said) - len(gone)} of {len(spell.said)} messages could not be taken back.")

    async def _spell(self, conversation: str) -> AwayPeriod | None:
        return await self._store.away_summaries.last_spell(self._claim.instance_id, conversation)
