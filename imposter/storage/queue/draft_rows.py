"""Reading and closing of draft rows, for `drafts` and for modules that end all work in a chat."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, update

from imposter.domain.drafts import Draft, DraftState
from imposter.domain.messages import DRAFTED, MessageState
from imposter.storage.schema.tables import drafts, messages

_question = messages.alias("question")
COLUMNS: Select[Any] = (
    select(
        drafts.c.number,
        _question.c.conversation,
        _question.c.sender_name,
        drafts.c.answers,
        _question.c.content,
        _question.c.kind,
        func.coalesce(_question.c.details, ""),
        drafts.c.text,
        drafts.c.why,
        drafts.c.state,
        drafts.c.note_id,
        drafts.c.created_at,
        drafts.c.expires_at,
        drafts.c.decided_at,
        _question.c.deleted_at.is_not(None),
        _question.c.sender_id,
    )
    .join(_question, _question.c.seq == drafts.c.answers)
    .where(drafts.c.instance_id == bindparam("bot"))
)
"""Columns in the order of Draft's fields. The parameter is `bot`."""
is_open = drafts.c.state == DraftState.OPEN
_OPEN = COLUMNS.where(is_open).order_by(drafts.c.expires_at)
_CLOSE = (
    update(drafts)
    .where(drafts.c.number == bindparam("closed"), is_open)
    .values(state=bindparam("becomes"), decided_at=bindparam("moment"))
)
_SETTLE = (
    update(messages)
    .where(
        messages.c.instance_id == bindparam("bot"),
        messages.c.conversation == bindparam("chat"),
        func.coalesce(messages.c.joined, messages.c.seq) == bindparam("last"),
        messages.c.answers.is_(None),
        messages.c.reason == DRAFTED,
    )
    .values(state=bindparam("becomes"), reason=bindparam("why"))
)
# Messages that wait again do so individually, because the last message of their draft may be gone.
_WAIT_AGAIN = _SETTLE.values(joined=None)
_of_these = drafts.c.answers.in_(bindparam("seqs", expanding=True))
# A draft that covered more of the chat before it was replaced may contain the text as well.
_HOLDING = (
    select(drafts.c.number, drafts.c.answers, drafts.c.state)
    .join(messages, messages.c.seq == drafts.c.answers)
    .where(drafts.c.instance_id == bindparam("bot"), drafts.c.answers >= bindparam("first"))
    .where(messages.c.conversation == bindparam("chat"))
    .where(_of_these | drafts.c.state.in_([DraftState.REPLACED, DraftState.OPEN]))
)
_NO_WORDS = update(drafts).where(drafts.c.number.in_(bindparam("numbers", expanding=True))).values(text="")


def found(connection: Connection, statement: Select[Any], of: Mapping[str, Any]) -> list[Draft]:
    """Return the drafts of a statement on COLUMNS."""
    return [Draft(*row) for row in connection.execute(statement, of)]


def still_open(connection: Connection, instance_id: str) -> list[Draft]:
    """Return the open drafts, earliest expiry first."""
    return found(connection, _OPEN, {"bot": instance_id})


def close(connection: Connection, draft: Draft, state: DraftState, now: datetime | None = None) -> None:
    connection.execute(_CLOSE, {"closed": draft.number, "becomes": state, "moment": now})


def settle(connection: Connection, instance_id: str, draft: Draft, state: MessageState, reason: str | None) -> None:
    """Set the state and reason of the messages that the draft is for."""
    of_chat = {"bot": instance_id, "chat": draft.conversation, "last": draft.answers}
    statement = _WAIT_AGAIN if state is MessageState.WAITING else _SETTLE
    connection.execute(statement, of_chat | {"becomes": state, "why": reason})


def forget_words(
    connection: Connection, instance_id: str, conversation: str, seqs: Collection[int], *, is_gone: bool
) -> set[int]:
    """Remove the text of drafts for these messages, and return the seqs of the messages that those drafts are for.

    Unless the messages are gone, open drafts and answers that were sent as drafted keep their text.
    """
    of_chat = {"bot": instance_id, "chat": conversation, "seqs": list(seqs), "first": min(seqs)}
    rows = connection.execute(_HOLDING, of_chat).all()
    kept = () if is_gone else (DraftState.OPEN, DraftState.SENT)
    blank = [row for row in rows if row.state is DraftState.REPLACED or (row.answers in seqs and row.state not in kept)]
    connection.execute(_NO_WORDS, {"numbers": [row.number for row in blank]})
    standing = {row.answers for row in rows if row.state is DraftState.OPEN and row.answers not in seqs}
    return {row.answers for row in blank} - standing


def close_in(connection: Connection, instance_id: str, conversation: str, reason: str) -> None:
    """Drop the drafts in a conversation, or all drafts if it is empty. Their messages end with `reason`."""
    for draft in still_open(connection, instance_id):
        if conversation in ("", draft.conversation):
            close(connection, draft, DraftState.DROPPED)
            settle(connection, instance_id, draft, MessageState.CONTEXT, reason)
