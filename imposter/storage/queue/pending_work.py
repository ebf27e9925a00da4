"""What is not finished, messages that wait and answers not yet sent, and what ends it early."""

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
    # What waits of the owner's own are commands.
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
    """Those with a message that waits or an answer that is not sent, the longest waiting first."""
    return list(connection.execute(_CONVERSATIONS, {"instance_id": instance_id}).scalars())


def is_changed(connection: Connection, seqs: Sequence[int]) -> bool:
    """Whether something was edited or deleted since these were taken up."""
    return connection.execute(_CHANGED, {"seqs": list(seqs)}).first() is not None


def settle(connection: Connection, seqs: Sequence[int], verdict: Verdict, trace: str | None = None) -> int:
    """Give messages that waited together their final state, and the last `trace`. Returns how many still waited."""
    *earlier, last = seqs
    ends: list[dict[str, int | str | None]] = [{"settled": seq, "last": last, "told": None} for seq in earlier]
    ends.append({"settled": last, "last": None, "told": trace})
    named = {"verdict": verdict.state, "why": verdict.reason}
    return sum(connection.execute(_SETTLE, named | end).rowcount for end in ends)


def reconsider(connection: Connection, instance_id: str, judge: Judge) -> int:
    """Have `judge` decide again on what waits, and on the question behind each answer that is still to be sent.

    What it no longer lets wait gets its verdict; such an answer is withdrawn with the verdict's reason. Returns how
    many these are.
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
    """End everything with `reason`: what waits or failed becomes context, what is not sent is withdrawn.

    Nothing is left that the owner could have sent again from another account. Returns how many these are.
    """
    draft_rows.close_in(connection, instance_id, "", reason)
    parameters = {"bot": instance_id, "why": reason}
    return sum(connection.execute(each, parameters).rowcount for each in (_ABANDON_WAITING, _ABANDON_UNSENT))


def silence_conversation(
    connection: Connection, instance_id: str, conversation: str, reason: str, sent_before: datetime | None = None
) -> int:
    """The bot is to be silent there, or altogether where `conversation` is empty: end what waits and is not sent.

    What waits becomes context, or a dead letter again if it was one; drafts are dropped, and answers that are not
    handed over withdrawn. With `sent_before`, only what was sent, or answered, before that. Gives how many these are.
    """
    if sent_before is None:
        draft_rows.close_in(connection, instance_id, conversation, reason)
    parameters = {"bot": instance_id, "chat": conversation, "why": reason, "then": sent_before or FOREVER}
    return sum(connection.execute(each, parameters).rowcount for each in (_HUSH_WAITING, _HUSH_UNSENT))


def judged(connection: Connection, row: Sequence[Any], judge: Judge) -> Verdict:
    """What `judge` says today of a row of SELECT_STORED."""
    message = stored(row)
    if message.deleted_at is not None:
        return Verdict(MessageState.IGNORED, DELETED)
    heard = received(message)
    return judge(heard, locate(connection, message.instance_id, heard).known_ids)
