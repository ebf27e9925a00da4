"""Unfinished work: waiting messages and unsent answers, and the operations that end it early."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, bindparam, case, exists, func, select, true, union_all, update

from imposter.contracts.messages import Source
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import ASKED_AGAIN, DELETED, RETRIED, Judge, MessageState, Verdict
from imposter.domain.pauses import FOREVER
from imposter.storage.conversation.identity import locate
from imposter.storage.queue import draft_rows
from imposter.storage.schema.rows import SELECT_STORED, received, stored
from imposter.storage.schema.tables import messages, outbox

_is_waiting = messages.c.state == MessageState.WAITING
_of_bot = messages.c.instance_id == bindparam("instance_id")
_WAITING = SELECT_STORED.where(_of_bot, _is_waiting).order_by(messages.c.seq)
_SETTLE = (
    update(messages)
    .where(messages.c.seq == bindparam("settled"), _is_waiting)
    .values(state=bindparam("verdict"), reason=bindparam("why"), joined=bindparam("last"), trace=bindparam("told"))
)
_CHANGED = select(messages.c.seq).where(
    messages.c.seq.in_(bindparam("seqs", expanding=True)), _is_waiting, messages.c.changed.is_(true())
)
_answer, _unsent = messages.alias("answer"), outbox.alias("unsent")
_QUESTIONS_OF_UNSENT = (
    SELECT_STORED.add_columns(_unsent.c.seq)
    .join(_answer, _answer.c.answers == messages.c.seq)
    .join(_unsent, _unsent.c.seq == _answer.c.seq)
    .where(_unsent.c.instance_id == bindparam("instance_id"), _unsent.c.state == DeliveryState.PENDING)
    .order_by(_unsent.c.seq)
)
_WITHDRAW = (
    update(outbox)
    .where(outbox.c.seq == bindparam("unsent"))
    .values(state=DeliveryState.WITHDRAWN, reason=bindparam("why"))
)
_ABANDON_WAITING = (
    update(messages)
    .where(
        messages.c.instance_id == bindparam("bot"),
        messages.c.state.in_([MessageState.WAITING, MessageState.FAILED]),
    )
    .values(state=MessageState.CONTEXT, reason=bindparam("why"))
)
_ABANDON_UNSENT = (
    update(outbox)
    .where(
        outbox.c.instance_id == bindparam("bot"),
        outbox.c.state.in_(
            [DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.FAILED, DeliveryState.UNCERTAIN]
        ),
    )
    .values(state=DeliveryState.WITHDRAWN, reason=bindparam("why"))
)
_chat = bindparam("chat", type_=String)
_in_chat = (_chat == "") | (messages.c.conversation == _chat)
_by_then = messages.c.sent_at < bindparam("then", type_=messages.c.sent_at.type)
_HUSH_WAITING = (
    update(messages)
    # Waiting messages of the owner are commands, so they are left out.
    .where(messages.c.instance_id == bindparam("bot"), _is_waiting, _in_chat, messages.c.source == Source.CONTACT)
    .where(_by_then)
    .values(
        state=case((messages.c.reason.in_([RETRIED, ASKED_AGAIN]), MessageState.FAILED), else_=MessageState.CONTEXT),
        reason=bindparam("why"),
    )
)
_HUSH_UNSENT = (
    update(outbox)
    .where(outbox.c.instance_id == bindparam("bot"), outbox.c.state == DeliveryState.PENDING)
    .where(
        exists(
            select(messages.c.seq).where(
                messages.c.seq == outbox.c.seq, _in_chat, messages.c.answers.is_not(None), _by_then
            )
        )
    )
    .values(state=DeliveryState.WITHDRAWN, reason=bindparam("why"))
)
_unfinished = union_all(
    select(messages.c.conversation, messages.c.seq).where(_of_bot, _is_waiting),
    select(messages.c.conversation, messages.c.seq)
    .join(outbox, outbox.c.seq == messages.c.seq)
    .where(outbox.c.instance_id == bindparam("instance_id"), outbox.c.state == DeliveryState.PENDING),
).subquery()
_CONVERSATIONS = (
    select(_unfinished.c.conversation).group_by(_unfinished.c.conversation).order_by(func.min(_unfinished.c.seq))
)


def conversations(connection: Connection, instance_id: str) -> list[str]:
    """Return the conversations with waiting messages or unsent answers, longest wait first."""
    return list(connection.execute(_CONVERSATIONS, {"instance_id": instance_id}).scalars())


def is_changed(connection: Connection, seqs: Sequence[int]) -> bool:
    """Return whether a message was edited or deleted since these were taken."""
    return connection.execute(_CHANGED, {"seqs": list(seqs)}).first() is not None


def settle(connection: Connection, seqs: Sequence[int], verdict: Verdict, trace: str | None = None) -> int:
    """Give messages that waited together their final state, and the last one `trace`. Return how many still waited."""
    *earlier, last = seqs
    ends: list[dict[str, int | str | None]] = [{"settled": seq, "last": last, "told": None} for seq in earlier]
    ends.append({"settled": last, "last": None, "told": trace})
    named = {"verdict": verdict.state, "why": verdict.reason}
    return sum(connection.execute(_SETTLE, named | end).rowcount for end in ends)


def reconsider(connection: Connection, instance_id: str, judge: Judge) -> int:
    """Let `judge` decide again about waiting messages and about the questions of unsent answers.

    A message that may no longer wait gets the verdict; an answer to it is withdrawn with the verdict's reason. Return
    the number of both.
    """
    ended = 0
    for row in connection.execute(_WAITING, {"instance_id": instance_id}).all():
        verdict = judged(connection, row, judge)
        if verdict.state is not MessageState.WAITING:
            ended += settle(connection, [row.seq], verdict)
    for *question, answer in connection.execute(_QUESTIONS_OF_UNSENT, {"instance_id": instance_id}).all():
        verdict = judged(connection, question, judge)
        if verdict.state is not MessageState.WAITING:
            ended += connection.execute(_WITHDRAW, {"unsent": answer, "why": verdict.reason}).rowcount
    return ended


def abandon(connection: Connection, instance_id: str, reason: str) -> int:
    """End all work with `reason`: waiting and failed messages become context, unsent answers are withdrawn.

    Nothing remains that the owner could retry from another account. Return the number of messages and answers.
    """
    draft_rows.close_in(connection, instance_id, "", reason)
    parameters = {"bot": instance_id, "why": reason}
    return sum(connection.execute(each, parameters).rowcount for each in (_ABANDON_WAITING, _ABANDON_UNSENT))


def silence_conversation(
    connection: Connection, instance_id: str, conversation: str, reason: str, sent_before: datetime | None = None
) -> int:
    """End the work of a conversation, or all work if `conversation` is empty, because the bot is paused there.

    Waiting messages become context, or dead letters again if they were retried ones. Drafts are dropped and answers
    that are not being sent are withdrawn. With `sent_before`, only messages sent before that time, and answers to
    them, are ended. Return the number of messages and answers.
    """
    if sent_before is None:
        draft_rows.close_in(connection, instance_id, conversation, reason)
    parameters = {"bot": instance_id, "chat": conversation, "why": reason, "then": sent_before or FOREVER}
    return sum(connection.execute(each, parameters).rowcount for each in (_HUSH_WAITING, _HUSH_UNSENT))


def judged(connection: Connection, row: Sequence[Any], judge: Judge) -> Verdict:
    """Return the current verdict of `judge` on a row of SELECT_STORED."""
    message = stored(row)
    if message.deleted_at is not None:
        return Verdict(MessageState.IGNORED, DELETED)
    heard = received(message)
    return judge(heard, locate(connection, message.instance_id, heard).known_ids)
