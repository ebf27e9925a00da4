"""The owner's chat with themselves: what they say there to their bot."""

from collections.abc import Callable

from imposter.contracts.errors import NotNow
from imposter.runtime import telling
from imposter.runtime.briefs import Briefs
from imposter.runtime.drafts import Drafts
from imposter.runtime.manners import Manners
from imposter.runtime.message_ids import MessageIds
from imposter.runtime.orders import NO, YES, Order, is_undo, order_in, unshaded
from imposter.runtime.pauses import ACCOUNT
from imposter.runtime.ports import ChatPort
from imposter.runtime.safety import Safety
from imposter.storage import Store
from imposter.storage.drafted import Draft
from imposter.storage.notes import Note
from imposter.storage.records import (
    COMMAND,
    FOREVER,
    OWNER_PAUSE,
    Claim,
    MessageState,
    Pause,
    StoredMessage,
    Verdict,
)

NO_COMMAND = "own_chat"


class OwnerChat:
    """For one run. `hushed` hears where the bot is to be silent; `going` where there is something to send."""

    def __init__(
        self,
        claim: Claim,
        *,
        store: Store,
        chat: ChatPort,
        new_id: MessageIds,
        drafts: Drafts,
        briefs: Briefs,
        safety: Safety,
        hushed: Callable[[str | None], None],
        going: Callable[[str], None],
    ) -> None:
        self._claim = claim
        self._store = store
        self._chat = chat
        self._new_id = new_id
        self._drafts = drafts
        self._briefs = briefs
        self._safety = safety
        self._hushed = hushed
        self._going = going

    async def obey(self, message: StoredMessage, manners: Manners) -> None:
        """Do what it says, and settle it. Done again after a crash, it does nothing twice. Raises: StorageError."""
        try:
            obeyed = await self._obey(message, manners)
        except NotNow as refusal:
            obeyed = True
            await self._tell(str(refusal), message)
        verdict = Verdict(MessageState.IGNORED, COMMAND if obeyed else NO_COMMAND)
        await self._store.messages.settle(self._claim, [message.seq], verdict)

    async def _obey(self, message: StoredMessage, manners: Manners) -> bool:
        """False where it is no command."""
        order = order_in(message, manners.base)
        pointed = message.reacts_to or message.quotes
        if pointed is None:
            if order is not None:
                await self._follow(order, ACCOUNT)
            return order is not None
        about = await self._store.notes.about(self._claim.instance_id, message.conversation, pointed)
        if about is None:
            return False
        if order is not None:
            await self._follow(order, about[0])
            return True
        draft = await self._store.drafts.of_note(self._claim.instance_id, pointed)
        if draft is None:
            undo = message.reacts_to is None and is_undo(message.content)
            if undo:
                await self._briefs.undo(*about)
            return undo
        if message.reacts_to is not None:
            return await self._decide(draft, message.content)
        await self._drafts.send(draft.number, message.content)
        return True

    async def _decide(self, draft: Draft, emoji: str) -> bool:
        match unshaded(emoji):
            case x if x == YES:
                if not telling.is_shown(draft.text):
                    raise NotNow(telling.TOO_LONG)
                await self._drafts.send(draft.number)
            case x if x == NO:
                await self._drafts.drop(draft.number)
            case _:
                return False
        return True

    async def _follow(self, order: Order, conversation: str) -> None:
        instance_id = self._claim.instance_id
        if order is Order.RESUME:
            if conversation == ACCOUNT:
                await self._store.pauses.clear(instance_id)
                self._safety.resume()
            else:
                await self._store.pauses.end(instance_id, [conversation])
                self._safety.release([conversation])
            return
        pause = await self._store.pauses.begin(self._claim, Pause(conversation, OWNER_PAUSE, FOREVER))
        self._safety.hold(pause)
        self._hushed(conversation or None)

    async def _tell(self, text: str, message: StoredMessage) -> None:
        recipient = self._chat.own_chat()
        if recipient is not None:
            note = Note(recipient, text, self._new_id("told", message.message_id))
            self._going(await self._store.notes.add(self._claim, note))
