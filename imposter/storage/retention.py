"""What has grown old is deleted: in small portions, so that nobody waits for long, and at last out of the files too."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, exists, func, select, tuple_

from imposter.storage.conversations import Kind
from imposter.storage.disappearing import delete_ended
from imposter.storage.jobs import Pending
from imposter.storage.pauses import KEPT
from imposter.storage.records import DeliveryState, MessageState
from imposter.storage.remembered import forget_remembered
from imposter.storage.scrubbing import REMAINS, is_owed, leave, owe, pay, strike_out, write_down, written_down
from imposter.storage.summaries import forget_old as forget_old_summaries
from imposter.storage.tables import aliases, messages, outbox, pauses
from imposter.storage.writer import Writer

AT_ONCE = 100
"""Rows looked at in one commit, which holds others up for 7 to 15 ms (measured on a busy machine, flush included)."""
SCRUB_EVERY = timedelta(days=1)
QUIET = timedelta(minutes=1)
"""Without a message for so long, nobody waits for a scrub."""
_SCRUBBED_AT = "scrubbed_at"


@dataclass(frozen=True, slots=True)
class Portion:
    deleted: int
    last: int | None
    """Where to go on; None when what follows is young enough."""


_on_its_way = outbox.c.state.in_([DeliveryState.PENDING, DeliveryState.SENDING])
_answer, _unsent = messages.alias("answer"), outbox.alias("unsent")
_answer_anchor = func.coalesce(_answer.c.answers, _answer.c.seq)
_has_unsent_answer = exists(
    select(_unsent.c.seq)
    .join(_answer, _answer.c.seq == _unsent.c.seq)
    .where(
        _answer.c.instance_id == messages.c.instance_id,
        _answer.c.conversation == messages.c.conversation,
        _answer_anchor == messages.c.seq,
        _unsent.c.state.in_([DeliveryState.PENDING, DeliveryState.SENDING]),
    )
).correlate(messages)
_PORTION = (
    select(
        messages.c.seq,
        messages.c.received_at,
        (messages.c.state == MessageState.WAITING) | func.coalesce(_on_its_way, False) | _has_unsent_answer,
    )
    .join(outbox, outbox.c.seq == messages.c.seq, isouter=True)
    .where(messages.c.seq > bindparam("after"))
    .order_by(messages.c.seq)
    .limit(AT_ONCE)
)
_DELETE = delete(messages).where(messages.c.seq.in_(bindparam("seqs", expanding=True)))
_NEWEST = select(messages.c.received_at).order_by(messages.c.seq.desc()).limit(1)

_mine, _chat = aliases.alias("mine"), aliases.alias("chat")
_EMPTY_CHATS = delete(aliases).where(
    aliases.c.kind == Kind.CHAT,
    ~exists(
        select(messages.c.seq).where(
            messages.c.instance_id == aliases.c.instance_id, messages.c.conversation == aliases.c.canonical
        )
    ),
)
_seen = select(_mine.c.instance_id, _mine.c.canonical).where(
    _mine.c.kind == Kind.PERSON,
    tuple_(_mine.c.instance_id, _mine.c.alias).in_(select(messages.c.instance_id, messages.c.sender_id))
    | tuple_(_mine.c.instance_id, _mine.c.alias).in_(
        select(_chat.c.instance_id, _chat.c.alias).where(_chat.c.kind == Kind.CHAT)
    ),
)
_GONE_PEOPLE = delete(aliases).where(
    aliases.c.kind == Kind.PERSON, tuple_(aliases.c.instance_id, aliases.c.canonical).not_in(_seen)
)
_ENDED_PAUSES = delete(pauses).where(pauses.c.until <= bindparam("now"))


class RetentionStore:
    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._now = now

    def delete_some(self, before: datetime, after: int = 0) -> Pending[Portion]:
        """Of the oldest rows with a seq above `after`, delete those that came in before this moment; and ended pauses.

        What waits, an answer on its way and the message it answers stay.
        """

        def job(connection: Connection) -> Portion:
            rows = connection.execute(_PORTION, {"after": after}).all()
            old = [(seq, spared) for seq, received_at, spared in rows if received_at < before]
            seqs = [seq for seq, spared in old if not spared]
            if seqs:
                connection.execute(_DELETE, {"seqs": seqs})
            if after == 0 and forget_old_summaries(connection, before):
                leave(connection)
            if connection.execute(_ENDED_PAUSES, {"now": max(before, self._now() - KEPT)}).rowcount or seqs:
                leave(connection)
            return Portion(len(seqs), old[-1][0] if len(old) == AT_ONCE else None)

        return self._submit(job)

    def delete_disappeared(self) -> Pending[int]:
        """Delete some of the messages whose time in their chat is over, and give how many; 0 when none is left."""
        return self._submit(lambda connection: delete_ended(connection, self._now()))

    def tidy(self) -> Pending[bool]:
        """Take what was deleted out of the files, and forget the ids of people of whom nothing is left.

        At most once a day, and only at a quiet moment unless a second day went by without one; SQLite's file is
        written anew for it (measured: 1 s for 140 MB), in which nothing else is stored. What somebody waits for, a
        scrub that failed, is tried again each time. Gives whether one is being done.
        """
        due = False

        def job(connection: Connection) -> bool:
            nonlocal due
            now = self._now()
            remains = written_down(connection, REMAINS) is not None
            if remains and _is_due(connection, now):
                for people in (_EMPTY_CHATS, _GONE_PEOPLE):
                    connection.execute(people)
                forget_remembered(connection)
                strike_out(connection, REMAINS)
                write_down(connection, _SCRUBBED_AT, now.isoformat().encode())
                owe(connection)
            due = is_owed(connection)
            return due

        def afterwards(connection: Connection) -> None:
            if due:
                pay(connection)

        return self._submit(job, afterwards=afterwards)


def _is_due(connection: Connection, now: datetime) -> bool:
    stored = written_down(connection, _SCRUBBED_AT)
    if stored is None:
        return True
    age = abs(now - datetime.fromisoformat(stored.decode()))  # a clock that was set back must not put it off for long
    newest = connection.execute(_NEWEST).scalar_one_or_none()
    quiet = newest is None or now - newest > QUIET
    return age >= (SCRUB_EVERY if quiet else 2 * SCRUB_EVERY)
