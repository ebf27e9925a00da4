"""What becomes of a message that comes in: recognised, judged, stored and fitted into the queue, in one commit."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from imposter.contracts.config import Limits
from imposter.contracts.messages import Group, Message, Sender, Source
from imposter.storage import claims, pauses, unfinished, waiting
from imposter.storage.conversations import locate
from imposter.storage.records import (
    FOREVER,
    OWNER_PAUSE,
    TAKEOVER,
    Accepted,
    Claim,
    DeliveryState,
    Judge,
    MessageState,
    Pause,
    Verdict,
)
from imposter.storage.tables import messages, outbox

ECHO = Verdict(MessageState.IGNORED, "echo")
DUPLICATE = Verdict(MessageState.IGNORED, "duplicate")

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL takes no NUL, and half a character has no UTF-8."""

_CONFIRM = (
    update(outbox)
    .where(outbox.c.instance_id == bindparam("instance"), outbox.c.message_id == bindparam("echoed"))
    .values(state=DeliveryState.SENT, reason=None, sent_at=func.coalesce(outbox.c.sent_at, bindparam("now")))
)
# SQLite's compiler knows this of PostgreSQL's, too.
_INSERT = (
    insert(messages)
    .on_conflict_do_nothing(index_elements=["instance_id", "conversation", "message_id"])
    .returning(messages.c.seq)
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
)
_INSERT_IF_HELD = (
    insert(messages)
    .from_select(
        _COLUMNS,
        select(*(bindparam(name, type_=messages.c[name].type) for name in _COLUMNS)).where(claims.held),
        include_defaults=False,
    )
    .on_conflict_do_nothing(index_elements=["instance_id", "conversation", "message_id"])
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
) -> Accepted:
    """Raises: Superseded."""
    message = storable(message)
    place = locate(connection, instance_id, message)
    if message.source is Source.OWNER and _is_echo(connection, instance_id, message.message_id, now):
        return Accepted(None, place.conversation, ECHO, duplicate=True, absorbed=place.absorbed)
    key = {"instance_id": instance_id, "conversation": place.conversation, "message_id": message.message_id}
    content = message.content[: limits.single]
    # What is looked at is what is kept: a text may be as long as its sender likes.
    verdict = judge(replace(message, content=content), place.known_ids)
    if verdict.state is MessageState.WAITING and message.source is Source.CONTACT:
        reason = pauses.silencing(
            connection, instance_id, place.conversation, place.known_ids if message.group else (), message.sent_at
        )
        verdict = verdict if reason is None else Verdict(MessageState.CONTEXT, reason)
    guard = claims.of(claim) if claim else {}
    seq: int | None = connection.execute(
        _INSERT_IF_HELD if claim else _INSERT,
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
        },
    ).scalar_one_or_none()
    if seq is None:
        if claim:
            claims.check(connection, claim)
        if message.group is not None and _is_anothers(connection, key, place.known_ids):
            # Members choose the ids of their messages: nobody's may be lost because another took its id before.
            message = replace(message, message_id=_own_id(message.message_id, message.sender.identifier))
            return accept(connection, instance_id, message, limits, judge, busy, now, claim)
        return Accepted(None, place.conversation, DUPLICATE, duplicate=True, absorbed=place.absorbed)
    if verdict.state is not MessageState.WAITING:
        pause = _taken_over(connection, instance_id, place.conversation, message, verdict, now)
        resumed = message.source is Source.OWNER and verdict.resumes
        if resumed:
            pauses.end(connection, instance_id, [place.conversation])
        return Accepted(seq, place.conversation, verdict, absorbed=place.absorbed, pause=pause, resumed=resumed)
    evicted = waiting.keep_within(connection, instance_id, limits, now, busy=busy)
    if seq in evicted:
        verdict = Verdict(MessageState.EVICTED, evicted[seq])
    return Accepted(seq, place.conversation, verdict, evicted=tuple(evicted), absorbed=place.absorbed)


def storable(message: Message) -> Message:
    """`message` with U+FFFD for what no database can store."""
    sender, group = message.sender, message.group
    texts = (message.content, message.message_id, message.reply_to, *message.chat, *sender.identifiers)
    texts += (message.quotes or "", message.reacts_to or "", message.unseen or "")
    names = (sender.display_name, *((group.identifier, group.display_name) if group else ()))
    if not any(map(_UNSTORABLE.search, texts + names)):
        return message
    return replace(
        message,
        message_id=clean(message.message_id),
        content=clean(message.content),
        reply_to=clean(message.reply_to),
        chat=tuple(map(clean, message.chat)),
        sender=Sender(
            clean(sender.identifier), clean(sender.display_name), tuple(map(clean, sender.alternate_identifiers))
        ),
        group=group and Group(clean(group.identifier), clean(group.display_name)),
        quotes=message.quotes and clean(message.quotes),
        reacts_to=message.reacts_to and clean(message.reacts_to),
        unseen=message.unseen and clean(message.unseen),
    )


def clean(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)


def _is_echo(connection: Connection, instance_id: str, message_id: str, now: datetime) -> bool:
    """Our own answer, reported back by the platform: it did arrive, whatever its outbox row said."""
    confirmed = connection.execute(_CONFIRM, {"instance": instance_id, "echoed": message_id, "now": now})
    return confirmed.rowcount > 0


def _is_anothers(connection: Connection, key: Mapping[str, str], known_ids: frozenset[str]) -> bool:
    """Whether whoever has these ids has no stored message with this id, as it came or as `_own_id` makes it."""
    taken = key["message_id"]
    names = {**key, "message_ids": [taken, *(_own_id(taken, known) for known in known_ids)]}
    return known_ids.isdisjoint(connection.execute(_SENDERS, names).scalars())


def _own_id(message_id: str, sender_id: str) -> str:
    return f"{message_id}/{sender_id}"


def _taken_over(
    connection: Connection, instance_id: str, conversation: str, message: Message, verdict: Verdict, now: datetime
) -> Pause | None:
    """The owner speaks in this chat themselves: nothing that waits there is answered, and nothing more goes out."""
    if message.source is Source.OWNER and verdict.pauses:
        unfinished.hush(connection, instance_id, conversation, OWNER_PAUSE)
        return pauses.begin(connection, instance_id, Pause(conversation, OWNER_PAUSE, FOREVER))
    if message.source is not Source.OWNER or verdict.silence is None:
        return None
    until = min(message.sent_at, now) + verdict.silence  # a phone's clock may be years ahead
    # What comes late and was sent after this is answered, if its time has not come.
    unfinished.hush(connection, instance_id, conversation, TAKEOVER, None if until > now else until)
    pause = pauses.begin(connection, instance_id, Pause(conversation, TAKEOVER, until))
    return pause if pause.until > now else None
