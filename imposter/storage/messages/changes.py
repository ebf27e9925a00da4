"""Edits and deletions: their effect on the message that they change, and on its answer."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, true, update

from imposter.behaviour.message_text import unseen_of
from imposter.contracts.messages import UNREADABLE, Message, MessageKind, Quote, Source
from imposter.domain.deliveries import DeliveryState
from imposter.domain.drafts import DraftState
from imposter.domain.messages import CHANGED, DELETED, DRAFTED, Judge, MessageState, StoredMessage
from imposter.storage.conversation import summaries
from imposter.storage.conversation.identity import ConversationAliases, ids_of_person
from imposter.storage.learning import evaluations
from imposter.storage.messages import owner_notes
from imposter.storage.queue import draft_rows, pending_work
from imposter.storage.schema.rows import SELECT_STORED, stored
from imposter.storage.schema.secure_delete import leave
from imposter.storage.schema.tables import drafts, messages, outbox, wordings


class ChangeOutcome(StrEnum):
    """The result of an edit or deletion."""

    NOT_THEIRS = "not_theirs"
    DONE = "done"
    REMAKES = "remakes"
    """An answer that is in progress or unsent must be generated again."""


NEW_WORDS = "the new words of an edited message"
"""The unseen content of a message whose edit could not be read."""

_in_chat = (messages.c.instance_id == bindparam("instance_id"), messages.c.conversation == bindparam("conversation"))
_NAMED = SELECT_STORED.where(*_in_chat, messages.c.message_id.in_(bindparam("message_ids", expanding=True)))
UNASKED = ("empty", "not_addressed")
"""Reasons of messages that wanted no answer before the edit, and may want one after it."""
_KEEP = insert(wordings)
_EDIT = (
    update(messages)
    .where(messages.c.seq == bindparam("target"))
    .values({name: bindparam(f"new_{name}") for name in ("content", "characters", "truncated_from", "edited_at")})
    .values({name: bindparam(f"new_{name}") for name in ("details", "mentions", "unseen")})
    .values(edits=func.coalesce(messages.c.edits, 0) + 1)
)
_DELETE = (
    update(messages)
    .where(messages.c.seq == bindparam("target"))
    .values(content="", characters=0, details=None, quoted=None, mentions=None, unseen=None, secret=None)
    .values(state=MessageState.IGNORED, reason=DELETED, deleted_at=bindparam("moment"))
)
_QUOTED_NO_MORE = (
    update(messages)
    .where(messages.c.instance_id == bindparam("bot"), messages.c.conversation == bindparam("chat"))
    .where(messages.c.quotes == bindparam("changed_id"), messages.c.quoted.is_not(None))
    .values(quoted=None)
)
_IS_HERE = select(messages.c.seq).where(*_in_chat, messages.c.message_id == bindparam("message_id"))
_ANSWER = (
    select(
        messages.c.seq,
        messages.c.answers,
        outbox.c.state,
        outbox.c.reason,
        outbox.c.attempts,
        outbox.c.created_at,
    )
    .join(outbox, outbox.c.seq == messages.c.seq)
    .where(*_in_chat)
)
_TO_THIS = _ANSWER.where(messages.c.answers == bindparam("last"))
_is_held = (outbox.c.state == DeliveryState.PENDING, outbox.c.reason == CHANGED)
_HELD = _ANSWER.where(*_is_held)
_HOLD = (
    update(outbox)
    .where(outbox.c.seq.in_(bindparam("seqs", expanding=True)), outbox.c.state == DeliveryState.PENDING)
    .values(reason=CHANGED)
)
_LET_GO = (
    update(outbox)
    .where(outbox.c.seq.in_(bindparam("seqs", expanding=True)), outbox.c.state == DeliveryState.PENDING)
    .values(reason=None)
)
_LET_ALL_GO = (
    update(outbox)
    .where(outbox.c.instance_id == bindparam("bot"), outbox.c.state == DeliveryState.PENDING)
    .where(outbox.c.reason == CHANGED)
    .values(reason=None)
)
_DECIDED = select(drafts.c.number).where(
    drafts.c.answers == bindparam("last"), drafts.c.state.in_([DraftState.SENT, DraftState.EDITED])
)
_BLANK_LATE = (
    update(messages)
    .where(messages.c.instance_id == bindparam("bot"), messages.c.conversation == bindparam("chat"))
    .where(messages.c.changes == bindparam("changed_id"), messages.c.source == bindparam("by"))
    .where((messages.c.source == Source.OWNER) | messages.c.sender_id.in_(bindparam("people", expanding=True)))
    .values(content="", characters=0, details=None)
)
_DROP_WORDINGS = delete(wordings).where(wordings.c.seq == bindparam("target"))
_LET_WAIT = (
    update(messages)
    .where(messages.c.seq == bindparam("target"))
    .values(state=MessageState.WAITING, reason=None, joined=None)
)
_OUTDATE = update(messages).where(messages.c.seq == bindparam("target")).values(changed=True)
_WITHDRAW = (
    update(outbox)
    .where(outbox.c.seq.in_(bindparam("seqs", expanding=True)), outbox.c.state == DeliveryState.PENDING)
    .values(state=DeliveryState.WITHDRAWN, reason=CHANGED)
)
_DROP = delete(messages).where(messages.c.seq.in_(bindparam("seqs", expanding=True)))
_of_chat = (messages.c.instance_id == bindparam("bot"), messages.c.conversation == bindparam("chat"))
_MARK_WAITING = update(messages).where(*_of_chat, messages.c.state == MessageState.WAITING).values(changed=True)
_UNMARK_WAITING = (
    update(messages)
    .where(*_of_chat, messages.c.state == MessageState.WAITING, messages.c.changed.is_(true()))
    .values(changed=None)
)
_WAIT_AGAIN = (
    update(messages)
    .where(*_of_chat, messages.c.state == MessageState.ANSWERED, messages.c.answers.is_(None))
    .where(func.coalesce(messages.c.joined, messages.c.seq) == bindparam("last"))
    .values(state=MessageState.WAITING, joined=None, trace=None, changed=None)
)
# When the other messages are answered, a deleted one is not answered with them.
_LEAVE_DELETED = (
    update(messages)
    .where(*_of_chat, messages.c.joined == bindparam("last"), messages.c.reason == DELETED)
    .values(joined=None)
)


def apply(
    connection: Connection,
    instance_id: str,
    place: ConversationAliases,
    change: Message,
    keeps: bool,
    longest: int,
    judge: Judge,
    now: datetime,
) -> ChangeOutcome | None:
    """Apply `change` to the message that it names, if its sender is allowed to.

    Return None if that message is not stored here (yet); in a group, another member's message with the same id does not
    count. A waiting message is judged again. An unsent answer waits to be generated again (see `reopen`), and so does
    a draft. With `keeps`, the earlier text is kept.
    """
    assert change.changes is not None  # noqa: S101 - the caller has checked it
    people = _authors(connection, instance_id, place, change)
    names = [change.changes, *(own_id(change.changes, known) for known in people)]
    in_chat = {"instance_id": instance_id, "conversation": place.conversation}
    found = [stored(row) for row in connection.execute(_NAMED, in_chat | {"message_ids": names})]
    theirs = [each for each in found if _may_change(change, each, people)]
    if not theirs:
        if change.kind is MessageKind.DELETION:
            by = Source.CONTACT if _is_admins(change) else change.source
            early = {"bot": instance_id, "chat": place.conversation, "changed_id": change.changes}
            connection.execute(_BLANK_LATE, early | {"by": by, "people": sorted(people)})
        return ChangeOutcome.NOT_THEIRS if found and change.group is None else None
    target = min(theirs, key=lambda each: each.sender_id not in people)
    if target.deleted_at is not None or (target.edited_at is not None and target.edited_at > change.sent_at):
        return ChangeOutcome.DONE
    _change(connection, target, change, keeps, longest, now)
    remakes = _follow(connection, target, change.kind, judge, now)
    if change.kind is MessageKind.DELETION or not keeps:
        _forget_words(connection, target, is_gone=change.kind is MessageKind.DELETION)
    return ChangeOutcome.REMAKES if remakes else ChangeOutcome.DONE


def drop(connection: Connection, seq: int) -> None:
    """Delete the row of a change that was applied, because it is not a message of its own."""
    connection.execute(_DROP, {"seqs": [seq]})


def quoted_in(connection: Connection, instance_id: str, conversation: str, message: Message) -> Quote | None:
    """Return the quote to store with a message: none if the quoted message is, or was, stored here itself."""
    if message.quoted is None or message.quotes is None:
        return message.quoted
    asked = {"instance_id": instance_id, "conversation": conversation, "message_id": message.quotes}
    return message.quoted if connection.execute(_IS_HERE, asked).first() is None else None


def reopen(connection: Connection, instance_id: str, conversation: str) -> None:
    """Let answered messages wait again if one of them was changed before the answer was sent.

    Call it while nothing in the chat is being answered or sent. If the answer was partly sent, the rest is withdrawn.
    """
    connection.execute(_UNMARK_WAITING, {"bot": instance_id, "chat": conversation})
    in_chat = {"instance_id": instance_id, "conversation": conversation}
    for last in {row.answers for row in connection.execute(_HELD, in_chat)}:
        parts = _newest(connection.execute(_TO_THIS, in_chat | {"last": last}).all())
        held = [part.seq for part in parts if part.state is DeliveryState.PENDING and part.reason == CHANGED]
        if any(part.attempts for part in parts):
            # It may have arrived: only the same text may be sent again under its id.
            connection.execute(_LET_GO, {"seqs": held})
        elif len(held) < len(parts):
            connection.execute(_WITHDRAW, {"seqs": held})
        else:
            connection.execute(_DROP, {"seqs": held})
            for statement in (_WAIT_AGAIN, _LEAVE_DELETED):
                connection.execute(statement, {"bot": instance_id, "chat": conversation, "last": last})


def let_go(connection: Connection, instance_id: str) -> None:
    """Release all answers that were held back. Call it at start, when it is unknown whether they were being sent."""
    connection.execute(_LET_ALL_GO, {"bot": instance_id})


def _newest(parts: Sequence[Any]) -> list[Any]:
    """Return the parts of the newest answer. An interim message may have been sent before it."""
    made = [part.created_at for part in parts if part.created_at is not None]
    return [part for part in parts if not made or part.created_at == max(made)]


def _is_admins(change: Message) -> bool:
    return change.by_admin and change.kind is MessageKind.DELETION and change.group is not None


def _authors(connection: Connection, instance_id: str, place: ConversationAliases, change: Message) -> frozenset[str]:
    """Return the ids of the author of the changed message."""
    if _is_admins(change):
        return ids_of_person(connection, instance_id, change.changes_of) if change.changes_of else frozenset()
    return place.known_ids.union(change.sender.identifiers)


def _may_change(change: Message, target: StoredMessage, authors: Collection[str]) -> bool:
    """Return whether the sender of a change may make it. The platform vouches for the sender, not for the change."""
    if _is_admins(change):
        return not change.changes_of or target.source is not Source.CONTACT or target.sender_id in authors
    if change.source is Source.OWNER:
        return target.source in (Source.OWNER, Source.BOT)
    return target.source is Source.CONTACT and (change.group is None or target.sender_id in authors)


def _change(
    connection: Connection, target: StoredMessage, change: Message, keeps: bool, longest: int, now: datetime
) -> None:
    is_gone = change.kind is MessageKind.DELETION
    if keeps and target.content:
        connection.execute(_KEEP, {"seq": target.seq, "content": target.content, "until": now})
    elif is_gone:
        connection.execute(_DROP_WORDINGS, {"target": target.seq})
    if is_gone:
        connection.execute(_DELETE, {"target": target.seq, "moment": change.sent_at})
    else:
        content = change.content[:longest]
        # A text's details are its link, which is replaced with the text.
        details = change.details or (target.kind is not MessageKind.TEXT and target.details) or None
        told = None if target.unseen == NEW_WORDS else target.unseen
        unseen = NEW_WORDS if change.note == UNREADABLE else unseen_of(content, target.kind, details or "", told)
        connection.execute(
            _EDIT,
            {
                "target": target.seq,
                "new_content": content,
                "new_characters": len(content),
                "new_truncated_from": len(change.content) if len(change.content) > len(content) else None,
                "new_edited_at": change.sent_at,
                "new_details": details,
                "new_mentions": change.mentions,
                "new_unseen": unseen,
            },
        )
    of_chat = {"bot": target.instance_id, "chat": target.conversation}
    connection.execute(_QUOTED_NO_MORE, of_chat | {"changed_id": target.message_id})
    place = target.answers or target.seq
    summaries.forget_from(connection, target.instance_id, target.conversation, place, now, is_gone=is_gone)
    evaluations.forget_about(connection, target.instance_id, target.seq, target.received_at)
    leave(connection)


def _follow(connection: Connection, target: StoredMessage, kind: MessageKind, judge: Judge, now: datetime) -> bool:
    """Update the work on a changed message: judge a waiting message again, and hold an unsent answer.

    Return whether an answer must be generated again.
    """
    in_chat = {"instance_id": target.instance_id, "conversation": target.conversation}
    if target.source is not Source.CONTACT:
        connection.execute(_WITHDRAW, {"seqs": [target.seq]})
        return False
    [row] = connection.execute(_NAMED, in_chat | {"message_ids": [target.message_id]}).all()
    last = target.joined or target.seq
    if target.state is MessageState.WAITING:
        verdict = pending_work.judged(connection, row, judge)
        if kind is MessageKind.EDIT and verdict.state is not MessageState.WAITING:
            pending_work.settle(connection, [target.seq], verdict)
        # Answers in progress for these messages must be discarded.
        connection.execute(_MARK_WAITING, {"bot": target.instance_id, "chat": target.conversation})
        return True
    if target.state is MessageState.ANSWERED:
        is_held = _hold(connection, in_chat, last)
        if not is_held:
            connection.execute(_OUTDATE, {"target": target.seq})
        return is_held
    asked = target.reason in UNASKED and pending_work.judged(connection, row, judge).state is MessageState.WAITING
    if asked and kind is MessageKind.EDIT:
        connection.execute(_LET_WAIT, {"target": target.seq})
        return True
    return target.reason == DRAFTED and _redraft(connection, target, last, now)


def _forget_words(connection: Connection, target: StoredMessage, *, is_gone: bool) -> None:
    """Remove the old text from drafts for the message and from notes to the owner about it."""
    about = {target.seq, target.joined or target.seq}
    about |= draft_rows.forget_words(connection, target.instance_id, target.conversation, about, is_gone=is_gone)
    for seq in about:
        if is_gone:
            owner_notes.forget_about(connection, seq)
        else:
            owner_notes.blank_about(connection, seq)


def _hold(connection: Connection, in_chat: dict[str, str], last: int) -> bool:
    """Hold an answer that is not being sent yet. An answer that the owner approved is not held."""
    parts = _newest(connection.execute(_TO_THIS, in_chat | {"last": last}).all())
    if not parts or any(part.state is not DeliveryState.PENDING or part.attempts for part in parts):
        return False
    if connection.execute(_DECIDED, {"last": last}).first() is not None:
        return False
    connection.execute(_HOLD, {"seqs": [part.seq for part in parts]})
    return True


def _redraft(connection: Connection, target: StoredMessage, last: int, now: datetime) -> bool:
    """Let the messages of a draft wait again. A draft without text is left to the owner."""
    done = False
    for draft in draft_rows.still_open(connection, target.instance_id):
        if draft.answers == last and draft.text:
            draft_rows.close(connection, draft, DraftState.REPLACED, now)
            draft_rows.settle(connection, target.instance_id, draft, MessageState.WAITING, None)
            done = True
    return done


def own_id(message_id: str, sender_id: str) -> str:
    """Return the id to store a member's message under if another member's message already has its id."""
    return f"{message_id}/{sender_id}"


def came_as(message: Message) -> str:
    """Return the id with which the message arrived."""
    return message.message_id.removesuffix(own_id("", message.sender.identifier))
