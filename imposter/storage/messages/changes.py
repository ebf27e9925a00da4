"""Edits and deletions: what they make of the message that they name, and of what was done about it."""

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
    """What came of an edit or a deletion."""

    NOT_THEIRS = "not_theirs"
    DONE = "done"
    REMAKES = "remakes"
    """What is in the making, or not out, is to be made anew."""


NEW_WORDS = "the new words of an edited message"
"""What is unseen of a message whose edit could not be read."""

_in_chat = (messages.c.instance_id == bindparam("instance_id"), messages.c.conversation == bindparam("conversation"))
_NAMED = SELECT_STORED.where(*_in_chat, messages.c.message_id.in_(bindparam("message_ids", expanding=True)))
UNASKED = ("empty", "not_addressed")
"""Reasons of what wanted no answer as it was, and may want one as it is."""
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
# What was deleted is not answered with the others once they are.
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
    """Make of the message that `change` names what it says, if it is whose it must be.

    None where that message is not here (yet): in a group, another's of the same id tells nothing. What waits is judged
    anew, an answer that is not out waits to be made anew (`reopen`), and so does what is drafted. `keeps`: what it said
    before is kept.
    """
    assert change.changes is not None  # noqa: S101 - what the caller asks first
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
    """A change that is done is no message of its own."""
    connection.execute(_DROP, {"seqs": [seq]})


def quoted_in(connection: Connection, instance_id: str, conversation: str, message: Message) -> Quote | None:
    """What is kept of what a message quotes: nothing where that is on record itself, or was before it was deleted."""
    if message.quoted is None or message.quotes is None:
        return message.quoted
    asked = {"instance_id": instance_id, "conversation": conversation, "message_id": message.quotes}
    return message.quoted if connection.execute(_IS_HERE, asked).first() is None else None


def reopen(connection: Connection, instance_id: str, conversation: str) -> None:
    """Have what was answered wait again where something of it was changed before the answer was out.

    Call it while nothing is answered or handed over in that chat. Of an answer that is partly out, the rest is
    withdrawn.
    """
    connection.execute(_UNMARK_WAITING, {"bot": instance_id, "chat": conversation})
    in_chat = {"instance_id": instance_id, "conversation": conversation}
    for last in {row.answers for row in connection.execute(_HELD, in_chat)}:
        parts = _newest(connection.execute(_TO_THIS, in_chat | {"last": last}).all())
        held = [part.seq for part in parts if part.state is DeliveryState.PENDING and part.reason == CHANGED]
        if any(part.attempts for part in parts):
            # It may have arrived: only the same text may go out again under its id.
            connection.execute(_LET_GO, {"seqs": held})
        elif len(held) < len(parts):
            connection.execute(_WITHDRAW, {"seqs": held})
        else:
            connection.execute(_DROP, {"seqs": held})
            for statement in (_WAIT_AGAIN, _LEAVE_DELETED):
                connection.execute(statement, {"bot": instance_id, "chat": conversation, "last": last})


def let_go(connection: Connection, instance_id: str) -> None:
    """At start: of answers that were held back nobody knows any more whether they were being handed over."""
    connection.execute(_LET_ALL_GO, {"bot": instance_id})


def _newest(parts: Sequence[Any]) -> list[Any]:
    """Of one answer: a word that it is on its way may have gone out before."""
    made = [part.created_at for part in parts if part.created_at is not None]
    return [part for part in parts if not made or part.created_at == max(made)]


def _is_admins(change: Message) -> bool:
    return change.by_admin and change.kind is MessageKind.DELETION and change.group is not None


def _authors(connection: Connection, instance_id: str, place: ConversationAliases, change: Message) -> frozenset[str]:
    """Ids of whose message it changes."""
    if _is_admins(change):
        return ids_of_person(connection, instance_id, change.changes_of) if change.changes_of else frozenset()
    return place.known_ids.union(change.sender.identifiers)


def _may_change(change: Message, target: StoredMessage, authors: Collection[str]) -> bool:
    """Everybody their own; who writes is known by the platform, whatever the change says of it."""
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
        # The link of a text goes with its words.
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
    """Of what was done about it: what waits is judged anew, and what is not out is to be made anew.

    Gives whether there is any of that.
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
        # What is in the making for these is not to be kept.
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
    """What it said stands no longer in what was drafted for it, nor in what its owner was told of it."""
    about = {target.seq, target.joined or target.seq}
    about |= draft_rows.forget_words(connection, target.instance_id, target.conversation, about, is_gone=is_gone)
    for seq in about:
        if is_gone:
            owner_notes.forget_about(connection, seq)
        else:
            owner_notes.blank_about(connection, seq)


def _hold(connection: Connection, in_chat: dict[str, str], last: int) -> bool:
    """An answer that nobody has begun to send; none that its owner has sent themselves."""
    parts = _newest(connection.execute(_TO_THIS, in_chat | {"last": last}).all())
    if not parts or any(part.state is not DeliveryState.PENDING or part.attempts for part in parts):
        return False
    if connection.execute(_DECIDED, {"last": last}).first() is not None:
        return False
    connection.execute(_HOLD, {"seqs": [part.seq for part in parts]})
    return True


def _redraft(connection: Connection, target: StoredMessage, last: int, now: datetime) -> bool:
    """But for a draft without words: what that is for is the owner's."""
    done = False
    for draft in draft_rows.still_open(connection, target.instance_id):
        if draft.answers == last and draft.text:
            draft_rows.close(connection, draft, DraftState.REPLACED, now)
            draft_rows.settle(connection, target.instance_id, draft, MessageState.WAITING, None)
            done = True
    return done


def own_id(message_id: str, sender_id: str) -> str:
    """The id of a member's message where another's in the group has the one that it came with."""
    return f"{message_id}/{sender_id}"


def came_as(message: Message) -> str:
    """The id that it came with."""
    return message.message_id.removesuffix(own_id("", message.sender.identifier))
