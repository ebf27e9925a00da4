"""The turns that a model is shown: messages, the messages that they refer to, and the people that they mention."""

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
from imposter.domain.names import Names
from imposter.storage.schema.tables import anchor, messages, outbox

DECLINED = "ModelDeclined"
"""The reason of messages that the model's vendor would refuse again in any prompt."""
LONGEST_EARLIER = 500
"""Characters that are shown of a referenced message."""
LONGEST_NAME = 30
"""Characters of a name in place of a number, because it becomes part of another person's text."""
MOST_NAMED = 20
"""Numbers in one message that are replaced with names."""
LONGEST_DETAILS = 1000
"""Characters that are shown of a message's details."""
YOU = "you"
"""The name of the owner in mentions."""

_MENTION = re.compile(r"@([0-9A-Za-z._-]{2,64})")


class TurnRow(NamedTuple):
    """A row in the order of BEFORE's columns. The first two are its position in the conversation."""

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
        """Return the row of a waiting message."""
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
    # Only the columns that a turn needs: reading whole messages would be a tenth of the Store's work for an answer.
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
"""The messages between two positions of a conversation, newest first, with the columns of `TurnRow`."""
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
    """Stored data about the messages and people that the turns refer to."""

    messages: Mapping[str, Any]
    names: Mapping[str, str]


def people_in(said: Iterable[TurnRow]) -> set[str]:
    """Return the ids of people that these rows mention or quote. `turns_of` needs their names."""
    people = {name for each in said for mention in each.mentions for name in mention.identifiers}
    return people | {each.quoted.author for each in said if each.quoted is not None and each.quoted.author}


def turns_of(
    connection: Connection, instance_id: str, conversation: str, said: Sequence[TurnRow], names: Mapping[str, Names]
) -> tuple[Turn, ...]:
    """Return rows as turns for a model, in the same order. Reactions that were removed or replaced are left out.

    Mentioned people appear under the name that they chose: the chat need not learn the owner's name for them.
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
    """Return `content` with names in place of the numbers after an @, if they are known."""
    spelled: dict[str, str] = {}
    for mention in mentions:
        name = YOU if mention.is_owner else next((names[each] for each in mention.identifiers if each in names), "")
        if name:
            spelled |= {each.partition("@")[0]: name for each in mention.identifiers}
    if not spelled:
        return content
    return _MENTION.sub(lambda found: f"@{spelled.get(found[1], found[1])[:LONGEST_NAME]}", content, count=MOST_NAMED)


def _about(said: TurnRow, known: _Known) -> ReferencedMessage | None:
    """Return the referenced message. Our own record is used in preference to the quote from the replier's app."""
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
    """Return the name on one line; empty if it could be mistaken for the owner's."""
    seen = "".join(each for each in unicodedata.normalize("NFKC", name) if unicodedata.category(each) != "Cf")
    return "" if one_line(seen).casefold() == YOU else one_line(name)


def one_line(name: str) -> str:
    return " ".join(name.split())


def _cut(earlier: ReferencedMessage) -> ReferencedMessage:
    return replace(earlier, content=earlier.content[:LONGEST_EARLIER], details=earlier.details[:LONGEST_EARLIER])
