"""Notes on what was said before the turns that a model is shown, by conversation; and from where on it is shown them.

What is shown begins at the same message from one answer to the next, until it is too much: then half of it goes. So a
vendor's cache of prompts works, and the notes are written for many messages at once.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from imposter.contracts.config import Limits
from imposter.contracts.messages import Source, Turn
from imposter.contracts.model import LONGEST_SUMMARY
from imposter.storage import claims
from imposter.storage.records import Claim, DeliveryState, MessageState, StoredMessage
from imposter.storage.scrubbing import owe, pay
from imposter.storage.tables import anchor, messages, outbox, summaries
from imposter.storage.writer import Pending, Writer

MOST_NOTED = 200
"""Messages that one note is made of, the newest; with them MOST_CHARACTERS."""
MOST_CHARACTERS = 24_000

DECLINED = "ModelDeclined"
"""The reason of what a model's vendor would refuse again, in any prompt that holds it."""


class Said(NamedTuple):
    """In the order of BEFORE's columns; the first two are its place in the conversation."""

    anchor: int
    seq: int
    source: Source
    content: str
    sender_name: str
    group_id: str | None
    sent_at: datetime
    unseen: str | None

    @classmethod
    def of(cls, message: StoredMessage) -> "Said":
        """Of one that waits."""
        m = message
        return cls(m.seq, m.seq, m.source, m.content, m.sender_name, m.group_id, m.sent_at, m.unseen)

    @property
    def turn(self) -> Turn:
        in_group = self.group_id is not None
        return Turn(self.source, self.content, self.sender_name, in_group, self.sent_at, self.unseen)


@dataclass(frozen=True, slots=True)
class Summary:
    text: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ToNote:
    """What is to be noted down."""

    before: str
    """The notes so far."""
    turns: tuple[Turn, ...]
    until: int
    """The place of the first message that is not among them."""
    changed_at: datetime
    """When the notes so far were changed last, or begun anew."""


_of_conversation = (
    messages.c.instance_id == bindparam("instance_id"),
    messages.c.conversation == bindparam("conversation"),
)
BEFORE = (
    # Only what a turn is made of: reading whole messages is a tenth of all that the Store does for an answer.
    select(
        anchor,
        messages.c.seq,
        messages.c.source,
        messages.c.content,
        messages.c.sender_name,
        messages.c.group_id,
        messages.c.sent_at,
        messages.c.unseen,
    )
    .select_from(messages.outerjoin(outbox, outbox.c.seq == messages.c.seq))
    .where(*_of_conversation, anchor < bindparam("until"), anchor >= bindparam("since"))
    .where(messages.c.state != MessageState.IGNORED)
    .where(messages.c.reason.is_distinct_from(DECLINED))
    .where(outbox.c.state.is_(None) | outbox.c.state.not_in([DeliveryState.FAILED, DeliveryState.WITHDRAWN]))
    .order_by(anchor.desc(), messages.c.seq.desc())
    .limit(bindparam("most"))
)
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
    set_={"text": _insert.excluded.text, "changed_at": _insert.excluded.changed_at},
)
_NOTE = (
    update(summaries)
    .where(*_of_chat, summaries.c.changed_at == bindparam("read_at"))
    .values(text=bindparam("notes"), noted_until=bindparam("noted"), changed_at=bindparam("now"))
)
_FORGET = delete(summaries).where(_of_bot, summaries.c.conversation.in_(bindparam("chats", expanding=True)))
# An older program that shares the database forgets a person without their notes.
_OF_NOBODY = delete(summaries).where(
    ~exists(
        select(messages.c.seq).where(
            messages.c.instance_id == summaries.c.instance_id, messages.c.conversation == summaries.c.conversation
        )
    )
)
_OLD = delete(summaries).where(summaries.c.changed_at < bindparam("moment"))


class SummaryStore:
    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._now = now

    def read(self, instance_id: str, conversation: str) -> Pending[Summary | None]:
        def job(connection: Connection) -> Summary | None:
            row: Any = connection.execute(_READ, {"bot": instance_id, "chat": conversation}).first()
            return None if row is None else Summary(row.text, row.changed_at)

        return self._submit(job)

    def write(self, instance_id: str, conversation: str, text: str) -> Pending[None]:
        """The owner's own notes in place of those there were; empty: none. What they replace leaves the files, too."""

        def job(connection: Connection) -> None:
            connection.execute(_WRITE, _new_row(instance_id, conversation, text, 0, 0, self._now()))
            owe(connection)

        return self._submit(job, afterwards=pay)

    def to_note(self, instance_id: str, conversation: str) -> Pending[ToNote | None]:
        """What the model is no longer shown and is not noted down; None where there is nothing."""

        def job(connection: Connection) -> ToNote | None:
            row: Any = connection.execute(_READ, {"bot": instance_id, "chat": conversation}).first()
            if row is None or row.noted_until >= row.shown_from:
                return None
            places = {"since": row.noted_until, "until": row.shown_from, "most": MOST_NOTED}
            of_chat = {"instance_id": instance_id, "conversation": conversation}
            newest_first = [Said(*found) for found in connection.execute(BEFORE, of_chat | places)]
            fitting = list(_fitting(newest_first, MOST_NOTED, MOST_CHARACTERS))
            return ToNote(row.text, tuple(said.turn for said in reversed(fitting)), row.shown_from, row.changed_at)

        return self._submit(job)

    def note(self, claim: Claim, conversation: str, noted: ToNote, text: str) -> Pending[bool]:
        """Put `text` in place of `noted.before`; False where the owner has changed that meanwhile, or it is forgotten.

        Raises from the result: Superseded.
        """

        def job(connection: Connection) -> bool:
            claims.check(connection, claim)
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

        return self._submit(job)


def shown(
    limits: Limits,
    waits: Sequence[StoredMessage],
    newest_first: Sequence[Said],
    oldest: datetime,
    half_as_old: datetime,
) -> tuple[list[Said], int | None]:
    """What the model is shown of what was said before, and the place where that begins if it is another than before.

    `newest_first`: since the place where it began, one more than there may be where there are so many. `oldest` and
    `half_as_old`: how old it may be, and may be where half of it goes.
    """
    room = limits.max_characters - sum(len(message.content) for message in waits)
    most = max(0, limits.max_messages - len(waits))
    fitting = list(_fitting(newest_first, most, room, oldest))
    if len(fitting) == len(newest_first):
        return fitting, None
    # This one is still shown all that fits: the notes on the rest are made once it is answered.
    half = list(_fitting(newest_first, (most + 1) // 2, min(room, limits.max_characters // 2), half_as_old))
    # An answer has the place of what it answers: the one is not to be shown without the other.
    while half and newest_first[len(half)].anchor == half[-1].anchor:
        half.pop()
    return fitting, half[-1].anchor if half else waits[0].seq


def move(connection: Connection, instance_id: str, conversation: str, shown_from: int, now: datetime) -> None:
    """From now on the model is shown what stands from this place on."""
    connection.execute(_SHOW_FROM, _new_row(instance_id, conversation, "", shown_from, 0, now))


def merge(connection: Connection, instance_id: str, survivor: str, absorbed: Sequence[str]) -> None:
    """These are one conversation; what is shown of it is found anew."""
    chats = [survivor, *absorbed]
    names = {"bot": instance_id, "chats": chats}
    rows: Sequence[Any] = connection.execute(_OF_THESE, names).all()
    if not rows:
        return
    connection.execute(_FORGET, names)
    # What nobody has noted down of one of them is noted down, and what is noted down already may be so twice.
    noted = min(row.noted_until for row in rows) if len(rows) == len(chats) else 0
    text = "\n".join(row.text[: LONGEST_SUMMARY // len(rows)] for row in rows if row.text)[:LONGEST_SUMMARY]
    # Later than any of them, so that notes in the making, which know nothing of the others, are not kept.
    changed = max(row.changed_at for row in rows) + timedelta(microseconds=1)
    connection.execute(_insert, _new_row(instance_id, survivor, text, 0, noted, changed))


def forget(connection: Connection, instance_id: str, conversations: Collection[str]) -> None:
    """In all of these somebody is forgotten: what was noted down of the others is noted down anew."""
    connection.execute(_FORGET, {"bot": instance_id, "chats": list(conversations)})


def forget_old(connection: Connection, before: datetime) -> int:
    """How many notes went that nobody has changed since then, or of whose chat nothing is left."""
    return connection.execute(_OLD, {"moment": before}).rowcount + connection.execute(_OF_NOBODY).rowcount


def _fitting(
    newest_first: Sequence[Said], most: int, characters: int, oldest: datetime | None = None
) -> Iterator[Said]:
    for said in newest_first[:most]:
        characters -= len(said.content)
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
