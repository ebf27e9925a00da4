"""Aliases: the ids that belong to one conversation or to one person."""

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
    """The kind of an alias. Chat ids name a conversation; a person's ids are known in direct chats and groups alike."""

    CHAT = "chat"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class ConversationAliases:
    conversation: str
    known_ids: frozenset[str]
    """All ids of the chat and of the speaking contact. The owner's ids are left out: permissions must not depend on
    them."""
    absorbed: tuple[str, ...]
    """Other conversations that turned out to be the same and were merged into this one."""
    twins: tuple[StoredMessage, ...] = ()
    """Edited or deleted messages of absorbed conversations that also exist in this one. Only the copy here is kept."""
    merged: bool = False
    """Whether ids of two apparent people or chats turned out to belong to one."""
    changed: bool = False
    """Whether anything was written to the database."""


_given = aliases.alias("given")


def _siblings(kind: AliasKind) -> Select[Any]:
    """Return a query for all aliases of the entities that have one of the given ids of this kind."""
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
    """Find or create the conversation of `message`, and store all its ids.

    If ids of two entities turn out to belong to one, everything of the younger is moved to the older.
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
        remembered.clear()  # any identity may have changed, and this commit may still be rolled back
    else:
        if len(remembered) >= MOST:
            remembered.clear()
        remembered[who] = whereabouts
    return whereabouts


def known_ids(connection: Connection, instance_id: str, message: Message) -> frozenset[str]:
    """Return all ids known for the message's chat and sender. It stores nothing, so any node may call it."""
    chat, person = message.chat, _person(message)
    names = {"instance_id": instance_id, AliasKind.CHAT.value: chat, AliasKind.PERSON.value: person}
    return frozenset((*chat, *person)).union(row.alias for row in connection.execute(_KNOWN, names))


def ids_of_person(connection: Connection, instance_id: str, identifier: str) -> frozenset[str]:
    """Return all ids known for this person. It stores nothing."""
    names = {"instance_id": instance_id, AliasKind.CHAT.value: (), AliasKind.PERSON.value: (identifier,)}
    return frozenset((identifier,)).union(row.alias for row in connection.execute(_KNOWN, names))


def conversations_of(connection: Connection, instance_id: str, chat: Sequence[str]) -> frozenset[str]:
    """Return the conversations of the chat with these ids, as far as they are known. It stores nothing."""
    names = {"instance_id": instance_id, AliasKind.CHAT.value: chat}
    return frozenset(chat).union(connection.execute(_NAMED, names).scalars())


def _person(message: Message) -> tuple[str, ...]:
    """Return the contact's ids. In a direct chat, the chat's ids and the sender's are the same person's."""
    chat = () if message.group else message.chat
    sender = message.sender.identifiers if message.source is Source.CONTACT else ()
    return tuple(dict.fromkeys(chat + sender))


def _settle(
    connection: Connection, instance_id: str, kind: AliasKind, ids: Sequence[str], found: Sequence[Row[Any]]
) -> tuple[str, frozenset[str], tuple[str, ...], bool]:
    """Return the canonical id of these ids, all known ids, the absorbed canonical ids, and whether anything is new."""
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
    """Move all messages and their data to the surviving conversation. Return the changed twins."""
    moves = [{"instance": instance_id, "absorbed": other, "survivor": survivor} for other in absorbed]
    twins = [stored(row) for move in moves for row in connection.execute(_CHANGED_TWINS, move)]
    connection.execute(_DROP_TWINS, moves)
    connection.execute(_MOVE, moves)
    _merge_pauses(connection, instance_id, survivor, absorbed)
    move_usage(connection, instance_id, absorbed, survivor)
    merge_summaries(connection, instance_id, survivor, absorbed)
    return tuple(twins)


def _merge_pauses(connection: Connection, instance_id: str, survivor: str, absorbed: Sequence[str]) -> None:
    """Keep the pause that ends last."""
    pauses_of(connection).pop(instance_id, None)
    merging = {"instance": instance_id, "merging": [survivor, *absorbed]}
    last = connection.execute(_LAST_PAUSE, merging).scalar_one_or_none()
    if last is not None:
        connection.execute(_DROP_PAUSES, merging | {"last": last})
        connection.execute(_MOVE_PAUSE, {"instance": instance_id, "last": last, "survivor": survivor})
