"""Drafts: answers that wait for the owner's approval. A draft has one outcome, decided by the first decision.

Until then, its messages are context with the reason `drafted`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, insert, select, update

from imposter.contracts.errors import DraftNotFound
from imposter.domain.claims import Claim
from imposter.domain.deliveries import Outgoing, Part
from imposter.domain.drafts import Draft, DraftState
from imposter.domain.messages import DRAFTED, MessageState, Verdict
from imposter.domain.owner_notes import Note
from imposter.domain.reasons import Reason
from imposter.domain.usage import Usage
from imposter.storage.database.jobs import Pending
from imposter.storage.database.reader import Reader
from imposter.storage.database.writer import Writer
from imposter.storage.messages import answering, changes
from imposter.storage.messages.owner_notes import say
from imposter.storage.queue import draft_rows, pending_work
from imposter.storage.queue.draft_rows import COLUMNS
from imposter.storage.reports import usage
from imposter.storage.schema import fencing
from imposter.storage.schema.storable_text import clean
from imposter.storage.schema.tables import drafts, messages

EXPIRED = Reason.DRAFT_EXPIRED
DROPPED = Reason.DRAFT_DROPPED
LAST = 2**63 - 1


MakeNote = Callable[[int, int], Note]
"""Makes the note for a draft from its number and the seq of its message. It runs inside the commit, so it must be pure
and fast."""

_PAGE = COLUMNS.where(drafts.c.number < bindparam("before")).order_by(drafts.c.number.desc()).limit(bindparam("most"))
_ONE = COLUMNS.where(drafts.c.number == bindparam("asked"))
_OF_NOTE = COLUMNS.where(drafts.c.note_id == bindparam("note"))
_DECIDE = (
    update(drafts)
    .where(drafts.c.number == bindparam("asked"), draft_rows.is_open, drafts.c.expires_at > bindparam("moment"))
    .values(state=bindparam("becomes"), decided_at=bindparam("moment"))
)
_IS_WAITED_IN = select(
    exists().where(
        messages.c.instance_id == bindparam("bot"),
        messages.c.conversation == bindparam("chat"),
        messages.c.state == MessageState.WAITING,
    )
)
_ADD = insert(drafts).returning(drafts.c.number)
_SHOW = update(drafts).where(drafts.c.number == bindparam("asked")).values(note_id=bindparam("note"))


class DraftStore:
    """The drafts of all bots. Each call is one commit."""

    def __init__(self, writer: Writer, reader: Reader, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._read = reader.submit
        self._now = now

    def propose(
        self,
        claim: Claim,
        seqs: Sequence[int],
        text: str,
        why: str,
        expires_at: datetime,
        *,
        note: MakeNote | None = None,
        instead: Sequence[Part] = (),
        trace: str | None = None,
        used: Sequence[Usage] = (),
    ) -> Pending[Draft | None]:
        """Store a draft for waiting messages, and show it to the owner with `note`.

        Return None if the messages no longer wait. The parts `instead` are sent to the contact meanwhile; they and the
        note are put into the outbox. `trace` and `used` are as in `MessageStore.answer`.

        Raises from the result: Superseded.
        """

        def job(connection: Connection) -> Draft | None:
            fencing.check(connection, claim)
            bot, now = claim.instance_id, self._now()
            usage.record(connection, bot, seqs[-1], used)
            if pending_work.is_changed(connection, seqs):
                return None
            if not pending_work.settle(connection, seqs, Verdict(MessageState.CONTEXT, DRAFTED), trace):
                return None
            columns = {
                "instance_id": bot,
                "answers": seqs[-1],
                "text": clean(text),
                "why": why,
                "state": DraftState.OPEN,
                "created_at": now,
                "expires_at": expires_at,
            }
            number: int = connection.execute(_ADD, columns).scalar_one()
            answering.put(connection, answering.question(connection, seqs[-1]), instead, now)
            if note is not None:
                shown = note(number, seqs[-1])
                say(connection, bot, shown, now)
                connection.execute(_SHOW, {"asked": number, "note": shown.message_id})
            return _get(connection, bot, number)

        return self._submit(job, claim.instance_id)

    def send(self, claim: Claim, number: int, parts: Sequence[Part], *, edited: bool) -> Pending[list[Outgoing]]:
        """Send these parts as the answer of a draft. Return no parts if the draft is decided already or has expired.

        Raises from the result: DraftNotFound, Superseded.
        """

        def job(connection: Connection) -> list[Outgoing]:
            draft = self._decide(connection, claim, number, DraftState.EDITED if edited else DraftState.SENT)
            if draft is None:
                return []
            draft_rows.settle(connection, claim.instance_id, draft, MessageState.ANSWERED, None)
            return answering.put(connection, answering.question(connection, draft.answers), parts, self._now())

        return self._submit(job, claim.instance_id)

    def drop(self, claim: Claim, number: int) -> Pending[bool]:
        """Drop a draft. Return False if it is decided already or has expired.

        Raises from the result: DraftNotFound, Superseded.
        """

        def job(connection: Connection) -> bool:
            draft = self._decide(connection, claim, number, DraftState.DROPPED)
            if draft is not None:
                draft_rows.settle(connection, claim.instance_id, draft, MessageState.CONTEXT, DROPPED)
            return draft is not None

        return self._submit(job, claim.instance_id)

    def expire(self, claim: Claim) -> Pending[list[Draft]]:
        """Close expired drafts and return the open ones, earliest expiry first.

        Raises from the result: Superseded.
        """

        def job(connection: Connection) -> list[Draft]:
            fencing.check(connection, claim)
            now, left = self._now(), []
            for draft in draft_rows.still_open(connection, claim.instance_id):
                if draft.expires_at > now:
                    left.append(draft)
                else:
                    draft_rows.close(connection, draft, DraftState.EXPIRED, now)
                    draft_rows.settle(connection, claim.instance_id, draft, MessageState.CONTEXT, EXPIRED)
            return left

        return self._submit(job, claim.instance_id)

    def reopen(self, claim: Claim, conversation: str, *, changed: bool = False) -> Pending[bool]:
        """If messages wait in the conversation, let the messages of its drafts wait again and replace the drafts.

        Drafts without text are left to the owner. If messages were `changed`, answered messages wait again if their
        answer is unsent: call it while nothing is being sent there. Return whether a draft was replaced.

        Raises from the result: Superseded.
        """

        def job(connection: Connection) -> bool:
            fencing.check(connection, claim)
            bot, reopened = claim.instance_id, False
            if changed:
                changes.reopen(connection, bot, conversation)
            if connection.execute(_IS_WAITED_IN, {"bot": bot, "chat": conversation}).scalar_one():
                for draft in draft_rows.still_open(connection, bot):
                    if draft.conversation == conversation and draft.text:
                        draft_rows.close(connection, draft, DraftState.REPLACED, self._now())
                        draft_rows.settle(connection, bot, draft, MessageState.WAITING, None)
                        reopened = True
            return reopened

        return self._submit(job, claim.instance_id)

    def page(self, instance_id: str, *, before: int | None = None, limit: int = 50) -> Pending[list[Draft]]:
        """Return up to `limit` drafts in any state with a number below `before`, newest first."""
        of = {"bot": instance_id, "before": LAST if before is None else before, "most": limit}
        return self._read(lambda connection: draft_rows.found(connection, _PAGE, of))

    def get(self, instance_id: str, number: int) -> Pending[Draft]:
        """Return a draft. Raises from the result: DraftNotFound."""
        return self._read(lambda connection: _get(connection, instance_id, number))

    def of_note(self, instance_id: str, note_id: str) -> Pending[Draft | None]:
        """Return the draft that this message in the owner's own chat shows; None if there is none."""
        of = {"bot": instance_id, "note": note_id}
        return self._read(lambda connection: next(iter(draft_rows.found(connection, _OF_NOTE, of)), None))

    def _decide(self, connection: Connection, claim: Claim, number: int, state: DraftState) -> Draft | None:
        """Decide a draft. Return it if this call decided it, else None."""
        fencing.check(connection, claim)
        draft = _get(connection, claim.instance_id, number)
        decision = {"asked": number, "becomes": state, "moment": self._now()}
        return draft if connection.execute(_DECIDE, decision).rowcount else None


def _get(connection: Connection, instance_id: str, number: int) -> Draft:
    for draft in draft_rows.found(connection, _ONE, {"bot": instance_id, "asked": number}):
        return draft
    raise DraftNotFound
