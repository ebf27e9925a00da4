"""What an owner who comes back to a chat is told of what was said there in their name, and taking it back."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from imposter.behaviour.brief import Line, told
from imposter.contracts.errors import ChatError, NotConnected, NotNow
from imposter.contracts.messages import Source
from imposter.logs import trace_of
from imposter.runtime.ports import ChatPort
from imposter.storage import Store
from imposter.storage.briefs import Spell
from imposter.storage.notes import Note
from imposter.storage.records import Claim

log = structlog.get_logger()

RECENT = timedelta(days=7)
"""Of what was said longer ago the owner is not told when they come back."""


class Briefs:
    """For one run. `new_id` makes the id of a message, the same for the same; `going` hears where one is to be sent."""

    def __init__(
        self,
        claim: Claim,
        *,
        store: Store,
        chat: ChatPort,
        now: Callable[[], datetime],
        new_id: Callable[..., str],
        going: Callable[[str], None],
    ) -> None:
        self._claim = claim
        self._store = store
        self._chat = chat
        self._now = now
        self._new_id = new_id
        self._going = going

    async def came_back(self, conversation: str) -> None:
        """Its owner has written there: tell them, once, however often this is asked. Raises: StorageError."""
        own_chat, spell = self._chat.own_chat(), await self._spell(conversation)
        if own_chat is None or spell is None or spell.back is None:
            return
        if self._now() - spell.said[-1].sent_at > RECENT:
            return
        talk = [Line(message.source is Source.BOT, message.content) for message in spell.talk]
        theirs = [message for message in spell.talk if message.source is Source.CONTACT]
        name = next((message.sender_name for message in reversed(theirs) if message.sender_name), spell.back.reply_to)
        text = told(name, talk, [], undoable=self._chat.takes_back)
        message_id = self._new_id("brief", conversation, spell.back.message_id)
        self._going(await self._store.notes.add(self._claim, Note(own_chat, text, message_id, spell.back.seq)))

    async def undo(self, conversation: str, back: int) -> None:
        """Take back, on every phone, what was said there before the owner's message with this seq.

        Raises: NotNow (it is no longer the last that was said there, or not all of it could be taken back),
        NotConnected, StorageError.
        """
        spell = await self._spell(conversation)
        if spell is None or spell.back is None or spell.back.seq != back:
            raise NotNow("That is taken back already, or more has been said there since.")
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
        await self._store.briefs.undo(self._claim, gone)
        if len(gone) < len(spell.said):
            raise NotNow(f"{len(spell.said) - len(gone)} of {len(spell.said)} messages could not be taken back.")

    async def _spell(self, conversation: str) -> Spell | None:
        return await self._store.briefs.last_spell(self._claim.instance_id, conversation)
