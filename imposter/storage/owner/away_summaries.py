"""Periods in which a bot spoke for its owner in a chat."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, update

from imposter.contracts.messages import NOT_SAID, MessageKind, Source
from imposter.domain.away_summaries import AwayPeriod
from imposter.domain.claims import Claim
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import UNDONE, MessageState, StoredMessage
from imposter.storage.database.jobs import Pending
from imposter.storage.database.reader import Reader
from imposter.storage.database.writer import Writer
from imposter.storage.schema import fencing
from imposter.storage.schema.rows import SELECT_STORED, stored
from imposter.storage.schema.tables import anchor, messages, outbox

MOST = 400
"""The newest messages of a chat that are searched."""

_of_chat = (messages.c.instance_id == bindparam("instance_id"), messages.c.conversation == bindparam("conversation"))
_NEWEST = (
    SELECT_STORED.where(*_of_chat, messages.c.state != MessageState.IGNORED)
    .where(messages.c.kind != MessageKind.REACTION, messages.c.kind.not_in(list(NOT_SAID)))
    .where(outbox.c.state.is_(None) | outbox.c.state.not_in([DeliveryState.FAILED, DeliveryState.WITHDRAWN]))
    .order_by(anchor.desc(), messages.c.seq.desc())
    .limit(MOST)
)
_UNDO = (
    update(outbox)
    .where(outbox.c.seq == bindparam("undone"), fencing.held)
    .values(state=DeliveryState.WITHDRAWN, reason=UNDONE)
)


class AwaySummaryStore:
    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._submit = writer.submit
        self._read = reader.submit

    def last_spell(self, instance_id: str, conversation: str) -> Pending[AwayPeriod | None]:
        """Return the last period; None if the bot said nothing there, or all of it was taken back."""

        def job(connection: Connection) -> AwayPeriod | None:
            chat = {"instance_id": instance_id, "conversation": conversation}
            newest = [stored(row) for row in connection.execute(_NEWEST, chat)]
            return spell_of(newest[::-1])

        return self._read(job)

    def undo(self, claim: Claim, seqs: Sequence[int]) -> Pending[int]:
        """Mark answers as taken back, so that no model is shown them, and return how many were found.

        Raises from the result: Superseded.
        """

        def job(connection: Connection) -> int:
            fencing.check(connection, claim)
            return sum(connection.execute(_UNDO, fencing.of(claim) | {"undone": seq}).rowcount for seq in seqs)

        return self._submit(job, claim.instance_id)


def spell_of(chat: Sequence[StoredMessage]) -> AwayPeriod | None:
    """Return the last period in the messages of a chat, which must be in order."""
    mine = [place for place, message in enumerate(chat) if message.source is Source.BOT]
    if not mine:
        return None
    owners = [place for place, message in enumerate(chat) if message.source is Source.OWNER]
    begin = max((place + 1 for place in owners if place < mine[-1]), default=0)
    end = min((place for place in owners if place > mine[-1]), default=None)
    return AwayPeriod(tuple(chat[begin:end]), None if end is None else chat[end])
