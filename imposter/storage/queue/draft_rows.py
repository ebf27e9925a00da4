"""What is drafted in a bot's conversations, and ending it: beneath `drafts`, for what ends everything in a chat."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, update

from imposter.contracts.messages import MessageKind
from imposter.domain.drafts import DraftState
from imposter.domain.messages import DRAFTED, MessageState
from imposter.storage.schema.tables import drafts, messages


@dataclass(frozen=True, slots=True)
class Draft:
    number: int
    """Names it."""
    conversation: str
    name: str
    """Of who asked: as they call themselves, unless whoever gives it away knows what their owner calls them."""
    answers: int
    """The seq of the last message that it is for."""
    question: str
    """That message's words."""
    question_kind: MessageKind
    question_details: str
    text: str
    """Empty where the owner is to find the words."""
    why: str
    """A short code."""
    state: DraftState
    note_id: str | None
    """The message that shows it in the owner's own chat."""
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    is_deleted: bool = False
    """The message was deleted for everybody."""
    sender_id: str = ""
    """Of who asked."""


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
"""In the order of Draft's fields; its parameter is `bot`."""
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
# What waits again waits by itself: the last of those that it was drafted with may be gone.
_WAIT_AGAIN = _SETTLE.values(joined=None)
_of_these = drafts.c.answers.in_(bindparam("seqs", expanding=True))
# What took in more of the chat before it was replaced may hold the words, too.
_HOLDING = (
    select(drafts.c.number, drafts.c.answers, drafts.c.state)
    .join(messages, messages.c.seq == drafts.c.answers)
    .where(drafts.c.instance_id == bindparam("bot"), drafts.c.answers >= bindparam("first"))
    .where(messages.c.conversation == bindparam("chat"))
    .where(_of_these | drafts.c.state.in_([DraftState.REPLACED, DraftState.OPEN]))
)
_NO_WORDS = update(drafts).where(drafts.c.number.in_(bindparam("numbers", expanding=True))).values(text="")


def found(connection: Connection, statement: Select[Any], of: Mapping[str, Any]) -> list[Draft]:
    """Rows of COLUMNS."""
    return [Draft(*row) for row in connection.execute(statement, of)]


def still_open(connection: Connection, instance_id: str) -> list[Draft]:
    """Those whose time is over first."""
    return found(connection, _OPEN, {"bot": instance_id})


def close(connection: Connection, draft: Draft, state: DraftState, now: datetime | None = None) -> None:
    connection.execute(_CLOSE, {"closed": draft.number, "becomes": state, "moment": now})


def settle(connection: Connection, instance_id: str, draft: Draft, state: MessageState, reason: str | None) -> None:
    """What the draft was for comes to this."""
    of_chat = {"bot": instance_id, "chat": draft.conversation, "last": draft.answers}
    statement = _WAIT_AGAIN if state is MessageState.WAITING else _SETTLE
    connection.execute(statement, of_chat | {"becomes": state, "why": reason})


def forget_words(
    connection: Connection, instance_id: str, conversation: str, seqs: Collection[int], *, is_gone: bool
) -> set[int]:
    """What was drafted for these messages is kept without its words; gives the seqs that it is for.

    Unless they are gone, an answer that was sent as it was drafted keeps them, and so does what is open.
    """
    of_chat = {"bot": instance_id, "chat": conversation, "seqs": list(seqs), "first": min(seqs)}
    rows = connection.execute(_HOLDING, of_chat).all()
    kept = () if is_gone else (DraftState.OPEN, DraftState.SENT)
    blank = [row for row in rows if row.state is DraftState.REPLACED or (row.answers in seqs and row.state not in kept)]
    connection.execute(_NO_WORDS, {"numbers": [row.number for row in blank]})
    standing = {row.answers for row in rows if row.state is DraftState.OPEN and row.answers not in seqs}
    return {row.answers for row in blank} - standing


def close_in(connection: Connection, instance_id: str, conversation: str, reason: str) -> None:
    """Drop what is drafted there, or everywhere where it is empty; what it was for ends with `reason`."""
    for draft in still_open(connection, instance_id):
        if conversation in ("", draft.conversation):
            close(connection, draft, DraftState.DROPPED)
            settle(connection, instance_id, draft, MessageState.CONTEXT, reason)
