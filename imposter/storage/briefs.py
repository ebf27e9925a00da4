"""What a bot said in its owner's name in one chat, since the owner last wrote there themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, update

from imposter.contracts.messages import NOT_SAID, MessageKind, Source
from imposter.storage import claims
from imposter.storage.jobs import Pending
from imposter.storage.reader import Reader
from imposter.storage.records import UNDONE, Claim, DeliveryState, MessageState, StoredMessage
from imposter.storage.rows import SELECT_STORED, stored
from imposter.storage.tables import anchor, messages, outbox
from imposter.storage.writer import Writer

MOST = 400
"""The newest messages of a chat that are looked at."""

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
    .where(outbox.c.seq == bindparam("undone"), claims.held)
    .values(state=DeliveryState.WITHDRAWN, reason=UNDONE)
)


@dataclass(frozen=True, slots=True)
class Spell:
    """The talk from the first thing that the bot answered, after its owner's last word before that."""

    talk: tuple[StoredMessage, ...]
    """Theirs and the bot's, in order; at least one is the bot's."""
    back: StoredMessage | None
    """The owner's own message that ended it; None: they have not come back yet."""

    @property
    def said(self) -> tuple[StoredMessage, ...]:
        """The bot's."""
        return tuple(message for message in self.talk if message.source is Source.BOT)

    @property
    def last(self) -> int:
        """The seq of the last of these."""
        return self.said[-1].seq


class BriefStore:
    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._submit = writer.submit
        self._read = reader.submit

    def last_spell(self, instance_id: str, conversation: str) -> Pending[Spell | None]:
        """The last one there; None where the bot has said nothing, or nothing that is still said."""

        def job(connection: Connection) -> Spell | None:
            chat = {"instance_id": instance_id, "conversation": conversation}
            newest = [stored(row) for row in connection.execute(_NEWEST, chat)]
            return spell_of(newest[::-1])

        return self._read(job)

    def undo(self, claim: Claim, seqs: Sequence[int]) -> Pending[int]:
        """These answers are taken back: no model sees them any more. Gives how many of them were there.

        Raises from the result: Superseded.
        """

        def job(connection: Connection) -> int:
            claims.check(connection, claim)
            return sum(connection.execute(_UNDO, claims.of(claim) | {"undone": seq}).rowcount for seq in seqs)

        return self._submit(job, claim.instance_id)


def spell_of(chat: Sequence[StoredMessage]) -> Spell | None:
    """`chat` is in order."""
    mine = [place for place, message in enumerate(chat) if message.source is Source.BOT]
    if not mine:
        return None
    owners = [place for place, message in enumerate(chat) if message.source is Source.OWNER]
    begin = max((place + 1 for place in owners if place < mine[-1]), default=0)
    end = min((place for place in owners if place > mine[-1]), default=None)
    return Spell(tuple(chat[begin:end]), None if end is None else chat[end])
