"""Exams: questions that the owner once answered are put to the bot, and its answers are scored.

A bot has at most two exams: the last one, and the last finished one, whose score counts. The messages in them are
deleted with the person who wrote them, and after the retention time; the score stays.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, bindparam, case, delete, func, insert, literal, select, update

from imposter.contracts.messages import OWN_WORDS, Source
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import MessageState
from imposter.domain.usage import Usage
from imposter.storage.conversation.identity import AliasKind
from imposter.storage.database.jobs import Pending
from imposter.storage.database.notifications import NodeIdentity
from imposter.storage.database.reader import Reader
from imposter.storage.database.writer import Writer
from imposter.storage.reports.usage import record
from imposter.storage.schema.secure_delete import mark_pending
from imposter.storage.schema.tables import aliases, anchor, bots, exams, messages, outbox, voice_lines

MOST_CHATS = 200
"""Chats that are searched for questions, newest first."""
MOST_LOOKED_AT = 5_000
"""The newest messages that are searched for the owner's."""
MOST_SAID = 600
"""The newest messages of a chat."""
MOST_LINES = 400
"""The newest imported lines of a chat."""
NO_MESSAGE = 0
"""A value in place of a message's seq, because the usage of an exam belongs to no conversation."""
AT_ONCE = 50
"""Exams processed in one commit."""
SEQS_AT_ONCE = 500
"""Messages looked up by one statement."""

Canonical = Callable[[str], str]


class EvaluationState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """The bot had no answer to any question."""
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class EvaluationRow:
    number: int
    state: EvaluationState
    begun_at: datetime
    ended_at: datetime | None
    done: int
    total: int
    score: float | None
    body: dict[str, Any]
    """Content written by the exam code. Its list `pairs` holds messages: each pair has a `contact`, `kept_since`, and
    `wordings`, the seqs and edit counts of the stored messages that it consists of."""
    last_score: float | None
    """The score of the bot's last finished exam, which may be this one."""


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A stored message. `content` is empty if no model is ever shown it."""

    source: Source
    content: str
    sender_name: str
    sent_at: datetime
    kept_since: datetime
    wording: tuple[int, int]
    """Its seq and its number of edits at that time."""


@dataclass(frozen=True, slots=True)
class ImportedExchange:
    """A line of an imported chat; the question may be empty."""

    question: str
    bubbles: tuple[str, ...]
    said_at: datetime
    after: float | None
    """Seconds after the question."""
    kept_since: datetime


@dataclass(frozen=True, slots=True)
class ContactHistory:
    """The messages of one contact and the owner, each list sorted oldest first."""

    ids: frozenset[str]
    """All spellings of all ids known for the contact."""
    said: tuple[StoredLine, ...]
    imported: tuple[ImportedExchange, ...]


def _is_here(bot: ColumnElement[str]) -> ColumnElement[bool]:
    """Return a condition: the exam was started by the node that now owns its bot."""
    owner = select(bots.c.owner).where(bots.c.instance_id == bot).scalar_subquery()
    return exams.c.place.is_not_distinct_from(owner)


_of_bot = exams.c.instance_id == bindparam("instance_id")
_runs = (exams.c.state == EvaluationState.RUNNING.value) & _is_here(exams.c.instance_id)
_one = exams.c.number == bindparam("exam")
_mine = exams.c.place.is_not_distinct_from(bindparam("node", type_=String))
_RUNNING = select(exams.c.number).where(_of_bot, _runs)
_OTHERS = delete(exams).where(_of_bot, exams.c.number.not_in(bindparam("kept", expanding=True)))
_ADD = insert(exams).returning(exams.c.number)
_PROGRESS = update(exams).where(_one, _mine, _runs).values(done=bindparam("so_many"))
_END = update(exams).where(_one, _mine, _runs)
_LAST_DONE = (
    select(exams.c.number)
    .where(_of_bot, exams.c.state == EvaluationState.DONE.value)
    .order_by(exams.c.number.desc())
    .limit(1)
)
_finished = exams.alias("finished")
_last_score = (
    select(_finished.c.score)
    .where(_finished.c.instance_id == bindparam("instance_id"), _finished.c.state == EvaluationState.DONE.value)
    .order_by(_finished.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
_SCORE = select(_last_score)
_LAST = (
    select(
        exams.c.number,
        # The node that ran it is gone and cannot end it any more.
        case(
            (_runs, exams.c.state),
            (exams.c.state == EvaluationState.RUNNING.value, literal(EvaluationState.INTERRUPTED.value)),
            else_=exams.c.state,
        ),
        exams.c.begun_at,
        exams.c.ended_at,
        exams.c.done,
        exams.c.total,
        exams.c.score,
        exams.c.body,
        _last_score,
    )
    .where(_of_bot)
    .order_by(exams.c.number.desc())
    .limit(1)
)
_LEFT_BEHIND = (
    update(exams)
    .where(exams.c.state == EvaluationState.RUNNING.value)
    .values(state=EvaluationState.INTERRUPTED.value, ended_at=bindparam("moment"))
)
_BODIES = select(exams.c.number, exams.c.body).where(_of_bot)
_BODIES_SINCE = _BODIES.where(exams.c.begun_at >= bindparam("heard_at", type_=exams.c.begun_at.type))
_SOME_BODIES = (
    select(exams.c.number, exams.c.body)
    .where(exams.c.number > bindparam("after"))
    .order_by(exams.c.number)
    .limit(AT_ONCE)
)
_SET_BODY = update(exams).where(_one).values(body=bindparam("left"))
_CLEAR = delete(exams).where(_of_bot)

_recent = (
    # The owner's messages have the state CONTEXT, so an index returns them in order and no other rows are read.
    select(messages.c.seq, messages.c.conversation, messages.c.source, messages.c.group_id)
    .where(messages.c.instance_id == bindparam("instance_id"), messages.c.state == MessageState.CONTEXT)
    .order_by(messages.c.seq.desc())
    .limit(MOST_LOOKED_AT)
    .subquery()
)
_CHATS = (
    select(_recent.c.conversation)
    .where(_recent.c.source == Source.OWNER, _recent.c.group_id.is_(None))
    .group_by(_recent.c.conversation)
    .order_by(func.max(_recent.c.seq).desc())
    .limit(MOST_CHATS)
)
_IMPORTED_CHATS = (
    select(voice_lines.c.contact)
    .where(voice_lines.c.instance_id == bindparam("instance_id"))
    .group_by(voice_lines.c.contact)
    .order_by(func.max(voice_lines.c.number).desc())
    .limit(MOST_CHATS)
)
_SAID = (
    select(
        messages.c.source,
        case(((messages.c.state == MessageState.IGNORED) | messages.c.forwarded, ""), else_=messages.c.content),
        messages.c.sender_name,
        messages.c.sent_at,
        messages.c.received_at,
        messages.c.seq,
        func.coalesce(messages.c.edits, 0),
    )
    .select_from(messages.outerjoin(outbox, outbox.c.seq == messages.c.seq))
    .where(
        messages.c.instance_id == bindparam("instance_id"),
        messages.c.conversation == bindparam("conversation"),
        messages.c.group_id.is_(None),
        messages.c.kind.in_(list(OWN_WORDS)),
        messages.c.reason.is_distinct_from("command"),
        outbox.c.state.is_(None) | outbox.c.state.not_in([DeliveryState.FAILED, DeliveryState.WITHDRAWN]),
    )
    .order_by(anchor.desc(), messages.c.seq.desc())
    .limit(MOST_SAID)
)
_STILL_SO = select(messages.c.seq, func.coalesce(messages.c.edits, 0)).where(
    messages.c.seq.in_(bindparam("seqs", expanding=True)), messages.c.deleted_at.is_(None)
)
_LINES = (
    select(
        voice_lines.c.question,
        voice_lines.c.answer,
        voice_lines.c.said_at,
        voice_lines.c.waited,
        voice_lines.c.added_at,
    )
    .where(
        voice_lines.c.instance_id == bindparam("instance_id"),
        voice_lines.c.contact.in_(bindparam("contacts", expanding=True)),
    )
    .order_by(voice_lines.c.number.desc())
    .limit(MOST_LINES)
)
_IDS = select(aliases.c.alias).where(
    aliases.c.instance_id == bindparam("instance_id"),
    aliases.c.kind == AliasKind.CHAT.value,
    aliases.c.canonical == bindparam("conversation"),
)


class EvaluationStore:
    """The exams of all bots. With an `identity`, new exams belong to that node."""

    def __init__(
        self, writer: Writer, reader: Reader, now: Callable[[], datetime], identity: NodeIdentity | None
    ) -> None:
        self._submit = writer.submit
        self._read = reader.submit
        self._now = now
        self._identity = identity

    @property
    def _node_id(self) -> str | None:
        return None if self._identity is None else self._identity.node_id

    def chats(self, instance_id: str) -> Pending[tuple[list[str], list[str]]]:
        """Return direct conversations in which the owner wrote, and contacts with imported chats, each newest first.

        The same people may be in both lists.
        """
        bot = {"instance_id": instance_id}
        return self._read(
            lambda connection: (
                list(connection.execute(_CHATS, bot).scalars()),
                list(connection.execute(_IMPORTED_CHATS, bot).scalars()),
            )
        )

    def talk(self, instance_id: str, contact: str, canonical: Canonical) -> Pending[ContactHistory]:
        """Return the messages with this contact, from their conversation and imported chats of any of their ids."""

        def job(connection: Connection) -> ContactHistory:
            chat = {"instance_id": instance_id, "conversation": contact}
            known = {contact, *connection.execute(_IDS, chat).scalars()}
            ids = frozenset(known | {canonical(name) for name in known})
            said = connection.execute(_SAID, chat).all()
            lines = connection.execute(_LINES, {"instance_id": instance_id, "contacts": sorted(ids)}).all()
            imported = (ImportedExchange(line[0], tuple(json.loads(line[1])), *line[2:]) for line in reversed(lines))
            return ContactHistory(ids, tuple(map(_said_here, reversed(said))), tuple(imported))

        return self._read(job)

    def begin(self, instance_id: str, total: int) -> Pending[int | None]:
        """Start an exam, in place of an unfinished one, and return its number; None while one is running."""

        def job(connection: Connection) -> int | None:
            bot = {"instance_id": instance_id}
            if connection.execute(_RUNNING, bot).first() is not None:
                return None
            last_done = list(connection.execute(_LAST_DONE, bot).scalars())
            connection.execute(_OTHERS, bot | {"kept": last_done})
            row = {
                "state": EvaluationState.RUNNING.value,
                "place": self._node_id,
                "begun_at": self._now(),
                "done": 0,
                "total": total,
                "body": "{}",
            }
            return int(connection.execute(_ADD, bot | row).scalar_one())

        return self._submit(job)

    def progress(self, instance_id: str, exam: int, done: int, used: Sequence[Usage] = ()) -> Pending[bool]:
        """Record the progress and the usage of the last questions. Return False if the exam must stop."""
        mine = {"exam": exam, "node": self._node_id, "so_many": done}

        def job(connection: Connection) -> bool:
            record(connection, instance_id, NO_MESSAGE, used)  # recorded even if the exam has ended
            return connection.execute(_PROGRESS, mine).rowcount == 1

        return self._submit(job)

    def end(
        self, instance_id: str, exam: int, state: EvaluationState, body: dict[str, Any], score: float | None = None
    ) -> Pending[bool]:
        """End a running exam; a finished one replaces all earlier ones. Return False if it had ended already.

        Pairs with messages that were edited or deleted meanwhile are left out.
        """

        def job(connection: Connection) -> bool:
            values = {
                "state": state.value,
                "ended_at": self._now(),
                "score": score,
                "body": json.dumps(_as_it_still_is(connection, body)),
            }
            mine = {"exam": exam, "node": self._node_id}
            ended = connection.execute(_END.values(values), mine).rowcount == 1
            if ended and state is EvaluationState.DONE:
                gone = connection.execute(_OTHERS, {"instance_id": instance_id, "kept": [exam]}).rowcount
                if gone:
                    mark_pending(connection)
            return ended

        return self._submit(job)

    def last(self, instance_id: str) -> Pending[EvaluationRow | None]:
        def job(connection: Connection) -> EvaluationRow | None:
            row = connection.execute(_LAST, {"instance_id": instance_id}).first()
            return row and EvaluationRow(row[0], EvaluationState(row[1]), *row[2:7], json.loads(row[7]), row[8])

        return self._read(job)

    def last_score(self, instance_id: str) -> Pending[float | None]:
        """Return the score of the last finished exam; None if there is none."""
        return self._read(lambda connection: connection.execute(_SCORE, {"instance_id": instance_id}).scalar_one())

    def leave_behind(self) -> Pending[int]:
        """Mark exams that were running when this server last stopped as interrupted, if there are no other nodes."""
        return self._submit(lambda connection: connection.execute(_LEFT_BEHIND, {"moment": self._now()}).rowcount)

    def delete_old(self, before: datetime, after: int = 0) -> Pending[int | None]:
        """Delete pairs kept since before this time, from some exams with a number above `after`. Scores stay.

        Return the number to continue from; None if there are no more.
        """

        def job(connection: Connection) -> int | None:
            found = connection.execute(_SOME_BODIES, {"after": after}).all()
            for number, body in found:
                if _strike(connection, number, body, lambda pair: datetime.fromisoformat(pair["kept_since"]) < before):
                    mark_pending(connection)
            return found[-1].number if len(found) == AT_ONCE else None

        return self._submit(job)


def is_in_exams(connection: Connection, instance_id: str, spellings: Collection[str]) -> bool:
    """Return whether an exam contains messages of one of these ids. No other data of the person may be left."""
    bodies = connection.execute(_BODIES, {"instance_id": instance_id}).all()
    return any(pair["contact"] in spellings for _, body in bodies for pair in json.loads(body).get("pairs", ()))


def forget(connection: Connection, instance_id: str, ids: frozenset[str], canonical: Canonical) -> None:
    """Remove the pairs of the person with any of these ids from the bot's exams. Scores stay."""
    spelled = ids | {canonical(name) for name in ids}
    for number, body in connection.execute(_BODIES, {"instance_id": instance_id}).all():
        if _strike(
            connection,
            number,
            body,
            lambda pair: pair["contact"] in spelled or canonical(pair["contact"]) in spelled,
        ):
            mark_pending(connection)


def forget_about(connection: Connection, instance_id: str, seq: int, heard_at: datetime) -> None:
    """Remove the pairs that contain this message, or answer it, from the bot's exams. Scores stay.

    `heard_at` is when it was stored here. Earlier exams do not contain it.
    """
    for number, body in connection.execute(_BODIES_SINCE, {"instance_id": instance_id, "heard_at": heard_at}).all():
        _strike(connection, number, body, lambda pair: any(each == seq for each, _ in pair.get("wordings", ())))


def clear(connection: Connection, instance_id: str) -> None:
    """Delete the bot's exams because its account is gone. The scores do not apply to another owner."""
    if connection.execute(_CLEAR, {"instance_id": instance_id}).rowcount:
        mark_pending(connection)


def _said_here(row: Any) -> StoredLine:
    source, content, sender_name, sent_at, kept_since, *wording = row
    return StoredLine(source, content, sender_name, sent_at, kept_since, (wording[0], wording[1]))


def _strike(connection: Connection, number: int, body: str, goes: Callable[[dict[str, Any]], bool]) -> bool:
    """Remove the matching pairs from a stored exam. Return whether there were any."""
    held = json.loads(body)
    rest = _without(held, goes)
    if rest is not held:
        connection.execute(_SET_BODY, {"exam": number, "left": json.dumps(rest)})
    return rest is not held


def _without(held: dict[str, Any], goes: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the body without the matching pairs; the same object if there are none."""
    pairs = held.get("pairs", [])
    left = [pair for pair in pairs if not goes(pair)]
    if len(left) == len(pairs):
        return held
    return held | {"pairs": left, "removed": held.get("removed", 0) + len(pairs) - len(left)}


def _as_it_still_is(connection: Connection, body: dict[str, Any]) -> dict[str, Any]:
    """Return the body without pairs whose messages were edited or deleted."""
    seqs = sorted({seq for pair in body.get("pairs", ()) for seq, _ in pair.get("wordings", ())})
    known: set[tuple[int, int]] = set()
    for begin in range(0, len(seqs), SEQS_AT_ONCE):
        some = {"seqs": seqs[begin : begin + SEQS_AT_ONCE]}
        known |= {(seq, edits) for seq, edits in connection.execute(_STILL_SO, some)}
    return _without(body, lambda pair: not known.issuperset((seq, edits) for seq, edits in pair.get("wordings", ())))
