"""Deletion of old data, in small batches that do not block other jobs, and its removal from the files."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Delete, bindparam, delete, exists, func, select

from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import MessageState
from imposter.storage.conversation.identity import AliasKind
from imposter.storage.conversation.summaries import forget_old as forget_old_summaries
from imposter.storage.database.engine import is_quickly_rewritten
from imposter.storage.database.jobs import Pending
from imposter.storage.database.reader import Reader
from imposter.storage.database.writer import Writer
from imposter.storage.messages.deleted_ids import forget_old as forget_old_marks
from imposter.storage.queue.pauses import KEPT
from imposter.storage.schema.connection_cache import forget_remembered, pauses_of
from imposter.storage.schema.meta_values import read_value, remove_value, write_value
from imposter.storage.schema.secure_delete import REMAINS, is_pending_deletion, leave, mark_pending, scrub
from imposter.storage.schema.tables import aliases, messages, outbox, pauses
from imposter.storage.upkeep.disappearing_messages import delete_ended

AT_ONCE = 100
"""Rows processed in one commit, which blocks others for 7 to 15 ms (measured on a busy machine, flush included)."""
SCRUB_EVERY = timedelta(days=1)
QUIET = timedelta(minutes=1)
"""Time without a message after which a scrub disturbs nobody."""
_SCRUBBED_AT = "scrubbed_at"
LAST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class RetentionBatch:
    deleted: int
    last: int | None
    """The position to continue from; None if the following messages are not old enough."""


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

_in_portion = (aliases.c.number > bindparam("after"), aliases.c.number <= bindparam("until"))
_END_OF_PORTION = (
    select(aliases.c.number)
    .where(aliases.c.number > bindparam("after"))
    .order_by(aliases.c.number)
    .offset(AT_ONCE - 1)
    .limit(1)
)
_EMPTY_CHATS = delete(aliases).where(
    *_in_portion,
    aliases.c.kind == AliasKind.CHAT,
    ~exists(
        select(messages.c.seq).where(
            messages.c.instance_id == aliases.c.instance_id, messages.c.conversation == aliases.c.canonical
        )
    ),
)
_mine, _chat = aliases.alias("mine"), aliases.alias("chat")
_is_a_chat = exists(
    select(_chat.c.number).where(
        _chat.c.instance_id == _mine.c.instance_id, _chat.c.kind == AliasKind.CHAT, _chat.c.alias == _mine.c.alias
    )
)
_spoke_in_a_group = exists(
    select(messages.c.seq).where(
        messages.c.instance_id == _mine.c.instance_id,
        messages.c.sender_id == _mine.c.alias,
        messages.c.group_id.is_not(None),
    )
)
_GONE_PEOPLE = delete(aliases).where(
    *_in_portion,
    aliases.c.kind == AliasKind.PERSON,
    ~exists(
        select(_mine.c.number)
        .where(
            _mine.c.instance_id == aliases.c.instance_id,
            _mine.c.kind == AliasKind.PERSON,
            _mine.c.canonical == aliases.c.canonical,
        )
        .where(_is_a_chat | _spoke_in_a_group)
    ),
)
_ENDED_PAUSES = delete(pauses).where(pauses.c.until <= bindparam("now"))


class RetentionStore:
    def __init__(self, writer: Writer, reader: Reader, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._read = reader.submit
        self._now = now

    def delete_some(self, before: datetime, after: int = 0) -> Pending[RetentionBatch]:
        """Delete messages received before this time, among the oldest with a seq above `after`, and ended pauses.

        Waiting messages, unsent answers and their questions stay.
        """

        def job(connection: Connection) -> RetentionBatch:
            rows = connection.execute(_PORTION, {"after": after}).all()
            old = [(seq, spared) for seq, received_at, spared in rows if received_at < before]
            seqs = [seq for seq, spared in old if not spared]
            if seqs:
                connection.execute(_DELETE, {"seqs": seqs})
            if after == 0 and forget_old_summaries(connection, before):
                leave(connection)
            if after == 0:
                forget_old_marks(connection, self._now())
            ended = connection.execute(_ENDED_PAUSES, {"now": max(before, self._now() - KEPT)}).rowcount
            if ended:
                pauses_of(connection).clear()
            if ended or seqs:
                leave(connection)
            return RetentionBatch(len(seqs), old[-1][0] if len(old) == AT_ONCE else None)

        return self._submit(job)

    def delete_disappeared(self) -> Pending[int]:
        """Delete some messages that have disappeared from their chats. Return their number, 0 if none is left."""
        return self._submit(lambda connection: delete_ended(connection, self._now()))

    async def tidy(self) -> bool:
        """Remove deleted data from the files, and the ids of people without any remaining data.

        This happens at most once a day, and only at a quiet time unless there was none for a second day. A pending
        scrub is tried on each call (see `scrub_if_quiet`). Return whether there was anything to do. Raises:
        StorageError.
        """
        if await self._submit(self._begin_tidying):
            for statement in (_EMPTY_CHATS, _GONE_PEOPLE):
                after: int | None = 0
                while after is not None:
                    after = await self._forget_some(statement, after)
        return await self.scrub_if_quiet()

    def _begin_tidying(self, connection: Connection) -> bool:
        if read_value(connection, REMAINS) is None or not _is_due(connection, self._now()):
            return False
        remove_value(connection, REMAINS)
        mark_pending(connection)
        return True

    def _forget_some(self, statement: Delete, after: int) -> Pending[int | None]:
        """Delete ids of one batch. Return where the next begins; None if this was the last."""

        def job(connection: Connection) -> int | None:
            until: int | None = connection.execute(_END_OF_PORTION, {"after": after}).scalar_one_or_none()
            if connection.execute(statement, {"after": after, "until": until or LAST}).rowcount:
                forget_remembered(connection)
            return until

        return self._submit(job)

    async def scrub_if_quiet(self) -> bool:
        """Rewrite the file if a scrub is pending: a small file at once, a large one at a quiet time.

        Nothing else can be stored meanwhile, so a large file waits for a quiet time, but no longer than a day. Return
        whether a scrub was pending. Raises: StorageError (from reading whether it is).
        """
        if not await self._read(is_pending_deletion):
            return False

        def afterwards(connection: Connection) -> None:
            now = self._now()
            with connection.begin():
                is_time = _is_quiet_or_late(connection, now)
                if not is_time and _age(connection, now) is None:
                    write_value(connection, _SCRUBBED_AT, now.isoformat().encode())  # the day starts now
            if is_time or is_quickly_rewritten(connection):
                scrub(connection)
                with connection.begin():
                    write_value(connection, _SCRUBBED_AT, now.isoformat().encode())

        await self._submit(lambda connection: None, afterwards=afterwards)
        return True


def _is_due(connection: Connection, now: datetime) -> bool:
    age = _age(connection, now)
    return age is None or age >= (SCRUB_EVERY if _is_quiet(connection, now) else 2 * SCRUB_EVERY)


def _is_quiet_or_late(connection: Connection, now: datetime) -> bool:
    age = _age(connection, now)
    return _is_quiet(connection, now) or (age is not None and age >= SCRUB_EVERY)


def _age(connection: Connection, now: datetime) -> timedelta | None:
    """Return the time since the last scrub."""
    stored = read_value(connection, _SCRUBBED_AT)
    # If the clock was set back, the scrub must not be delayed for long.
    return None if stored is None else abs(now - datetime.fromisoformat(stored.decode()))


def _is_quiet(connection: Connection, now: datetime) -> bool:
    newest = connection.execute(_NEWEST).scalar_one_or_none()
    return newest is None or now - newest > QUIET
