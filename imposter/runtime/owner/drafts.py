"""The drafts of a running bot: creation, notes to the owner, decisions and expiry."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from imposter.contracts.behaviour import Behaviour
from imposter.contracts.errors import DraftNotFound, InvalidState
from imposter.domain.claims import Superseded
from imposter.domain.deliveries import Part
from imposter.domain.drafts import Draft, DraftState
from imposter.domain.messages import StoredMessage, Work
from imposter.domain.owner_notes import Note
from imposter.domain.usage import Usage
from imposter.logs import trace_of
from imposter.runtime.owner import notifications
from imposter.runtime.policy.approval import RequireApproval
from imposter.runtime.policy.display_names import ids_in
from imposter.runtime.retry import backoff
from imposter.runtime.session_context import AnswerReady, SessionContext
from imposter.runtime.timers import LONGEST_SLEEP, Timers
from imposter.storage.schema.storable_text import clean

log = structlog.get_logger()

EXPIRY = "expiry"


class Drafts:
    """The drafts of one bot."""

    def __init__(self, context: SessionContext) -> None:
        self._context = context
        self._claim = context.claim
        self._store = context.store
        self._chat = context.chat
        self._new_id = context.message_ids
        self._clock = context.clock
        self._chance = context.chance
        self._open: dict[int, Draft] = {}
        self._timers = Timers(context.instance_id, context.clock)
        self._expiring: asyncio.Task[None] | None = None
        self._taking_back: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        """Load the drafts of earlier runs. Raises: StorageError."""
        await self._expire()
        self._watch()

    async def close(self) -> None:
        tasks = [*self._taking_back, *([self._expiring] if self._expiring is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def propose(
        self,
        work: Work,
        hold: RequireApproval,
        behaviour: Behaviour,
        *,
        instead: Sequence[Part] = (),
        trace: str | None = None,
        used: Sequence[Usage] = (),
    ) -> bool:
        """Store an answer as a draft for the owner. Return False if its messages no longer wait. Raises: StorageError.

        `instead` is sent to the contact meanwhile.
        """
        until = self._clock.now() + timedelta(minutes=behaviour.draft_minutes)
        own_chat, message = self._chat.own_chat(), work.message
        asked: Sequence[StoredMessage] = ()
        if own_chat is not None:
            known = await self._store.contacts.known(self._claim.instance_id, ids_in(work.messages))
            asked = [self._context.policy.display_names.of_message(each, known) for each in work.messages]

        def note(number: int, about: int) -> Note:
            assert own_chat is not None  # noqa: S101 - a note is only made if there is an own chat
            text = notifications.of_draft(asked, clean(hold.text).strip(), hold.why, hold.detail, until)
            return Note(own_chat, text, self._new_id("note", str(number)), about)

        draft = await self._store.drafts.propose(
            self._claim,
            work.seqs,
            hold.text,
            hold.why,
            until,
            note=note if own_chat is not None else None,
            instead=instead,
            trace=trace,
            used=used,
        )
        if draft is None:
            return False
        self._open[draft.number] = draft
        self._timers.wake(EXPIRY)
        self._watch()
        if instead:
            self._context.post(AnswerReady(message.conversation))
        if own_chat is not None:
            self._context.post(AnswerReady(await self._store.notes.place(self._claim.instance_id, own_chat)))
        return True

    async def reopen(self, conversation: str, *, changed: bool = False) -> None:
        """Have the messages of open drafts wait again if other messages wait in the conversation. Raises: StorageError.

        `changed`: a message may have been edited or deleted.
        """
        open_here = [draft.number for draft in self._open.values() if draft.conversation == conversation]
        if changed or open_here:
            await self._store.drafts.reopen(self._claim, conversation, changed=changed)
        if changed and open_here and self._chat.takes_back:
            taking = asyncio.create_task(self._take_back(open_here), name=f"notes:{self._claim.instance_id}")
            self._taking_back.add(taking)
            taking.add_done_callback(self._taking_back.discard)

    async def _take_back(self, numbers: Sequence[int]) -> None:
        """Delete outdated notes from the owner's own chat, so that only the current one remains."""
        own_chat = self._chat.own_chat()
        for number in numbers:
            try:
                draft = await self._store.drafts.get(self._claim.instance_id, number)
                if own_chat is None or draft.state is not DraftState.REPLACED or draft.note_id is None:
                    continue
                self._open.pop(number, None)
                await self._chat.take_back(own_chat, draft.note_id)
                await self._store.notes.forget(self._claim, draft.note_id)
            except DraftNotFound:
                continue
            except Exception as error:  # noqa: BLE001 - a foreign provider may raise anything; the note stays
                log.warning("a note was not taken back", bot=self._claim.instance_id, **trace_of(error))

    async def send(self, number: int, text: str | None = None) -> Draft:
        """Send a draft, or `text` in its place. Return the draft as it was decided, now or earlier.

        Raises: DraftNotFound, InvalidState (it is too late, or the text is empty), StorageError.
        """
        draft = await self._get(number)
        words = (text if text is not None else draft.text).strip()
        if not words:
            raise InvalidState(notifications.EMPTY if draft.state is DraftState.OPEN else notifications.too_late(draft))
        parts = [Part(words, self._new_id("draft", str(number)))]
        if not await self._store.drafts.send(self._claim, number, parts, edited=words != draft.text.strip()):
            raise InvalidState(notifications.too_late(await self._decided(number)))
        self._context.post(AnswerReady(draft.conversation))
        return await self._decided(number)

    async def drop(self, number: int) -> Draft:
        """Drop a draft. Raises: DraftNotFound, InvalidState (it is too late), StorageError."""
        if not await self._store.drafts.drop(self._claim, number):
            draft = await self._decided(number)
            if draft.state is not DraftState.DROPPED:
                raise InvalidState(notifications.too_late(draft))
        return await self._decided(number)

    async def _decided(self, number: int) -> Draft:
        draft = await self._get(number)
        self._open.pop(number, None)
        return draft

    async def _get(self, number: int) -> Draft:
        """Return a draft with the contact's display name."""
        draft = await self._store.drafts.get(self._claim.instance_id, number)
        return self._context.policy.display_names.of_draft(
            draft, await self._store.contacts.known(self._claim.instance_id, [draft.sender_id])
        )

    def _watch(self) -> None:
        """Run the expiry task while a draft is open."""
        if self._open and (self._expiring is None or self._expiring.done()):
            self._expiring = asyncio.create_task(self._keep_expiring(), name=f"drafts:{self._claim.instance_id}")

    async def _keep_expiring(self) -> None:
        failures = 0
        while self._open:
            ends = min(draft.expires_at for draft in self._open.values())
            left = (ends - self._clock.now()).total_seconds()
            try:
                await self._timers.rest(EXPIRY, max(0.0, min(left, LONGEST_SLEEP)))
                await self._expire()
                failures = 0
            except Superseded:
                return
            except Exception as error:  # noqa: BLE001 - a store that does not answer is retried
                failures += 1
                log.error("drafts could not be looked at", bot=self._claim.instance_id, **trace_of(error))
                await self._clock.sleep(backoff(failures, self._chance))

    async def _expire(self) -> None:
        left = await self._store.drafts.expire(self._claim)
        self._open = {draft.number: draft for draft in left}
