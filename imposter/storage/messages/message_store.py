"""The store of all bots' messages and of the work that they cause."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, func, select, union_all

from imposter.contracts.chat import KeptMessage, SentMessage
from imposter.contracts.config import Limits
from imposter.contracts.messages import UNREADABLE, Message, Source
from imposter.domain.claims import Claim
from imposter.domain.decisions import Decision
from imposter.domain.deliveries import DeliveryState, Outgoing, Part
from imposter.domain.messages import (
    ASKED_AGAIN,
    RETRIED,
    Accepted,
    BotTotals,
    Judge,
    MessageState,
    NotYet,
    StoredMessage,
    Timing,
    Verdict,
    Work,
)
from imposter.domain.reasons import Reason
from imposter.domain.usage import Usage
from imposter.storage.conversation.identity import conversations_of, ids_of_person, locate
from imposter.storage.conversation.names import NameStore
from imposter.storage.conversation.summaries import move, shown
from imposter.storage.conversation.turns import BEFORE, TurnRow, people_in, turns_of
from imposter.storage.database import round_trips
from imposter.storage.database.jobs import Pending
from imposter.storage.database.reader import Reader
from imposter.storage.database.writer import Writer
from imposter.storage.messages import answering, decisions, deleted_ids
from imposter.storage.messages.changes import own_id
from imposter.storage.messages.intake import DUPLICATE, accept
from imposter.storage.queue import pending_work, queue_limits, unread
from imposter.storage.reports import usage
from imposter.storage.schema import fencing
from imposter.storage.schema.rows import SELECT_STORED, received, stored
from imposter.storage.schema.storable_text import storable
from imposter.storage.schema.tables import anchor, messages, names, outbox, summaries

T = TypeVar("T")

_of_bot = messages.c.instance_id == bindparam("instance_id")
_of_conversation = messages.c.conversation == bindparam("conversation")
_is_waiting = messages.c.state == MessageState.WAITING

TOO_OLD = Verdict(MessageState.CONTEXT, Reason.TOO_OLD)
MOST_AT_ONCE = 200
"""The most messages that one answer covers."""

_theirs, _said = outbox.alias("theirs"), messages.alias("said")
_NEXT = (
    SELECT_STORED.add_columns(
        # A message from another bot has the id of that bot's answer. Asked here, it costs no extra statement.
        # In a group, only answers sent there count: members know the ids of answers that bots sent them elsewhere.
        select(_theirs.c.seq)
        .join(_said, _said.c.seq == _theirs.c.seq)
        .where(_theirs.c.message_id == messages.c.message_id, _theirs.c.instance_id != messages.c.instance_id)
        .where(_said.c.group_id.is_not_distinct_from(messages.c.group_id))
        .limit(1)
        .scalar_subquery()
        .label("said_as"),
        *(
            select(summaries.c[name])
            .where(summaries.c.instance_id == messages.c.instance_id)
            .where(summaries.c.conversation == messages.c.conversation)
            .scalar_subquery()
            .label(name)
            for name in ("text", "shown_from")
        ),
    )
    .where(_of_bot, _of_conversation, _is_waiting)
    .order_by(messages.c.seq)
    .limit(MOST_AT_ONCE)
)
_last_said = (
    select(messages.c.sender_id)
    .where(_of_bot, _of_conversation, messages.c.source == Source.CONTACT)
    .order_by(anchor.desc(), messages.c.seq.desc())
    .limit(1)
    .subquery("last_said")
)
_CALLED = select(_last_said.c.sender_id, names.c.identifier, names.c.body).outerjoin_from(
    _last_said,
    names,
    (names.c.instance_id == bindparam("instance_id"))
    & names.c.identifier.in_([_last_said.c.sender_id, bindparam("conversation", type_=names.c.identifier.type)]),
)
"""The last speaker, with their names and the names of the conversation."""
_NOT_BEFORE = 8
"""Turns to read beyond the limit: waiting messages are among them and are not known yet."""
_ASIDE = ("said_as", "text", "shown_from")
"""The extra columns of `_NEXT` after those of the message."""
_SAID_BY = (
    select(outbox.c.seq, outbox.c.instance_id, messages.c.conversation)
    .join(messages, messages.c.seq == outbox.c.seq)
    .where(outbox.c.seq.in_(bindparam("answers", expanding=True)))
)
_SENT = (
    select(messages.c.content, messages.c.disappears_after)
    .join(outbox, outbox.c.seq == messages.c.seq)
    .where(outbox.c.instance_id == bindparam("instance_id"), outbox.c.message_id == bindparam("message_id"))
    .where(outbox.c.state.not_in([DeliveryState.FAILED, DeliveryState.WITHDRAWN]))
    .where(messages.c.conversation.in_(bindparam("conversations", expanding=True)))
)
_KEPT = (
    select(messages.c.secret, messages.c.details, messages.c.sender_id)
    .where(_of_bot, messages.c.message_id.in_(bindparam("message_ids", expanding=True)))
    .where(messages.c.conversation.in_(bindparam("conversations", expanding=True)))
)
_WAITING_COUNT = select(func.count()).where(_of_bot, _is_waiting)
_WAITING_OF = select(func.count()).where(messages.c.instance_id.in_(bindparam("bots", expanding=True)), _is_waiting)
_WAITING_COUNTS = (
    select(messages.c.instance_id.label("bot"), func.count().label("waiting"))
    .where(messages.c.instance_id.in_(bindparam("bots", expanding=True)), _is_waiting)
    .group_by(messages.c.instance_id)
)
_listed = (
    _of_bot,
    messages.c.seq < bindparam("before"),
    messages.c.reason.is_distinct_from(UNREADABLE) | ~unread.came_readable,
)
_newest_first = messages.c.seq.desc()
# The newest messages of each state, in the order of an index: even for a bot with many messages, no more are read.
_NEWEST = union_all(
    *(
        select(
            select(messages.c.seq)
            .where(*_listed, messages.c.state == state)
            .order_by(_newest_first)
            .limit(bindparam("most"))
            .subquery()
        )
        for state in MessageState
    )
)
_PAGE = SELECT_STORED.where(messages.c.seq.in_(_NEWEST)).order_by(_newest_first).limit(bindparam("most"))
_PAGE_OF_CHAT = SELECT_STORED.where(*_listed, _of_conversation).order_by(_newest_first).limit(bindparam("most"))
LAST = 2**63 - 1


class MessageStore:
    """The messages of all bots and their answers. Each call is one commit."""

    def __init__(
        self,
        writer: Writer,
        reader: Reader,
        names: NameStore,
        keyed_hash: deleted_ids.Hash,
        now: Callable[[], datetime],
    ) -> None:
        self._submit = writer.submit
        self._read = reader.submit
        self._names = names
        self._keyed_hash = keyed_hash
        self._now = now
        self.evicted = 0
        """The number of evicted messages since this object was created."""

    def add(
        self,
        instance_id: str,
        message: Message,
        limits: Limits,
        judge: Judge,
        busy: Callable[[], Collection[int]],
        *,
        claim: Claim | None = None,
        behind: Pending[Accepted] | None = None,
    ) -> Pending[Accepted]:
        """Store `message` with the verdict of `judge`, and evict messages that no longer fit into the queue.

        `busy` returns the seqs that are being answered at the moment, which are never evicted. `busy` and `judge` are
        called on the writer's thread. A message is not stored again if it is stored already, is an echo of one of our
        own answers, or was erased together with its sender.

        With a `claim` of the bot, the message is only stored while the claim is valid. Raises from the result:
        Superseded. `behind`: see `Writer.submit`.
        """
        message = storable(message)

        def job(connection: Connection) -> Accepted:
            if deleted_ids.is_gone(connection, self._keyed_hash, instance_id, message):
                return Accepted(None, message.chat[0], DUPLICATE, duplicate=True)
            named = self._names.heard(connection, instance_id, message)
            return accept(connection, instance_id, message, limits, judge, busy, self._now(), claim, is_first=not named)

        pending = self._submit(job, instance_id, behind=behind)
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
        timing: Timing | None = None,
    ) -> Pending[Work | NotYet | None]:
        """Return the waiting messages of the conversation that are not busy, for one answer, with the turns before
        them.

        Waiting messages are always among the turns; `limits` bounds the earlier ones (see `summaries`). Before that,
        messages that waited for longer than `queue` (default: `limits`) allows are evicted, and messages that waited
        for longer than `answer_within` (None: no limit) become context. Nothing is taken before it is due according to
        `timing` (None: at once).
        """
        spared = frozenset(busy)
        evicted = 0

        def job(connection: Connection) -> Work | NotYet | None:
            nonlocal evicted
            now = self._now()
            of_conversation = {"instance_id": instance_id, "conversation": conversation}
            most = limits.max_messages + _NOT_BEFORE
            newest: Sequence[Any] | None = None
            called: Sequence[Any] = ()
            if round_trips.matter(connection):
                looked_up = round_trips.execute_together(
                    connection,
                    (_NEXT, of_conversation),
                    (BEFORE, of_conversation | {"until": LAST, "since": 0, "most": most}),
                    (_CALLED, of_conversation),
                    then_commit=True,  # usually nothing is written
                )
                found, newest, called = (each.all() for each in looked_up)
            else:
                found = connection.execute(_NEXT, of_conversation).all()
            free = [stored(row[: -len(_ASIDE)]) for row in found if row.seq not in spared]
            waits, evicted = _still_due(connection, free, now, queue or limits, answer_within, timing)
            if not waits:
                return None
            known_ids: frozenset[str] = frozenset()
            if timing is not None:
                known_ids = _known_ids(connection, waits[-1])
                if (at := timing.due_at(waits, known_ids)) > now:
                    return NotYet(at, tuple(waits))
            since = found[0].shown_from or 0
            until = waits[-1].seq
            earlier = [one for one in map(TurnRow._make, newest or ()) if since <= one.anchor < until]
            if newest is None or (len(newest) == most and len(earlier) < limits.max_messages):
                span = {"until": until, "since": since, "most": limits.max_messages}
                earlier = [TurnRow._make(row) for row in connection.execute(BEFORE, of_conversation | span)]
            seqs = {message.seq for message in waits}
            said = [one for one in earlier[: limits.max_messages] if one.seq not in seqs]
            age = timedelta(seconds=limits.max_age_seconds)
            before_them, begins = shown(limits, waits, said, now - age, now - age / 2)
            if begins is not None and begins > since:
                move(connection, instance_id, conversation, begins, now)
            turns = sorted([*map(TurnRow.of, waits), *before_them], key=lambda each: each[:2])
            chat = {conversation, waits[-1].sender_id} if waits[-1].group_id is None else set()
            people = people_in(turns) | chat
            looked_for = {conversation, *(row.sender_id for row in called)} if called else set()
            named = self._names.opened(instance_id, (row for row in called if row.identifier is not None))
            known = {who: name for who, name in named.items() if who in people}
            known |= self._names.of(connection, instance_id, people - looked_for)
            theirs = {row.seq: row.said_as for row in found if row.said_as is not None and row.seq in seqs}
            return Work(
                tuple(waits),
                turns_of(connection, instance_id, conversation, turns, known),
                more=len(found) == MOST_AT_ONCE,
                said_by=_said_by(connection, theirs) if theirs else {},
                known_ids=known_ids,
                summary=found[0].text or "",
                moved=begins is not None,
                saved_name=next((known[each].saved for each in chat if each in known and known[each].saved), ""),
            )

        pending = self._submit(job, instance_id)
        pending.add_done_callback(lambda done: self._count(done, lambda _: evicted))
        return pending

    def answer(
        self,
        claim: Claim,
        seqs: Sequence[int],
        parts: Sequence[Part],
        trace: str | None = None,
        used: Sequence[Usage] = (),
    ) -> Pending[list[Outgoing]]:
        """Store the answer to waiting messages in one or more parts, and put it into the outbox.

        Returns the parts in order; an empty list if the last message no longer waits. If the id of the first part is
        stored already, the stored answer that it belongs to is returned. `trace` is JSON about the reasons for the
        answer, without any message text. `used` is the models' usage, which is recorded in any case.

        Raises from the result: Superseded.
        """
        return self._submit(
            lambda connection: answering.answer(connection, claim, seqs, parts, trace, used, self._now()),
            claim.instance_id,
        )

    def settle(
        self,
        claim: Claim,
        seqs: Sequence[int],
        verdict: Verdict,
        trace: str | None = None,
        used: Sequence[Usage] = (),
    ) -> Pending[int]:
        """Give waiting messages their final state and return how many still waited. Raises from the result: Superseded.

        `trace` and `used` are as in `answer`.
        """

        def job(connection: Connection) -> int:
            fencing.check(connection, claim)
            usage.record(connection, claim.instance_id, seqs[-1], used)
            return pending_work.settle(connection, seqs, verdict, trace)

        return self._submit(job, claim.instance_id)

    def decision(self, instance_id: str, seq: int) -> Pending[Decision | None]:
        """Return why a message was answered or not; None if there is no such message or the bot wrote it."""
        return self._read(lambda connection: decisions.decision(connection, instance_id, seq, self._now()))

    def unfinished(self, instance_id: str) -> Pending[list[str]]:
        """Return the conversations with waiting messages or unsent answers, longest wait first."""
        return self._read(lambda connection: pending_work.conversations(connection, instance_id))

    def waiting_count(self, instance_id: str) -> Pending[int]:
        return self._submit(
            lambda connection: connection.execute(_WAITING_COUNT, {"instance_id": instance_id}).scalar_one(),
            instance_id,
        )

    def waiting_of(self, instance_ids: Collection[str]) -> Pending[int]:
        """Return the number of waiting messages of these bots together."""
        bots = {"bots": list(instance_ids)}
        return self._read(lambda connection: connection.execute(_WAITING_OF, bots).scalar_one())

    def totals(self, instance_ids: Collection[str]) -> Pending[dict[str, BotTotals]]:
        """Return the totals by bot. Bots with nothing to count are left out."""
        now = self._now()
        bots = {"bots": list(instance_ids)}

        def job(connection: Connection) -> dict[str, BotTotals]:
            waiting = {row.bot: row.waiting for row in connection.execute(_WAITING_COUNTS, bots)}
            unreadable = unread.counts(connection, instance_ids, now)
            return {bot: BotTotals(waiting.get(bot, 0), unreadable.get(bot, 0)) for bot in waiting.keys() | unreadable}

        return self._read(job)

    def page(
        self, instance_id: str, *, conversation: str | None = None, before: int | None = None, limit: int = 50
    ) -> Pending[list[StoredMessage]]:
        """Return up to `limit` messages with a seq below `before`, newest first.

        An unreadable message is left out if a readable copy is stored.
        """
        parameters = {"instance_id": instance_id, "most": limit, "before": LAST if before is None else before}
        statement = _PAGE
        if conversation is not None:
            statement, parameters = _PAGE_OF_CHAT, parameters | {"conversation": conversation}
        return self._read(lambda connection: [stored(row) for row in connection.execute(statement, parameters)])

    def sent(self, instance_id: str, message_id: str, chat: Sequence[str]) -> Pending[SentMessage | None]:
        """Return our message with this id in the chat with these ids; None if none was sent there."""

        def job(connection: Connection) -> SentMessage | None:
            asked = {"instance_id": instance_id, "message_id": message_id}
            there = sorted(conversations_of(connection, instance_id, chat))
            row = connection.execute(_SENT, asked | {"conversations": there}).first()
            return None if row is None else SentMessage(*row)

        return self._read(job)

    def kept(
        self, instance_id: str, message_id: str, chat: Sequence[str], author: Sequence[str]
    ) -> Pending[KeptMessage | None]:
        """Return the data kept from the message with this id in the chat with these ids, for messages that change it.

        A message of the given author is preferred.
        """

        def job(connection: Connection) -> KeptMessage | None:
            people = {each for name in author for each in ids_of_person(connection, instance_id, name)}
            asked = {
                "instance_id": instance_id,
                "message_ids": [message_id, *(own_id(message_id, each) for each in people)],
            }
            there = sorted(conversations_of(connection, instance_id, chat))
            rows = connection.execute(_KEPT, asked | {"conversations": there}).all()
            row = min(rows, key=lambda each: each.sender_id not in people, default=None)
            return None if row is None else KeptMessage(row.secret, row.details or "")

        return self._submit(job, instance_id)

    def _count(self, done: Future[T], evicted: Callable[[T], int]) -> None:
        """Add to `evicted` once the commit has succeeded."""
        if done.exception() is None:
            self.evicted += evicted(done.result())


def _still_due(
    connection: Connection,
    waits: Iterable[StoredMessage],
    now: datetime,
    queue: Limits,
    answer_within: timedelta | None,
    timing: Timing | None,
) -> tuple[list[StoredMessage], int]:
    """Return the messages that are still to be answered, and the number of evicted ones."""
    due = []
    evicted = 0
    for message in waits:
        if message.reason == RETRIED:
            due.append(message)
        elif message.sent_at < queue_limits.cutoff(queue, now):
            queue_limits.evict(connection, {message.seq: queue_limits.TOO_OLD})
            evicted += 1
        elif answer_within and now - _counts_from(connection, message, timing) > answer_within:
            late = TOO_OLD if message.reason != ASKED_AGAIN else Verdict(MessageState.FAILED, TOO_OLD.reason)
            pending_work.settle(connection, [message.seq], late)
        else:
            due.append(message)
    return due, evicted


def _counts_from(connection: Connection, message: StoredMessage, timing: Timing | None) -> datetime:
    return timing.counts_from(message, _known_ids(connection, message)) if timing else message.received_at


def _known_ids(connection: Connection, message: StoredMessage) -> frozenset[str]:
    return locate(connection, message.instance_id, received(message)).known_ids


def _said_by(connection: Connection, theirs: Mapping[int, int]) -> dict[int, tuple[str, str]]:
    """Return the bot and conversation of each message that another bot wrote, by seq.

    `theirs` maps each seq to the seq of the same message as the other bot's answer.
    """
    found = connection.execute(_SAID_BY, {"answers": list(theirs.values())})
    bots = {answer: (instance_id, conversation) for answer, instance_id, conversation in found}
    return {seq: bots[answer] for seq, answer in theirs.items() if answer in bots}  # otherwise it has just been erased
