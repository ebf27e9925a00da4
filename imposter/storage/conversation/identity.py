"""Who is who: many ids, one conversation, one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, union_all, update

from imposter.contracts.messages import Message, Source
from imposter.domain.messages import StoredMessage
from imposter.storage.conversation.summaries import merge as merge_summaries
from imposter.storage.reports.usage import move as move_usage
from imposter.storage.schema.connection_cache import MOST, pauses_of, whereabouts_of
from imposter.storage.schema.rows import SELECT_STORED, stored
from imposter.storage.schema.tables import aliases, messages, pauses


class AliasKind(StrEnum):
    """A chat's ids name a conversation; a person's ids are known in direct chats and in groups alike."""

    CHAT = "chat"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class ConversationAliases:
    conversation: str
    known_ids: frozenset[str]
    """Every id of the chat and of the contact who speaks. Never the owner's: who is allowed must not depend on them."""
    absorbed: tuple[str, ...]
    """Other conversations that were this one all along, and are from now on."""
    twins: tuple[StoredMessage, ...] = ()
    """What was edited or deleted in those, of which a copy stands in this one; only the copy is left."""
    merged: bool = False
    """Whether ids that were taken for two people's, or two chats', turned out to be one's."""
    changed: bool = False
    """Whether something was written to know this."""


_given = aliases.alias("given")


def _siblings(kind: AliasKind) -> Select[Any]:
    """All aliases of whatever is known under one of the ids given for this kind."""
    return (
        select(aliases.c.kind, aliases.c.number, aliases.c.alias, aliases.c.canonical)
        .join(
            _given,
            (_given.c.instance_id == aliases.c.instance_id)
            & (_given.c.kind == aliases.c.kind)
            & (_given.c.canonical == aliases.c.canonical),
        )
        .where(
            _given.c.instance_id == bindparam("instance_id"),
            _given.c.kind == kind.value,
            _given.c.alias.in_(bindparam(kind.value, expanding=True)),
        )
        .distinct()
    )


_NAMED = select(aliases.c.canonical).where(
    aliases.c.instance_id == bindparam("instance_id"),
    aliases.c.kind == AliasKind.CHAT.value,
    aliases.c.alias.in_(bindparam(AliasKind.CHAT.value, expanding=True)),
)
_KNOWN = union_all(_siblings(AliasKind.CHAT), _siblings(AliasKind.PERSON))
_ADD = insert(aliases)
_MERGE = (
    update(aliases)
    .where(
        aliases.c.instance_id == bindparam("instance"),
        aliases.c.kind == bindparam("of_kind"),
        aliases.c.canonical == bindparam("absorbed"),
    )
    .values(canonical=bindparam("survivor"))
)
_in_absorbed = (
    messages.c.instance_id == bindparam("instance"),
    messages.c.conversation == bindparam("absorbed"),
)
_twin = messages.alias("twin")
_has_twin = messages.c.message_id.in_(
    select(_twin.c.message_id).where(
        _twin.c.instance_id == bindparam("instance"), _twin.c.conversation == bindparam("survivor")
    )
)
_CHANGED_TWINS = SELECT_STORED.where(
    *_in_absorbed, _has_twin, messages.c.edited_at.is_not(None) | messages.c.deleted_at.is_not(None)
)
_DROP_TWINS = delete(messages).where(*_in_absorbed, _has_twin)
_MOVE = update(messages).where(*_in_absorbed).values(conversation=bindparam("survivor"))
_paused = (
    pauses.c.instance_id == bindparam("instance"),
    pauses.c.conversation.in_(bindparam("merging", expanding=True)),
)
_LAST_PAUSE = select(pauses.c.conversation).where(*_paused).order_by(pauses.c.until.desc()).limit(1)
_DROP_PAUSES = delete(pauses).where(*_paused, pauses.c.conversation != bindparam("last"))
_MOVE_PAUSE = (
    update(pauses)
    .where(pauses.c.instance_id == bindparam("instance"), pauses.c.conversation == bindparam("last"))
    .values(conversation=bindparam("survivor"))
)


def locate(connection: Connection, instance_id: str, message: Message) -> ConversationAliases:
    """Find or found the conversation of `message`, and remember every id it brought.

    Ids that were taken for two are one from now on: everything of the younger moves to the older.
    """
    chat = tuple(dict.fromkeys(message.chat))
    person = _person(message)
    remembered = whereabouts_of(connection)
    whereabouts: ConversationAliases | None = remembered.get(who := (instance_id, chat, person))
    if whereabouts is not None:
        return whereabouts
    found = connection.execute(
        _KNOWN, {"instance_id": instance_id, AliasKind.CHAT.value: chat, AliasKind.PERSON.value: person}
    ).all()
    conversation, known_ids, absorbed, changed = _settle(connection, instance_id, AliasKind.CHAT, chat, found)
    twins = _merge_messages(connection, instance_id, conversation, absorbed) if absorbed else ()
    merged = bool(absorbed)
    if person:
        _, person_ids, others, person_changed = _settle(connection, instance_id, AliasKind.PERSON, person, found)
        known_ids, changed, merged = known_ids | person_ids, changed or person_changed, merged or bool(others)
    whereabouts = ConversationAliases(conversation, known_ids, absorbed, twins, merged, changed)
    if changed:
        remembered.clear()  # anybody may have become somebody else, and this may yet be rolled back
    else:
        if len(remembered) >= MOST:
            remembered.clear()
        remembered[who] = whereabouts
    return whereabouts


def known_ids(connection: Connection, instance_id: str, message: Message) -> frozenset[str]:
    """Every id known for its chat and its sender. For who does not own the bot, too: it changes and remembers none."""
    chat, person = message.chat, _person(message)
    names = {"instance_id": instance_id, AliasKind.CHAT.value: chat, AliasKind.PERSON.value: person}
    return frozenset((*chat, *person)).union(row.alias for row in connection.execute(_KNOWN, names))


def ids_of_person(connection: Connection, instance_id: str, identifier: str) -> frozenset[str]:
    """Every id known of whom this one means. It remembers none."""
    names = {"instance_id": instance_id, AliasKind.CHAT.value: (), AliasKind.PERSON.value: (identifier,)}
    return frozenset((identifier,)).union(row.alias for row in connection.execute(_KNOWN, names))


def conversations_of(connection: Connection, instance_id: str, chat: Sequence[str]) -> frozenset[str]:
    """The conversations of the chat that has these ids; it remembers nothing, and asks for what is known alone."""
    names = {"instance_id": instance_id, AliasKind.CHAT.value: chat}
    return frozenset(chat).union(connection.execute(_NAMED, names).scalars())


def _person(message: Message) -> tuple[str, ...]:
    """The ids of the contact: in a direct chat the chat's and the sender's are one person's."""
    chat = () if message.group else message.chat
    sender = message.sender.identifiers if message.source is Source.CONTACT else ()
    return tuple(dict.fromkeys(chat + sender))


def _settle(
    connection: Connection, instance_id: str, kind: AliasKind, ids: Sequence[str], found: Sequence[Row[Any]]
) -> tuple[str, frozenset[str], tuple[str, ...], bool]:
    """The canonical id of what the ids name, all its ids, what it absorbed, whether anything is new."""
    rows = sorted((row.number, row.alias, row.canonical) for row in found if row.kind == kind)
    canonicals = dict.fromkeys(canonical for _, _, canonical in rows)
    survivor, *absorbed = canonicals or ids[:1]
    known = frozenset(alias for _, alias, _ in rows)
    new = [alias for alias in ids if alias not in known]
    if new:
        columns = {"instance_id": instance_id, "kind": kind.value, "canonical": survivor}
        connection.execute(_ADD, [columns | {"alias": alias} for alias in new])
    if absorbed:
        moves = [{"instance": instance_id, "absorbed": other, "survivor": survivor} for other in absorbed]
        connection.execute(_MERGE, [move | {"of_kind": kind.value} for move in moves])
    return survivor, known.union(ids), tuple(absorbed), bool(absorbed or new)


def _merge_messages(
    connection: Connection, instance_id: str, survivor: str, absorbed: Sequence[str]
) -> tuple[StoredMessage, ...]:
    """Move all that is in a conversation. Gives the twins that were changed."""
    moves = [{"instance": instance_id, "absorbed": other, "survivor": survivor} for other in absorbed]
    twins = [stored(row) for move in moves for row in connection.execute(_CHANGED_TWINS, move)]
    connection.execute(_DROP_TWINS, moves)
    connection.execute(_MOVE, moves)
    _merge_pauses(connection, instance_id, survivor, absorbed)
    move_usage(connection, instance_id, absorbed, survivor)
    merge_summaries(connection, instance_id, survivor, absorbed)
    return tuple(twins)


def _merge_pauses(connection: Connection, instance_id: str, survivor: str, absorbed: Sequence[str]) -> None:
    """The one that ends last holds on."""
    pauses_of(connection).pop(instance_id, None)
    merging = {"instance": instance_id, "merging": [survivor, *absorbed]}
    last = connection.execute(_LAST_PAUSE, merging).scalar_one_or_none()
    if last is not None:
        connection.execute(_DROP_PAUSES, merging | {"last": last})
        connection.execute(_MOVE_PAUSE, {"instance": instance_id, "last": last, "survivor": survivor})
