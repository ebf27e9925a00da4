"""Every message of every bot, and what is to be done about it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from imposter.contracts.config import Limits
from imposter.contracts.messages import Message, Source, Turn
from imposter.storage import claims, unfinished, waiting
from imposter.storage.intake import accept, clean
from imposter.storage.records import (
    RETRIED,
    Accepted,
    Claim,
    DeliveryState,
    Judge,
    MessageState,
    Outgoing,
    StoredMessage,
    Verdict,
    Work,
)
from imposter.storage.rows import SELECT_OUTGOING, SELECT_STORED, outgoing, stored
from imposter.storage.tables import anchor, messages, outbox
from imposter.storage.writer import Pending, Writer

T = TypeVar("T")

_of_bot = messages.c.instance_id == bindparam("instance_id")
_of_conversation = messages.c.conversation == bindparam("conversation")
_is_waiting = messages.c.state == MessageState.WAITING

TOO_OLD = Verdict(MessageState.CONTEXT, "too_old")
MOST_AT_ONCE = 200
"""Messages that one answer is for."""

_theirs = outbox.alias("theirs")
_NEXT = (
    SELECT_STORED.add_columns(
        # What another bot said has its answer's id; asked here, it costs no statement of its own.
        select(_theirs.c.seq)
        .where(_theirs.c.message_id == messages.c.message_id, _theirs.c.instance_id != messages.c.instance_id)
        .limit(1)
        .scalar_subquery()
        .label("said_as")
    )
    .where(_of_bot, _of_conversation, _is_waiting)
    .order_by(messages.c.seq)
    .limit(MOST_AT_ONCE)
)
_SAID_BY = (
    select(outbox.c.seq, outbox.c.instance_id, messages.c.conversation)
    .join(messages, messages.c.seq == outbox.c.seq)
    .where(outbox.c.seq.in_(bindparam("answers", expanding=True)))
)
_BEFORE = (
    # Only what a turn is made of: reading whole messages is a tenth of all that the Store does for an answer.
    select(anchor, messages.c.seq, messages.c.source, messages.c.content, messages.c.sender_name, messages.c.group_id)
    .select_from(messages.outerjoin(outbox, outbox.c.seq == messages.c.seq))
    .where(_of_bot, _of_conversation, anchor < bindparam("seq"))
    .where(messages.c.state != MessageState.IGNORED, messages.c.sent_at >= bindparam("cutoff"))
    .where(outbox.c.state.is_(None) | outbox.c.state.not_in([DeliveryState.FAILED, DeliveryState.WITHDRAWN]))
    .order_by(anchor.desc(), messages.c.seq.desc())
    .limit(bindparam("most"))
)
_MARK_ANSWERED = (
    update(messages)
    .where(messages.c.seq == bindparam("answered"), _is_waiting, claims.held)
    .values(state=MessageState.ANSWERED, reason=None)
    .returning(
        messages.c.instance_id,
        messages.c.conversation,
        messages.c.group_id,
        messages.c.group_name,
        messages.c.reply_to,
    )
)
_MARK_JOINED = (
    update(messages)
    .where(messages.c.seq == bindparam("earlier"), _is_waiting)
    .values(state=MessageState.ANSWERED, reason=None, joined=bindparam("last"))
)
_ANSWER = SELECT_OUTGOING.where(
    outbox.c.instance_id == bindparam("instance_id"), outbox.c.message_id == bindparam("message_id")
)
# SQLite's compiler knows this of PostgreSQL's, too.
_ADD_TURN = (
    upsert(messages)
    .on_conflict_do_nothing(index_elements=["instance_id", "conversation", "message_id"])
    .returning(messages.c.seq)
)
_ADD_DELIVERY = insert(outbox)
_WAITING_COUNT = select(func.count()).where(_of_bot, _is_waiting)
_WAITING_OF = select(func.count()).where(messages.c.instance_id.in_(bindparam("bots", expanding=True)), _is_waiting)
_WAITING_COUNTS = (
    select(messages.c.instance_id.label("bot"), func.count().label("waiting"))
    .where(_is_waiting)
    .group_by(messages.c.instance_id)
)
_PAGE = SELECT_STORED.where(_of_bot).order_by(messages.c.seq.desc()).limit(bindparam("most"))


class MessageStore:
    """Messages in, answers out. Everything a call does is one commit."""

    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._now = now
        self.evicted = 0
        """Messages, since this began."""

    def add(
        self,
        instance_id: str,
        message: Message,
        limits: Limits,
        judge: Judge,
        busy: Callable[[], Collection[int]],
        *,
        claim: Claim | None = None,
    ) -> Pending[Accepted]:
        """Store `message` with what `judge` decides, and evict what the queue has no more room for.

        `busy` names the rows being answered right now, which are never evicted. It and `judge` are called on the
        writer's thread. A message already stored, or an echo of our own answer, is not stored again.

        With a `claim` of the bot it is stored only as long as that holds. Raises from the result: Superseded.
        """
        pending = self._submit(
            lambda connection: accept(connection, instance_id, message, limits, judge, busy, self._now(), claim),
        )
        pending.add_done_callback(lambda done: self._count(done, lambda accepted: len(accepted.evicted)))
        return pending

    def take(
        self,
        instance_id: str,
        conversation: str,
        limits: Limits,
        *,
        busy: Collection[int] = (),
        queue: Limits | None = None,
        answer_within: timedelta | None = None,
    ) -> Pending[Work | None]:
        """All that waits in the conversation and is not busy, with what was said before; one answer is for all of it.

        What waits is always among the turns; `limits` bounds what is said before it, newest first. What waits for
        longer than `queue` (default: `limits`) allows is evicted first, and what waits for longer than `answer_within`
        (None: no bound) becomes context.
        """
        spared = frozenset(busy)
        evicted = 0

        def job(connection: Connection) -> Work | None:
            nonlocal evicted
            now = self._now()
            of_conversation = {"instance_id": instance_id, "conversation": conversation}
            found = connection.execute(_NEXT, of_conversation).all()
            free = [stored(row[:-1]) for row in found if row.seq not in spared]
            waits, evicted = _still_due(connection, free, now, queue or limits, answer_within)
            if not waits:
                return None
            before = connection.execute(
                _BEFORE,
                of_conversation
                | {"seq": waits[-1].seq, "cutoff": waiting.cutoff(limits, now), "most": limits.max_messages - 1},
            )
            seqs = {message.seq for message in waits}
            said = [_Said(*row) for row in before if row.seq not in seqs]
            heard = [_Said(m.seq, m.seq, m.source, m.content, m.sender_name, m.group_id) for m in waits]
            turns = sorted([*heard, *_within(limits, waits, said)])
            theirs = {row.seq: row.said_as for row in found if row.said_as is not None and row.seq in seqs}
            return Work(
                tuple(waits),
                tuple(map(_turn, turns)),
                more=len(found) == MOST_AT_ONCE,
                said_by=_said_by(connection, theirs) if theirs else {},
            )

        pending = self._submit(job)
        pending.add_done_callback(lambda done: self._count(done, lambda _: evicted))
        return pending

    def answer(self, claim: Claim, seqs: Sequence[int], text: str, *, message_id: str) -> Pending[Outgoing | None]:
        """Store the answer to waiting messages and put it in the outbox; None if the last of them no longer waits.

        `message_id` is used once: where an answer of this id is stored already, that one stands and is returned.
        Raises from the result: Superseded.
        """
        *earlier, last = seqs

        def job(connection: Connection) -> Outgoing | None:
            question = connection.execute(_MARK_ANSWERED, claims.of(claim) | {"answered": last}).first()
            if question is None:
                claims.check(connection, claim)
                return None
            if earlier:
                connection.execute(_MARK_JOINED, [{"earlier": seq, "last": last} for seq in earlier])
            instance_id, conversation, group_id, group_name, reply_to = question
            key = {"instance_id": instance_id, "message_id": message_id}
            content, now = clean(text), self._now()
            turn: int | None = connection.execute(
                _ADD_TURN,
                key
                | {
                    "conversation": conversation,
                    "source": Source.BOT,
                    "content": content,
                    "characters": len(content),
                    "sender_id": Source.BOT,
                    "sender_name": "",
                    "group_id": group_id,
                    "group_name": group_name,
                    "reply_to": reply_to,
                    "sent_at": now,
                    "received_at": now,
                    "state": MessageState.CONTEXT,
                    "answers": last,
                },
            ).scalar_one_or_none()
            if turn is None:
                return outgoing(connection.execute(_ANSWER, key).one())
            state = DeliveryState.PENDING
            connection.execute(_ADD_DELIVERY, key | {"seq": turn, "state": state, "attempts": 0, "created_at": now})
            return Outgoing(message_id, instance_id, conversation, reply_to, content, state, attempts=0, created_at=now)

        return self._submit(job)

    def settle(self, claim: Claim, seqs: Sequence[int], verdict: Verdict) -> Pending[int]:
        """Give waiting messages their final state. Gives how many still waited. Raises from the result: Superseded."""

        def job(connection: Connection) -> int:
            claims.check(connection, claim)
            return unfinished.settle(connection, seqs, verdict)

        return self._submit(job)

    def unfinished(self, instance_id: str) -> Pending[list[str]]:
        """Conversations with a message that waits or an answer that is not sent, the longest waiting first."""
        return self._submit(lambda connection: unfinished.conversations(connection, instance_id))

    def waiting_count(self, instance_id: str) -> Pending[int]:
        return self._submit(
            lambda connection: connection.execute(_WAITING_COUNT, {"instance_id": instance_id}).scalar_one()
        )

    def waiting_of(self, instance_ids: Collection[str]) -> Pending[int]:
        """How many wait for an answer of any of these bots."""
        bots = {"bots": list(instance_ids)}
        return self._submit(lambda connection: connection.execute(_WAITING_OF, bots).scalar_one())

    def waiting_counts(self) -> Pending[dict[str, int]]:
        """By bot; of those for whom anything waits."""
        return self._submit(lambda connection: {row.bot: row.waiting for row in connection.execute(_WAITING_COUNTS)})

    def page(
        self, instance_id: str, *, conversation: str | None = None, before: int | None = None, limit: int = 50
    ) -> Pending[list[StoredMessage]]:
        """Up to `limit` messages with a seq below `before`, newest first."""
        statement, parameters = _PAGE, {"instance_id": instance_id, "most": limit}
        if conversation is not None:
            statement, parameters = statement.where(_of_conversation), parameters | {"conversation": conversation}
        if before is not None:
            statement = statement.where(messages.c.seq < before)
        return self._submit(lambda connection: [stored(row) for row in connection.execute(statement, parameters)])

    def sent_text(self, instance_id: str, message_id: str) -> Pending[str | None]:
        """The text of our answer with this id; None if there is none."""

        def job(connection: Connection) -> str | None:
            row = connection.execute(_ANSWER, {"instance_id": instance_id, "message_id": message_id}).first()
            return row and row.content

        return self._submit(job)

    def _count(self, done: Future[T], evicted: Callable[[T], int]) -> None:
        """Only what is durable counts."""
        if done.exception() is None:
            self.evicted += evicted(done.result())


def _still_due(
    connection: Connection,
    waits: Iterable[StoredMessage],
    now: datetime,
    queue: Limits,
    answer_within: timedelta | None,
) -> tuple[list[StoredMessage], int]:
    """Those that are still to be answered, and how many were evicted."""
    due = []
    evicted = 0
    for message in waits:
        if message.reason == RETRIED:
            due.append(message)
        elif message.sent_at < waiting.cutoff(queue, now):
            waiting.evict(connection, {message.seq: waiting.TOO_OLD})
            evicted += 1
        elif answer_within and now - message.received_at > answer_within:
            unfinished.settle(connection, [message.seq], TOO_OLD)
        else:
            due.append(message)
    return due, evicted


def _said_by(connection: Connection, theirs: Mapping[int, int]) -> dict[int, tuple[str, str]]:
    """`theirs`: by seq, the seq that the message has as an answer of another bot."""
    found = connection.execute(_SAID_BY, {"answers": list(theirs.values())})
    bots = {answer: (instance_id, conversation) for answer, instance_id, conversation in found}
    return {seq: bots[answer] for seq, answer in theirs.items() if answer in bots}  # else forgotten just now


class _Said(NamedTuple):
    """In the order of `_BEFORE`'s columns; the first two are its place in the conversation."""

    anchor: int
    seq: int
    source: Source
    content: str
    sender_name: str
    group_id: str | None


def _within(limits: Limits, waits: Sequence[StoredMessage], newest_first: Sequence[_Said]) -> Iterator[_Said]:
    """As many as there is room for beside `waits`."""
    room = limits.max_characters - sum(len(message.content) for message in waits)
    for turn in newest_first[: max(0, limits.max_messages - len(waits))]:
        room -= len(turn.content)
        if room < 0:
            return
        yield turn


def _turn(said: _Said) -> Turn:
    return Turn(said.source, said.content, author=said.sender_name, in_group=said.group_id is not None)
