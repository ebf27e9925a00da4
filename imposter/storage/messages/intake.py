"""Intake of messages: each one is identified, judged, stored and fitted into the queue, in one commit."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from imposter.contracts.config import Limits
from imposter.contracts.messages import UNREADABLE, Message, MessageKind, Source
from imposter.domain.claims import Claim
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import Accepted, Judge, MessageState, Verdict
from imposter.domain.pauses import FOREVER, OWNER_PAUSE, TAKEOVER, Pause
from imposter.domain.reasons import Reason, reason_of
from imposter.storage.conversation.identity import ConversationAliases, locate
from imposter.storage.database.round_trips import execute_together
from imposter.storage.messages import changes, disappearing, early_changes
from imposter.storage.queue import pauses, pending_work, queue_limits
from imposter.storage.schema import fencing
from imposter.storage.schema.connection_cache import never_disappears
from imposter.storage.schema.tables import messages, outbox

ECHO = Verdict(MessageState.IGNORED, Reason.ECHO)
DUPLICATE = Verdict(MessageState.IGNORED, Reason.DUPLICATE)
NOT_THEIRS = Verdict(MessageState.IGNORED, Reason.NOT_THEIRS)

_CONFIRM = (
    update(outbox)
    .where(outbox.c.instance_id == bindparam("instance"), outbox.c.message_id == bindparam("echoed"))
    .values(state=DeliveryState.SENT, reason=None, sent_at=func.coalesce(outbox.c.sent_at, bindparam("now")))
)
_SENDERS = select(messages.c.sender_id).where(
    messages.c.instance_id == bindparam("instance_id"),
    messages.c.conversation == bindparam("conversation"),
    messages.c.message_id.in_(bindparam("message_ids", expanding=True)),
)
_COLUMNS = (
    "instance_id",
    "conversation",
    "message_id",
    "source",
    "content",
    "characters",
    "truncated_from",
    "sender_id",
    "sender_name",
    "group_id",
    "group_name",
    "reply_to",
    "sent_at",
    "received_at",
    "state",
    "reason",
    "addressed",
    "quotes",
    "reacts_to",
    "unseen",
    "kind",
    "details",
    "quoted",
    "mentions",
    "changes",
    "deletes_of",
    "forwarded",
    "disappears_after",
    "disappears_at",
    "secret",
)
# SQLite's compiler also supports PostgreSQL's `on_conflict` clause.
_ONCE = ["instance_id", "conversation", "message_id"]
_INSERT = insert(messages).on_conflict_do_nothing(index_elements=_ONCE).returning(messages.c.seq)
_INSERT_IF_HELD = (
    insert(messages)
    .from_select(
        _COLUMNS,
        select(*(bindparam(name, type_=messages.c[name].type) for name in _COLUMNS)).where(fencing.held),
        include_defaults=False,
    )
    .on_conflict_do_nothing(index_elements=_ONCE)
    .returning(messages.c.seq)
)


def accept(
    connection: Connection,
    instance_id: str,
    message: Message,
    limits: Limits,
    judge: Judge,
    busy: Callable[[], Collection[int]],
    now: datetime,
    claim: Claim | None = None,
    *,
    is_first: bool = True,
) -> Accepted:
    """Accept a message whose texts the database can store.

    `is_first` means that nothing was written for it before in this commit.
    Raises: Superseded.
    """
    place = locate(connection, instance_id, message)
    is_first = is_first and not place.changed
    accepted = _accept(connection, instance_id, place, message, limits, judge, busy, now, claim, is_first=is_first)
    if not place.merged:
        return accepted
    remade = early_changes.follow_merger(connection, instance_id, place, limits.single, judge, now)
    return replace(accepted, also_changed=remade)


def _accept(
    connection: Connection,
    instance_id: str,
    place: ConversationAliases,
    message: Message,
    limits: Limits,
    judge: Judge,
    busy: Callable[[], Collection[int]],
    now: datetime,
    claim: Claim | None,
    *,
    is_first: bool,
) -> Accepted:
    if message.source is Source.OWNER and _is_echo(connection, instance_id, message.message_id, now):
        return Accepted(None, place.conversation, ECHO, duplicate=True, absorbed=place.absorbed)
    key = {"instance_id": instance_id, "conversation": place.conversation, "message_id": message.message_id}
    content = message.content[: limits.single]
    # The text that is judged is the text that is stored. A sender may write a text of any length.
    verdict = judge(replace(message, content=content), place.known_ids)
    if message.changes is not None:
        if claim:
            fencing.check(connection, claim)
        keeps = verdict.keeps_wording
        done = changes.apply(connection, instance_id, place, message, keeps, limits.single, judge, now)
        if done in (changes.ChangeOutcome.DONE, changes.ChangeOutcome.REMAKES):
            remakes = done is changes.ChangeOutcome.REMAKES
            return Accepted(None, place.conversation, verdict, absorbed=place.absorbed, changed=remakes)
        if done is changes.ChangeOutcome.NOT_THEIRS:
            content, verdict = "", NOT_THEIRS
        elif message.changes == message.message_id:  # it names itself as its target, and the target is not stored here
            unseen = changes.NEW_WORDS if message.note == UNREADABLE else message.unseen
            message = replace(message, kind=MessageKind.TEXT, changes=None, unseen=unseen)
            verdict = judge(replace(message, content=content), place.known_ids)
    if verdict.state is MessageState.WAITING and message.source is Source.CONTACT:
        reason = pauses.silencing(
            connection, instance_id, place.conversation, place.known_ids if message.group else (), message.sent_at
        )
        verdict = verdict if reason is None else Verdict(MessageState.CONTEXT, reason_of(reason))
    waits = message.changes is not None and verdict is not NOT_THEIRS  # an early change waits for its message
    catches_up = message.changes is None and early_changes.any_wait(connection, instance_id, now)
    guard = fencing.of(claim) if claim else {}
    columns = (
        key
        | guard
        | {
            "source": message.source,
            "content": content,
            "characters": len(content),
            "truncated_from": len(message.content) if len(message.content) > len(content) else None,
            "sender_id": message.sender.identifier,
            "sender_name": message.sender.display_name,
            "group_id": message.group and message.group.identifier,
            "group_name": message.group and message.group.display_name,
            "reply_to": message.reply_to,
            "sent_at": message.sent_at,
            "received_at": now,
            "state": verdict.state,
            "reason": verdict.reason,
            "addressed": message.addressed,
            "quotes": message.quotes,
            "reacts_to": message.reacts_to,
            "unseen": message.unseen,
            "kind": message.kind,
            "details": message.details or None,
            "quoted": changes.quoted_in(connection, instance_id, place.conversation, message),
            "mentions": message.mentions,
            "changes": message.changes if waits else None,
            "deletes_of": (message.changes_of or "") if waits and message.by_admin else None,
            "forwarded": message.forwarded or None,
            "disappears_after": disappearing.bounded(message.disappears_after),
            "disappears_at": disappearing.end(message.sent_at, message.disappears_after),
            "secret": message.secret,
        }
    )
    added, *counted = execute_together(
        connection,
        (_INSERT_IF_HELD if claim else _INSERT, columns),
        *([(queue_limits.TOTALS, {"instance_id": instance_id})] if verdict.state is MessageState.WAITING else []),
        # Usually nothing follows. A duplicate or an eviction can have its own transaction. But anything written earlier
        # in this commit must be rolled back if the claim is lost.
        then_commit=is_first and not (waits or catches_up or message.source is Source.OWNER),
    )
    seq: int | None = added.scalar_one_or_none()
    if seq is None:
        if claim:
            fencing.check(connection, claim)
        theirs = place.known_ids.union(message.sender.identifiers)
        if message.group is not None and _is_anothers(connection, key, theirs):
            # Members choose the ids of their messages. No message may be lost because another member took its id.
            message = replace(message, message_id=changes.own_id(message.message_id, message.sender.identifier))
            return _accept(connection, instance_id, place, message, limits, judge, busy, now, claim, is_first=is_first)
        return Accepted(None, place.conversation, DUPLICATE, duplicate=True, absorbed=place.absorbed)
    if message.disappears_after is not None:
        never_disappears(connection).discard(instance_id)
    if waits:
        early_changes.keep(connection, instance_id, now)
    elif catches_up:
        early_changes.catch_up(connection, instance_id, place, message, limits.single, judge, now)
    if verdict.state is not MessageState.WAITING:
        pause = _taken_over(connection, instance_id, place.conversation, message, verdict, now)
        resumed = message.source is Source.OWNER and verdict.resumes
        if resumed:
            pauses.end(connection, instance_id, [place.conversation])
        return Accepted(seq, place.conversation, verdict, absorbed=place.absorbed, pause=pause, resumed=resumed)
    totals = queue_limits.QueueTotals._make(counted[0].one())
    if not totals.are_over(limits, now):
        return Accepted(seq, place.conversation, verdict, absorbed=place.absorbed)
    if claim:
        fencing.check(connection, claim)
    evicted = queue_limits.keep_within(connection, instance_id, totals, limits, now, busy=busy)
    if seq in evicted:
        verdict = Verdict(MessageState.EVICTED, reason_of(evicted[seq]))
    return Accepted(seq, place.conversation, verdict, evicted=tuple(evicted), absorbed=place.absorbed)


def _is_echo(connection: Connection, instance_id: str, message_id: str, now: datetime) -> bool:
    """Mark our answer as sent because the platform reported it back. This overrides any earlier delivery state."""
    confirmed = connection.execute(_CONFIRM, {"instance": instance_id, "echoed": message_id, "now": now})
    return confirmed.rowcount > 0


def _is_anothers(connection: Connection, key: Mapping[str, str], known_ids: frozenset[str]) -> bool:
    """Return whether none of the stored messages with this id, as received or from `own_id`, is from this person."""
    taken = key["message_id"]
    names = {**key, "message_ids": [taken, *(changes.own_id(taken, known) for known in known_ids)]}
    return known_ids.isdisjoint(connection.execute(_SENDERS, names).scalars())


def _taken_over(
    connection: Connection, instance_id: str, conversation: str, message: Message, verdict: Verdict, now: datetime
) -> Pause | None:
    """Pause the bot after a message from the owner: waiting messages get no answer and nothing more is sent."""
    if message.source is Source.OWNER and verdict.pauses:
        pending_work.silence_conversation(connection, instance_id, conversation, OWNER_PAUSE)
        return pauses.begin(connection, instance_id, Pause(conversation, OWNER_PAUSE, FOREVER))
    if message.source is not Source.OWNER or verdict.silence is None:
        return None
    until = min(message.sent_at, now) + verdict.silence  # the phone's clock may be years ahead
    # Messages that arrive late but were sent after the pause are answered unless they are too old.
    pending_work.silence_conversation(connection, instance_id, conversation, TAKEOVER, None if until > now else until)
    pause = pauses.begin(connection, instance_id, Pause(conversation, TAKEOVER, until))
    return pause if pause.until > now else None
