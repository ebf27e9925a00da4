"""Summaries of conversations, and the position from which a conversation is shown to the model.

The shown part starts at the same message from one answer to the next. When it becomes too long, its older half is
dropped. This keeps a vendor's prompt cache useful, and notes are written for many messages at once.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, exists, select, true, update
from sqlalchemy.dialects.postgresql import insert

from imposter.contracts.config import Limits
from imposter.contracts.model import LONGEST_SUMMARY
from imposter.domain.claims import Claim
from imposter.domain.messages import StoredMessage
from imposter.domain.summaries import Summary, ToNote
from imposter.storage.conversation.names import NameStore
from imposter.storage.conversation.turns import BEFORE, TurnRow, people_in, turns_of
from imposter.storage.database.jobs import Pending
from imposter.storage.database.reader import Reader
from imposter.storage.database.writer import Writer
from imposter.storage.schema import fencing
from imposter.storage.schema.secure_delete import mark_pending, run_if_pending
from imposter.storage.schema.tables import messages, summaries

MOST_NOTED = 200
"""The most messages for one note, the newest; MOST_CHARACTERS limits their length."""
MOST_CHARACTERS = 24_000


_of_bot = summaries.c.instance_id == bindparam("bot")
_of_chat = (_of_bot, summaries.c.conversation == bindparam("chat"))
_READ = select(summaries).where(*_of_chat)
_OF_THESE = select(summaries).where(_of_bot, summaries.c.conversation.in_(bindparam("chats", expanding=True)))
_insert = insert(summaries)
_SHOW_FROM = _insert.on_conflict_do_update(
    index_elements=["instance_id", "conversation"], set_={"shown_from": _insert.excluded.shown_from}
)
_WRITE = _insert.on_conflict_do_update(
    index_elements=["instance_id", "conversation"],
    set_={"text": _insert.excluded.text, "changed_at": _insert.excluded.changed_at, "by_owner": true()},
)
_NOTE = (
    update(summaries)
    .where(*_of_chat, summaries.c.changed_at == bindparam("read_at"))
    .values(text=bindparam("notes"), noted_until=bindparam("noted"), changed_at=bindparam("now"), by_owner=None)
)
_FORGET = delete(summaries).where(_of_bot, summaries.c.conversation.in_(bindparam("chats", expanding=True)))
_FORGET_NOTED = delete(summaries).where(
    *_of_chat, summaries.c.noted_until > bindparam("place"), summaries.c.by_owner.is_not(true())
)
_NOTE_ANEW = (
    update(summaries)
    .where(*_of_chat)
    .values(
        noted_until=case((summaries.c.noted_until > bindparam("place"), 0), else_=summaries.c.noted_until),
        changed_at=bindparam("now"),
    )
)
# An older version on the same database erases a person without deleting their notes.
_OF_NOBODY = delete(summaries).where(
    ~exists(
        select(messages.c.seq).where(
            messages.c.instance_id == summaries.c.instance_id, messages.c.conversation == summaries.c.conversation
        )
    )
)
_OLD = delete(summaries).where(summaries.c.changed_at < bindparam("moment"))


class SummaryStore:
    def __init__(self, writer: Writer, reader: Reader, names: NameStore, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._read = reader.submit
        self._names = names
        self._now = now

    def read(self, instance_id: str, conversation: str) -> Pending[Summary | None]:
        def job(connection: Connection) -> Summary | None:
            row: Any = connection.execute(_READ, {"bot": instance_id, "chat": conversation}).first()
            return None if row is None else Summary(row.text, row.changed_at)

        return self._read(job)

    def write(self, instance_id: str, conversation: str, text: str) -> Pending[None]:
        """Store the owner's own notes in place of earlier ones; empty for none.

        The old text is also removed from the files.
        """

        def job(connection: Connection) -> None:
            row = _new_row(instance_id, conversation, text, 0, 0, self._now()) | {"by_owner": True}
            connection.execute(_WRITE, row)
            mark_pending(connection)

        return self._submit(job, instance_id, afterwards=run_if_pending)

    def to_note(self, instance_id: str, conversation: str) -> Pending[ToNote | None]:
        """Return the turns that are no longer shown and not summarised yet; None if there are none."""

        def job(connection: Connection) -> ToNote | None:
            row: Any = connection.execute(_READ, {"bot": instance_id, "chat": conversation}).first()
            if row is None or row.noted_until >= row.shown_from:
                return None
            places = {"since": row.noted_until, "until": row.shown_from, "most": MOST_NOTED}
            of_chat = {"instance_id": instance_id, "conversation": conversation}
            newest_first = [TurnRow(*found) for found in connection.execute(BEFORE, of_chat | places)]
            fitting = list(_fitting(newest_first, MOST_NOTED, MOST_CHARACTERS))
            names = self._names.of(connection, instance_id, people_in(fitting))
            turns = turns_of(connection, instance_id, conversation, fitting[::-1], names)
            return ToNote(row.text, turns, row.shown_from, row.changed_at)

        return self._read(job)

    def note(self, claim: Claim, conversation: str, noted: ToNote, text: str) -> Pending[bool]:
        """Store `text` in place of `noted.before`. Return False if the owner changed or erased the notes meanwhile.

        Raises from the result: Superseded.
        """

        def job(connection: Connection) -> bool:
            fencing.check(connection, claim)
            written = connection.execute(
                _NOTE,
                {
                    "bot": claim.instance_id,
                    "chat": conversation,
                    "read_at": noted.changed_at,
                    "notes": text[:LONGEST_SUMMARY],
                    "noted": noted.until,
                    "now": self._now(),
                },
            )
            return written.rowcount == 1

        return self._submit(job, claim.instance_id)


def shown(
    limits: Limits,
    waits: Sequence[StoredMessage],
    newest_first: Sequence[TurnRow],
    oldest: datetime,
    half_as_old: datetime,
) -> tuple[list[TurnRow], int | None]:
    """Return the earlier messages to show, and the new position of the first one if that changes.

    `newest_first` holds the messages since the last position, with one more than the limit if there are that many.
    `oldest` limits their age, and `half_as_old` limits it when the older half is dropped.
    """
    room = limits.max_characters - sum(len(message.content) for message in waits)
    most = max(0, limits.max_messages - len(waits))
    fitting = list(_fitting(newest_first, most, room, oldest))
    if len(fitting) == len(newest_first):
        return fitting, None
    # The present answer still sees everything that fits. The notes on the rest are made after it.
    half = list(_fitting(newest_first, (most + 1) // 2, min(room, limits.max_characters // 2), half_as_old))
    # An answer has the same position as its question; one must not be shown without the other.
    while half and newest_first[len(half)].anchor == half[-1].anchor:
        half.pop()
    return fitting, half[-1].anchor if half else waits[0].seq


def move(connection: Connection, instance_id: str, conversation: str, shown_from: int, now: datetime) -> None:
    """Show the model the conversation from this position on."""
    connection.execute(_SHOW_FROM, _new_row(instance_id, conversation, "", shown_from, 0, now))


def merge(connection: Connection, instance_id: str, survivor: str, absorbed: Sequence[str]) -> None:
    """Merge the notes of conversations that turned out to be one. The position is then determined again."""
    chats = [survivor, *absorbed]
    names = {"bot": instance_id, "chats": chats}
    rows: Sequence[Any] = connection.execute(_OF_THESE, names).all()
    if not rows:
        return
    connection.execute(_FORGET, names)
    # A part that is not summarised in one of them will be summarised; parts that already are may appear twice.
    noted = min(row.noted_until for row in rows) if len(rows) == len(chats) else 0
    text = "\n".join(row.text[: LONGEST_SUMMARY // len(rows)] for row in rows if row.text)[:LONGEST_SUMMARY]
    # Later than all of them, so that notes in progress, which lack the other conversations, are discarded.
    changed = max(row.changed_at for row in rows) + timedelta(microseconds=1)
    connection.execute(_insert, _new_row(instance_id, survivor, text, 0, noted, changed))


def forget(connection: Connection, instance_id: str, conversations: Collection[str]) -> None:
    """Delete the notes of conversations in which a person is erased. They are written again without that person."""
    connection.execute(_FORGET, {"bot": instance_id, "chats": list(conversations)})


def forget_from(
    connection: Connection, instance_id: str, conversation: str, place: int, now: datetime, *, is_gone: bool
) -> None:
    """Discard notes that cover a message at this position, because it was changed or deleted; they are written again.

    If it is gone, notes that may contain it are deleted, except for the owner's own. Notes in progress are discarded.
    """
    of_chat = {"bot": instance_id, "chat": conversation, "place": place}
    if is_gone:
        connection.execute(_FORGET_NOTED, of_chat)
    connection.execute(_NOTE_ANEW, of_chat | {"now": now})


def forget_old(connection: Connection, before: datetime) -> int:
    """Delete notes that were not changed since `before` or whose chat is empty, and return their number."""
    return connection.execute(_OLD, {"moment": before}).rowcount + connection.execute(_OF_NOBODY).rowcount


def _fitting(
    newest_first: Sequence[TurnRow], most: int, characters: int, oldest: datetime | None = None
) -> Iterator[TurnRow]:
    for said in newest_first[:most]:
        characters -= said.characters
        if characters < 0 or (oldest is not None and said.sent_at < oldest):
            return
        yield said


def _new_row(
    instance_id: str, conversation: str, text: str, shown_from: int, noted_until: int, now: datetime
) -> dict[str, Any]:
    return {
        "instance_id": instance_id,
        "conversation": conversation,
        "text": text,
        "shown_from": shown_from,
        "noted_until": noted_until,
        "changed_at": now,
    }
