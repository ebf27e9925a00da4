"""Dead letters: messages without an answer and undelivered answers. The owner can retry or remove them."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, union_all, update

from imposter.contracts.errors import DeadLetterNotFound, InvalidState
from imposter.contracts.messages import MessageKind
from imposter.domain.dead_letters import DeadLetter, DeadLetterKind, Retried
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import ASKED_AGAIN, RETRIED, Judge, MessageState
from imposter.domain.reasons import Reason
from imposter.storage.database.jobs import Pending
from imposter.storage.database.reader import Reader
from imposter.storage.database.writer import Writer
from imposter.storage.queue.pending_work import judged
from imposter.storage.schema.rows import SELECT_STORED
from imposter.storage.schema.tables import anchor, messages, outbox

REMOVED = Reason.REMOVED
"""The reason of dead letters that the owner removed."""
AT_ONCE = 100
"""Dead letters retried in one commit, because other jobs wait for it."""


_of_bot = messages.c.instance_id == bindparam("instance_id")
_is_failed = messages.c.state == MessageState.FAILED
_together = func.coalesce(messages.c.joined, messages.c.seq)
_undelivered = (
    outbox.c.instance_id == bindparam("instance_id"),
    outbox.c.state.in_([DeliveryState.FAILED, DeliveryState.UNCERTAIN]),
)
_letters = union_all(
    select(func.max(messages.c.seq).label("seq")).where(_of_bot, _is_failed).group_by(_together),
    # When a part of an answer fails, all later parts fail with it.
    select(func.min(outbox.c.seq))
    .join(messages, messages.c.seq == outbox.c.seq)
    .where(*_undelivered)
    .group_by(messages.c.conversation, anchor),
).subquery()
_question = messages.alias("question")
_PAGE = (
    select(
        messages.c.seq,
        messages.c.conversation,
        messages.c.content,
        messages.c.received_at,
        messages.c.answers,
        messages.c.reason.label("message_reason"),
        messages.c.kind,
        messages.c.details,
        _question.c.content.label("asked"),
        _question.c.kind.label("asked_kind"),
        _question.c.details.label("asked_details"),
        outbox.c.state.label("delivery"),
        outbox.c.reason,
        outbox.c.attempts,
    )
    .select_from(_letters.join(messages, messages.c.seq == _letters.c.seq))
    .join(outbox, outbox.c.seq == messages.c.seq, isouter=True)
    .join(_question, _question.c.seq == messages.c.answers, isouter=True)
    .order_by(messages.c.seq.desc())
    .limit(bindparam("most"))
)
_TEXTS = (
    select(messages.c.answers, messages.c.content)
    .join(outbox, outbox.c.seq == messages.c.seq)
    .where(*_undelivered, messages.c.answers.in_(bindparam("questions", expanding=True)))
    .order_by(messages.c.seq)
)
_OLDEST_FIRST = (
    select(_letters.c.seq).where(_letters.c.seq > bindparam("after")).order_by(_letters.c.seq).limit(bindparam("most"))
)
_YOUNG = (
    select(func.max(messages.c.seq))
    .where(_of_bot, _is_failed, messages.c.reason.in_(bindparam("reasons", expanding=True)))
    .group_by(_together)
    .having(func.max(messages.c.received_at) > bindparam("since", type_=messages.c.received_at.type))
    .order_by(func.max(messages.c.seq))
)
_LETTER = (
    select(messages.c.conversation, messages.c.answers, _together.label("together"))
    .join(outbox, outbox.c.seq == messages.c.seq, isouter=True)
    .where(_of_bot, messages.c.seq == bindparam("letter"))
    .where(_is_failed | outbox.c.state.in_([DeliveryState.FAILED, DeliveryState.UNCERTAIN]))
)
_QUESTION = SELECT_STORED.where(_of_bot, messages.c.seq == bindparam("asked"))
_FAILED_TOGETHER = SELECT_STORED.where(_of_bot, _is_failed, _together == bindparam("together")).order_by(messages.c.seq)
_failed_parts = (
    outbox.c.state.in_([DeliveryState.FAILED, DeliveryState.UNCERTAIN]),
    outbox.c.seq.in_(
        select(messages.c.seq).where(
            messages.c.instance_id == bindparam("bot"),
            messages.c.conversation == bindparam("chat"),
            anchor == bindparam("question"),
        )
    ),
)
_RETRY_ANSWER = (
    update(outbox)
    .where(*_failed_parts)
    # The age counts from now; otherwise an answer that became too old would fail again at once.
    .values(state=DeliveryState.PENDING, reason=None, attempts=0, created_at=bindparam("now"), due_at=None)
)
_RETRY_MESSAGE = (
    update(messages)
    .where(messages.c.seq == bindparam("failed"))
    .values(state=MessageState.WAITING, reason=bindparam("again"), joined=None, trace=None)
)
_REMOVE_ANSWER = update(outbox).where(*_failed_parts).values(state=DeliveryState.WITHDRAWN, reason=REMOVED)
_REMOVE_MESSAGES = (
    update(messages)
    .where(messages.c.instance_id == bindparam("bot"), _is_failed, _together == bindparam("group"))
    .values(state=MessageState.CONTEXT, reason=REMOVED)
)


class DeadLetterStore:
    def __init__(self, writer: Writer, reader: Reader, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._read = reader.submit
        self._now = now

    def page(self, instance_id: str, *, before: int | None = None, limit: int = 50) -> Pending[list[DeadLetter]]:
        """Return up to `limit` dead letters with a seq below `before`, newest first."""
        statement = _PAGE if before is None else _PAGE.where(_letters.c.seq < before)
        parameters = {"instance_id": instance_id, "most": limit}

        def job(connection: Connection) -> list[DeadLetter]:
            rows = connection.execute(statement, parameters).all()
            texts: dict[int, list[str]] = {}
            questions = [row.answers for row in rows if row.delivery is not None]
            if questions:
                asked = {"instance_id": instance_id, "questions": questions}
                for question, text in connection.execute(_TEXTS, asked):
                    texts.setdefault(question, []).append(text)
            return [_letter(row, texts) for row in rows]

        return self._read(job)

    def retry(self, instance_id: str, letter: int, judge: Judge) -> Pending[Retried]:
        """Retry a dead letter: send the same answer under the same ids, or ask the model again.

        Raises from the result: DeadLetterNotFound (also if it was retried already), InvalidState (`judge` refuses it).
        """

        def job(connection: Connection) -> Retried:
            conversation, refusal = self._retry(connection, instance_id, letter, judge)
            if refusal is not None:
                raise InvalidState(refusal)
            return Retried(1, 0, frozenset([conversation]))

        return self._submit(job, instance_id)

    def retry_some(self, instance_id: str, judge: Judge, after: int = 0) -> Pending[Retried]:
        """Retry the oldest dead letters with a seq above `after`. Those that `judge` refuses are only counted."""

        def job(connection: Connection) -> Retried:
            asked = {"instance_id": instance_id, "after": after, "most": AT_ONCE}
            letters = list(connection.execute(_OLDEST_FIRST, asked).scalars())
            outcomes = [self._retry(connection, instance_id, letter, judge) for letter in letters]
            taken = [conversation for conversation, refusal in outcomes if refusal is None]
            last = letters[-1] if len(letters) == AT_ONCE else None
            return Retried(len(taken), len(outcomes) - len(taken), frozenset(taken), last)

        return self._submit(job, instance_id)

    def ask_again(self, instance_id: str, letter: int, judge: Judge) -> Pending[bool]:
        """Ask the model again, automatically and not at the owner's request, so that all limits still apply.

        Return False if `judge` refuses it or the dead letter no longer exists.
        """

        def job(connection: Connection) -> bool:
            try:
                return self._retry(connection, instance_id, letter, judge, ASKED_AGAIN)[1] is None
            except DeadLetterNotFound:
                return False

        return self._submit(job, instance_id)

    def young(self, instance_id: str, reasons: Collection[str], since: datetime) -> Pending[list[int]]:
        """Return messages that failed for one of these reasons and arrived after `since`, oldest first."""
        asked = {"instance_id": instance_id, "reasons": list(reasons), "since": since}
        return self._read(lambda connection: list(connection.execute(_YOUNG, asked).scalars()))

    def remove(self, instance_id: str, letter: int) -> Pending[None]:
        """Remove a dead letter; its messages stay on record. Raises from the result: DeadLetterNotFound."""

        def job(connection: Connection) -> None:
            chat, answers, together = _find(connection, instance_id, letter)
            if answers is not None:
                connection.execute(_REMOVE_ANSWER, {"bot": instance_id, "chat": chat, "question": answers})
            else:
                connection.execute(_REMOVE_MESSAGES, {"bot": instance_id, "group": together})

        return self._submit(job, instance_id)

    def _retry(
        self, connection: Connection, instance_id: str, letter: int, judge: Judge, again: str = RETRIED
    ) -> tuple[str, str | None]:
        """Retry a dead letter. Return its conversation, and the reason if that is refused."""
        conversation, answers, together = _find(connection, instance_id, letter)
        if answers is not None:
            question = connection.execute(_QUESTION, {"instance_id": instance_id, "asked": answers}).first()
            if question is None:
                return conversation, "The message that it answers is no longer on record."
            verdict = judged(connection, question, judge)
            if verdict.state is not MessageState.WAITING:
                return conversation, _refusal(verdict.reason)
            parts = {"bot": instance_id, "chat": conversation, "question": answers}
            connection.execute(_RETRY_ANSWER, parts | {"now": self._now()})
            return conversation, None
        rows = connection.execute(_FAILED_TOGETHER, {"instance_id": instance_id, "together": together}).all()
        verdicts = {row.seq: judged(connection, row, judge) for row in rows}
        allowed = [
            {"failed": seq, "again": again}
            for seq, verdict in verdicts.items()
            if verdict.state is MessageState.WAITING
        ]
        if not allowed:
            return conversation, _refusal(verdicts[letter].reason)
        connection.execute(_RETRY_MESSAGE, allowed)
        return conversation, None


def _find(connection: Connection, instance_id: str, letter: int) -> tuple[str, int | None, int]:
    """Return the conversation, the seq of the question if it is an answer, and the group that failed together."""
    row = connection.execute(_LETTER, {"instance_id": instance_id, "letter": letter}).first()
    if row is None:
        raise DeadLetterNotFound
    conversation, answers, together = row
    return conversation, answers, together


def _refusal(reason: str | None) -> str:
    return f"By today's rules this contact is not answered ({reason}); change the bot's config first."


def _letter(row: Any, texts: Mapping[int, list[str]]) -> DeadLetter:
    """Convert a row to a dead letter. `texts` holds the texts of answers by the seq of their question."""
    answered = row.delivery is not None
    return DeadLetter(
        seq=row.seq,
        kind=DeadLetterKind.ANSWER if answered else DeadLetterKind.MESSAGE,
        conversation=row.conversation,
        message=row.asked if answered else row.content,
        message_kind=(row.asked_kind if answered else row.kind) or MessageKind.TEXT,
        message_details=(row.asked_details if answered else row.details) or "",
        answer="\n".join(texts[row.answers]) if answered else None,
        delivery=row.delivery,
        reason=row.reason if answered else row.message_reason,
        attempts=row.attempts or 0,
        at=row.received_at,
    )
