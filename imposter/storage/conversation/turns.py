"""The turns that a model is shown: what was said, what it replies or reacts to, and of whom it speaks."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, func, select

from imposter.contracts.messages import NOT_SAID, Mention, MessageKind, Quote, ReferencedMessage, Source, Turn
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import MessageState, StoredMessage
from imposter.storage.conversation.names import Names
from imposter.storage.schema.tables import anchor, messages, outbox

DECLINED = "ModelDeclined"
"""The reason of what a model's vendor would refuse again, in any prompt that holds it."""
LONGEST_EARLIER = 500
"""Characters of what a message is about that are shown with it."""
LONGEST_NAME = 30
"""Characters of a name in place of a number: it stands among somebody else's words."""
MOST_NAMED = 20
"""Numbers in one message that names take the place of."""
LONGEST_DETAILS = 1000
"""Characters that are shown of what a message holds beside its words."""
YOU = "you"
"""What stands for the owner where somebody mentions them."""

_MENTION = re.compile(r"@([0-9A-Za-z._-]{2,64})")


class TurnRow(NamedTuple):
    """In the order of BEFORE's columns; the first two are its place in the conversation."""

    anchor: int
    seq: int
    source: Source
    content: str
    sender_name: str
    group_id: str | None
    sent_at: datetime
    unseen: str | None
    sender_id: str
    kind: MessageKind
    details: str
    quotes: str | None
    reacts_to: str | None
    quoted: Quote | None
    mentions: tuple[Mention, ...]
    forwarded: bool

    @classmethod
    def of(cls, message: StoredMessage) -> "TurnRow":
        """Of one that waits."""
        m = message
        return cls(
            m.seq, m.seq, m.source, m.content, m.sender_name, m.group_id, m.sent_at, m.unseen, m.sender_id, m.kind,
            m.details, m.quotes, m.reacts_to, m.quoted, m.mentions, m.forwarded,
        )  # fmt: skip

    @property
    def characters(self) -> int:
        return len(self.content) + len(self.details)


_in_chat = (
    messages.c.instance_id == bindparam("instance_id"),
    messages.c.conversation == bindparam("conversation"),
)


BEFORE: Select[Any] = (
    # Only what a turn is made of: reading whole messages is a tenth of all that the Store does for an answer.
    select(
        anchor,
        messages.c.seq,
        messages.c.source,
        messages.c.content,
        messages.c.sender_name,
        messages.c.group_id,
        messages.c.sent_at,
        messages.c.unseen,
        messages.c.sender_id,
        messages.c.kind,
        func.coalesce(messages.c.details, ""),
        messages.c.quotes,
        messages.c.reacts_to,
        messages.c.quoted,
        messages.c.mentions,
        func.coalesce(messages.c.forwarded, False),
    )
    .select_from(messages.outerjoin(outbox, outbox.c.seq == messages.c.seq))
    .where(*_in_chat, anchor < bindparam("until"), anchor >= bindparam("since"))
    .where(messages.c.state != MessageState.IGNORED, messages.c.kind.not_in(list(NOT_SAID)))
    .where(messages.c.reason.is_distinct_from(DECLINED))
    .where(outbox.c.state.is_(None) | outbox.c.state.not_in([DeliveryState.FAILED, DeliveryState.WITHDRAWN]))
    .order_by(anchor.desc(), messages.c.seq.desc())
    .limit(bindparam("most"))
)
"""What was said in the conversation between these places, the newest first; its columns are those of `TurnRow`."""
_ABOUT = select(
    messages.c.message_id,
    messages.c.source,
    messages.c.content,
    messages.c.kind,
    func.coalesce(messages.c.details, "").label("details"),
    messages.c.sender_id,
    messages.c.sender_name,
    messages.c.deleted_at,
).where(*_in_chat, messages.c.message_id.in_(bindparam("message_ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is on record of what these turns speak of."""

    messages: Mapping[str, Any]
    names: Mapping[str, str]


def people_in(said: Iterable[TurnRow]) -> set[str]:
    """Ids of whom these speak, whose names `turns_of` is to be told."""
    people = {name for each in said for mention in each.mentions for name in mention.identifiers}
    return people | {each.quoted.author for each in said if each.quoted is not None and each.quoted.author}


def turns_of(
    connection: Connection, instance_id: str, conversation: str, said: Sequence[TurnRow], names: Mapping[str, Names]
) -> tuple[Turn, ...]:
    """As a model is shown them, in their order; without a reaction that was taken back or replaced.

    Who is mentioned has the name that they gave themselves: what the owner calls them, the chat need not know.
    """
    pointed = {each.quotes or each.reacts_to for each in said} - {None}
    in_chat = {"instance_id": instance_id, "conversation": conversation}
    found = connection.execute(_ABOUT, in_chat | {"message_ids": list(pointed)}).all() if pointed else []
    chosen = {identifier: each.chosen for identifier, each in names.items()}
    chosen |= {each.sender_id: one_line(each.sender_name) for each in said if each.sender_name}
    chosen = {identifier: name for identifier, name in chosen.items() if _taken_for_nobody_else(name)}
    known = _Known({row.message_id: row for row in found}, chosen)
    last = {(each.sender_id, each.reacts_to): each.seq for each in said if each.reacts_to is not None}
    return tuple(
        _turn(each, known)
        for each in said
        if each.reacts_to is None or (each.content and last[each.sender_id, each.reacts_to] == each.seq)
    )


def _turn(said: TurnRow, known: _Known) -> Turn:
    return Turn(
        said.source,
        with_names(said.content, said.mentions, known.names),
        _taken_for_nobody_else(said.sender_name),
        said.group_id is not None,
        said.sent_at,
        said.unseen,
        said.kind,
        said.details[:LONGEST_DETAILS],
        _about(said, known),
        said.forwarded,
    )


def with_names(content: str, mentions: Iterable[Mention], names: Mapping[str, str]) -> str:
    """`content` with a name in place of each number behind an @, where it is known."""
    spelled: dict[str, str] = {}
    for mention in mentions:
        name = YOU if mention.is_owner else next((names[each] for each in mention.identifiers if each in names), "")
        if name:
            spelled |= {each.partition("@")[0]: name for each in mention.identifiers}
    if not spelled:
        return content
    return _MENTION.sub(lambda found: f"@{spelled.get(found[1], found[1])[:LONGEST_NAME]}", content, count=MOST_NAMED)


def _about(said: TurnRow, known: _Known) -> ReferencedMessage | None:
    """Our own record of it counts, not what whoever replies says that it was."""
    row = known.messages.get(said.quotes or said.reacts_to or "")
    if row is not None and row.deleted_at is not None:
        return ReferencedMessage(row.source, "", MessageKind.DELETION)
    if row is not None and (row.content or row.details or row.kind is not MessageKind.EDIT):
        is_others = row.source is Source.CONTACT and row.sender_id != said.sender_id
        author = (known.names.get(row.sender_id) or _taken_for_nobody_else(row.sender_name)) if is_others else ""
        return _cut(ReferencedMessage(row.source, row.content, row.kind, row.details, author))
    if said.quoted is None:
        return None
    quoted = said.quoted
    return _cut(
        ReferencedMessage(None, quoted.content, quoted.kind, quoted.details, known.names.get(quoted.author or "", ""))
    )


def _taken_for_nobody_else(name: str) -> str:
    """On one line; empty where it would have them taken for the owner."""
    seen = "".join(each for each in unicodedata.normalize("NFKC", name) if unicodedata.category(each) != "Cf")
    return "" if one_line(seen).casefold() == YOU else one_line(name)


def one_line(name: str) -> str:
    return " ".join(name.split())


def _cut(earlier: ReferencedMessage) -> ReferencedMessage:
    return replace(earlier, content=earlier.content[:LONGEST_EARLIER], details=earlier.details[:LONGEST_EARLIER])
