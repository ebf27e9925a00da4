"""The owner's chat with themselves, in which they give commands to their bot."""

from imposter.contracts.errors import InvalidState
from imposter.domain.drafts import Draft
from imposter.domain.messages import MessageState, StoredMessage, Verdict
from imposter.domain.owner_notes import Note
from imposter.domain.pauses import COMMAND, FOREVER, OWNER_PAUSE, Pause
from imposter.domain.reasons import Reason
from imposter.runtime.account.pause_text import ACCOUNT
from imposter.runtime.owner import notifications
from imposter.runtime.owner.away_summary import AwaySummaries
from imposter.runtime.owner.drafts import Drafts
from imposter.runtime.policy.owner_commands import NO, YES, OwnerCommand, is_undo, order_in, unshaded
from imposter.runtime.session_context import AnswerReady, ConversationSilenced, SessionContext

NO_COMMAND = Reason.OWN_CHAT


class SelfChat:
    """The handler of the commands that the owner writes in the chat with themselves."""

    def __init__(self, context: SessionContext, drafts: Drafts, away_summaries: AwaySummaries) -> None:
        self._context = context
        self._claim = context.claim
        self._store = context.store
        self._chat = context.chat
        self._new_id = context.message_ids
        self._safety = context.safety
        self._drafts = drafts
        self._away_summaries = away_summaries

    async def execute(self, message: StoredMessage) -> None:
        """Carry out a message and settle it. Repeating it after a crash has no further effect. Raises: StorageError."""
        try:
            obeyed = await self._execute(message)
        except InvalidState as refusal:
            obeyed = True
            await self._tell(str(refusal), message)
        verdict = Verdict(MessageState.IGNORED, COMMAND if obeyed else NO_COMMAND)
        await self._store.messages.settle(self._claim, [message.seq], verdict)

    async def _execute(self, message: StoredMessage) -> bool:
        """Return whether the message was a command."""
        order = order_in(message, self._context.policy.contact_policy.base)
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
                await self._away_summaries.undo(*about)
            return undo
        if message.reacts_to is not None:
            return await self._decide(draft, message.content)
        await self._drafts.send(draft.number, message.content)
        return True

    async def _decide(self, draft: Draft, emoji: str) -> bool:
        match unshaded(emoji):
            case x if x == YES:
                if not notifications.is_shown(draft.text):
                    raise InvalidState(notifications.TOO_LONG)
                await self._drafts.send(draft.number)
            case x if x == NO:
                await self._drafts.drop(draft.number)
            case _:
                return False
        return True

    async def _follow(self, order: OwnerCommand, conversation: str) -> None:
        instance_id = self._claim.instance_id
        if order is OwnerCommand.RESUME:
            if conversation == ACCOUNT:
                await self._store.pauses.clear(instance_id)
                self._safety.resume()
            else:
                await self._store.pauses.end(instance_id, [conversation])
                self._safety.release([conversation])
            return
        pause = await self._store.pauses.begin(self._claim, Pause(conversation, OWNER_PAUSE, FOREVER))
        self._safety.hold(pause)
        self._context.post(ConversationSilenced(conversation or None))

    async def _tell(self, text: str, message: StoredMessage) -> None:
        recipient = self._chat.own_chat()
        if recipient is not None:
            note = Note(recipient, text, self._new_id("told", message.message_id))
            self._context.post(AnswerReady(await self._store.notes.add(self._claim, note)))
