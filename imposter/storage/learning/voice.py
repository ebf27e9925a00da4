"""The owner's own messages, from imported chats and from stored conversations, which are not stored twice.

An answer is only ever read for the conversation in which it was given, so that no contact's words reach another.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, true

from imposter.contracts.messages import OWN_WORDS, Source
from imposter.domain.messages import MessageState
from imposter.storage.conversation.identity import AliasKind
from imposter.storage.database.jobs import Pending
from imposter.storage.database.reader import Reader
from imposter.storage.database.writer import Writer
from imposter.storage.schema.secure_delete import mark_pending, run_if_pending
from imposter.storage.schema.storable_text import clean
from imposter.storage.schema.tables import aliases, anchor, messages, voice_lines

AT_ONCE = 500
"""Lines written or deleted in one commit."""
MOST_KEPT = 20_000
"""Lines of one bot. Further imports replace the oldest."""
MOST_OF_CONTACT = 400
"""The newest imported lines of a chat that are read for an answer."""
MOST_SAID = 600
"""The newest messages of a chat that are read for an answer."""
MOST_OF_ALL = 2_000
"""The newest imported lines, and the newest messages searched for the owner's, from which the general style is
derived."""

Canonical = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class VoiceLine:
    """Consecutive messages of the owner and their question. The question is empty if the owner wrote first or several
    people asked."""

    question: str
    bubbles: tuple[str, ...]
    said_at: datetime
    after: float | None
    """Seconds after the question."""


@dataclass(frozen=True, slots=True)
class SaidLine:
    """A stored message."""

    conversation: str
    source: Source
    content: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class VoiceSources:
    """Imported lines and stored messages, each sorted oldest first."""

    imported: tuple[VoiceLine, ...]
    said: tuple[SaidLine, ...]


_of_bot = voice_lines.c.instance_id == bindparam("instance_id")
_of_contacts = voice_lines.c.contact.in_(bindparam("contacts", expanding=True))
_ADD = insert(voice_lines)
_COLUMNS = select(
    voice_lines.c.question, voice_lines.c.answer, voice_lines.c.said_at, voice_lines.c.waited, voice_lines.c.number
)
_NEWEST_OF = _COLUMNS.where(_of_bot, _of_contacts).order_by(voice_lines.c.number.desc()).limit(MOST_OF_CONTACT)
_NEWEST = _COLUMNS.where(_of_bot).order_by(voice_lines.c.number.desc()).limit(MOST_OF_ALL)
_COUNTS = (
    select(voice_lines.c.contact, func.count().label("lines"))
    .where(_of_bot)
    .group_by(voice_lines.c.contact)
    .order_by(func.count().desc(), voice_lines.c.contact)
)
_LAST_KEPT = (
    select(voice_lines.c.number).where(_of_bot).order_by(voice_lines.c.number.desc()).offset(MOST_KEPT).limit(1)
)
_DELETE_UP_TO = delete(voice_lines).where(_of_bot, voice_lines.c.number <= bindparam("last"))
_SOME = select(voice_lines.c.number).where(_of_bot).limit(AT_ONCE)
_SOME_OF = _SOME.where(_of_contacts)
_DELETE = delete(voice_lines).where(voice_lines.c.number.in_(bindparam("numbers", expanding=True)))
_OLDEST = select(voice_lines.c.number, voice_lines.c.added_at).order_by(voice_lines.c.number).limit(AT_ONCE)
_CONTACTS = select(voice_lines.c.contact).where(_of_bot).distinct()
_CHAT_IDS = select(aliases.c.alias).where(
    aliases.c.instance_id == bindparam("instance_id"),
    aliases.c.kind == AliasKind.CHAT.value,
    aliases.c.canonical == bindparam("conversation"),
)

_spoken = (
    messages.c.instance_id == bindparam("instance_id"),
    messages.c.state != MessageState.IGNORED,
    messages.c.kind.in_(list(OWN_WORDS)),
    # Forwarded messages do not show how the owner writes. Other people's messages without text still count as a break.
    (messages.c.source != Source.OWNER) | ((messages.c.content != "") & messages.c.forwarded.is_not(true())),
)
_SAID_IN = (
    select(messages.c.conversation, messages.c.source, messages.c.content, messages.c.sent_at, messages.c.seq)
    .where(*_spoken, messages.c.conversation == bindparam("conversation"))
    .order_by(anchor.desc(), messages.c.seq.desc())
    .limit(MOST_SAID)
)
_recent = (
    # The owner's messages have the state CONTEXT, so an index returns them in order and no other rows are read.
    select(
        messages.c.conversation,
        messages.c.source,
        messages.c.content,
        messages.c.sent_at,
        messages.c.seq,
        messages.c.kind,
        messages.c.forwarded,
    )
    .where(messages.c.instance_id == bindparam("instance_id"), messages.c.state == MessageState.CONTEXT)
    .order_by(messages.c.seq.desc())
    .limit(MOST_OF_ALL)
    .subquery()
)
_SAID_RECENTLY = (
    select(_recent.c.conversation, _recent.c.source, _recent.c.content, _recent.c.sent_at)
    .where(_recent.c.source == Source.OWNER, _recent.c.content != "")
    .where(_recent.c.kind.in_(list(OWN_WORDS)), _recent.c.forwarded.is_not(true()))
    .order_by(_recent.c.seq)
)


class VoiceStore:
    def __init__(self, writer: Writer, reader: Reader, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._read = reader.submit
        self._now = now

    async def replace(self, instance_id: str, contact: str, lines: Sequence[VoiceLine]) -> None:
        """Store the owner's lines to one contact, oldest first, in place of those imported before.

        This is done in batches; repeat it if it is interrupted. Raises: StorageError (also if the bot is gone).
        """
        await self._clear({"instance_id": instance_id, "contacts": [clean(contact)]})
        for begin in range(0, len(lines), AT_ONCE):
            await self._add(instance_id, contact, lines[begin : begin + AT_ONCE])

    def _add(self, instance_id: str, contact: str, lines: Sequence[VoiceLine]) -> Pending[None]:
        def job(connection: Connection) -> None:
            now = self._now()
            rows = [
                {
                    "instance_id": instance_id,
                    "contact": clean(contact),
                    "question": clean(line.question),
                    "answer": json.dumps([clean(bubble) for bubble in line.bubbles], ensure_ascii=False),
                    "said_at": line.said_at,
                    "waited": line.after,
                    "added_at": now,
                }
                for line in lines
            ]
            connection.execute(_ADD, rows)
            last = connection.execute(_LAST_KEPT, {"instance_id": instance_id}).scalar_one_or_none()
            if last is not None:
                connection.execute(_DELETE_UP_TO, {"instance_id": instance_id, "last": last})
                mark_pending(connection)

        return self._submit(job)

    async def delete(self, instance_id: str) -> int:
        """Delete all imported lines of a bot, also from the files, and return their number.

        Raises: StorageError. Call it again if it is interrupted.
        """
        gone = await self._clear({"instance_id": instance_id})
        if gone:
            await self._submit(lambda connection: None, afterwards=run_if_pending)
        return gone

    async def _clear(self, which: dict[str, Any]) -> int:
        gone = 0
        while deleted := await self._clear_some(which):
            gone += deleted
        return gone

    def _clear_some(self, which: dict[str, Any]) -> Pending[int]:
        def job(connection: Connection) -> int:
            numbers = list(connection.execute(_SOME_OF if "contacts" in which else _SOME, which).scalars())
            if numbers:
                connection.execute(_DELETE, {"numbers": numbers})
                mark_pending(connection)
            return len(numbers)

        return self._submit(job)

    def delete_old(self, before: datetime) -> Pending[int]:
        """Delete some lines imported before this time. Return their number, 0 if none is left."""

        def job(connection: Connection) -> int:
            oldest = connection.execute(_OLDEST).all()
            numbers = [number for number, added_at in oldest if added_at < before]
            if numbers:
                connection.execute(_DELETE, {"numbers": numbers})
                mark_pending(connection)
            return len(numbers)

        return self._submit(job)

    def counts(self, instance_id: str) -> Pending[dict[str, int]]:
        """Return the number of imported lines by contact, highest first."""
        return self._read(
            lambda connection: {
                row.contact: row.lines for row in connection.execute(_COUNTS, {"instance_id": instance_id})
            }
        )

    def of_chat(self, instance_id: str, conversation: str, canonical: Canonical) -> Pending[VoiceSources]:
        """Return the lines of this conversation: those imported under any of its ids, and its stored messages."""

        def job(connection: Connection) -> VoiceSources:
            chat = {"instance_id": instance_id, "conversation": conversation}
            ids = {conversation, *connection.execute(_CHAT_IDS, chat).scalars()}
            contacts = sorted(ids | {canonical(name) for name in ids})
            imported = connection.execute(_NEWEST_OF, {"instance_id": instance_id, "contacts": contacts})
            said = connection.execute(_SAID_IN, chat).all()
            return VoiceSources(_lines(imported), tuple(SaidLine(*row[:4]) for row in reversed(said)))

        return self._read(job)

    def of_all(self, instance_id: str) -> Pending[VoiceSources]:
        """Return the owner's recent lines in all chats, without anyone else's.

        Use it for statistics, not for its words.
        """

        def job(connection: Connection) -> VoiceSources:
            bot = {"instance_id": instance_id}
            imported = connection.execute(_NEWEST, bot)
            return VoiceSources(
                _lines(imported), tuple(SaidLine(*row) for row in connection.execute(_SAID_RECENTLY, bot))
            )

        return self._read(job)


def is_in_voice(connection: Connection, instance_id: str, spellings: Collection[str]) -> bool:
    """Return whether lines were imported under one of these ids. The contact may never have written here."""
    of = {"instance_id": instance_id, "contacts": list(spellings)}
    return connection.execute(_NEWEST_OF.limit(1), of).first() is not None


def forget(connection: Connection, instance_id: str, ids: frozenset[str], canonical: Canonical) -> int:
    """Delete the lines imported under any of these ids, in any spelling, and return their number."""
    bot = {"instance_id": instance_id}
    spelled = ids | {canonical(name) for name in ids}
    theirs = [
        contact
        for contact in connection.execute(_CONTACTS, bot).scalars()
        if contact in spelled or canonical(contact) in spelled
    ]
    if not theirs:
        return 0
    return connection.execute(delete(voice_lines).where(_of_bot, _of_contacts), bot | {"contacts": theirs}).rowcount


def _lines(newest_first: Any) -> tuple[VoiceLine, ...]:
    found = [
        VoiceLine(question, tuple(json.loads(answer)), said_at, after)
        for question, answer, said_at, after, _ in newest_first
    ]
    return tuple(reversed(found))
