"""Names of people and groups: from the owner's address book and as they chose them. Encrypted, by bot and id."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from imposter.contracts.chat import NewNames
from imposter.contracts.messages import Message, Source
from imposter.domain.claims import Claim
from imposter.domain.names import Names
from imposter.secrets import Cipher
from imposter.storage.database.jobs import Pending
from imposter.storage.database.reader import Reader
from imposter.storage.database.writer import Writer
from imposter.storage.schema import connection_cache, fencing
from imposter.storage.schema.storable_text import clean
from imposter.storage.schema.tables import names

MOST = 50_000
"""The most ids of one bot that have a name; further ids get none. A saved contact takes the place of the id that has
had only a chosen name for the longest time."""
MOST_IDS = 16
"""The most ids of one person."""
AT_ONCE = 500
"""Names read in one job."""
LONGEST = 256
"""Characters of a name."""


_of_bot = names.c.instance_id == bindparam("bot")
_SOME = select(names.c.identifier, names.c.body).where(
    _of_bot, names.c.identifier.in_(bindparam("identifiers", expanding=True))
)
_PAGE = (
    select(names.c.identifier, names.c.body)
    .where(_of_bot, names.c.identifier > bindparam("after"))
    .order_by(names.c.identifier)
    .limit(bindparam("most"))
)
_COUNT = select(func.count()).where(_of_bot)
_insert = insert(names)
# SQLite's compiler also supports PostgreSQL's `on_conflict` clause.
_PUT = _insert.on_conflict_do_update(
    index_elements=["instance_id", "identifier"],
    set_={name: _insert.excluded[name] for name in ("body", "unsaved_since")},
)
_MAKE_ROOM = delete(names).where(
    _of_bot,
    names.c.identifier.in_(
        select(names.c.identifier)
        .where(_of_bot, names.c.unsaved_since.is_not(None))
        .where(names.c.identifier.not_in(bindparam("spared", expanding=True)))
        .order_by(names.c.unsaved_since)
        .limit(bindparam("most"))
    ),
)
_FORGET = delete(names).where(_of_bot, names.c.identifier.in_(bindparam("identifiers", expanding=True)))


class NameStore:
    def __init__(self, writer: Writer, reader: Reader, cipher: Cipher, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._read = reader.submit
        self._cipher = cipher
        self._now = now

    def learn(self, claim: Claim, told: Sequence[NewNames]) -> Pending[None]:
        """Store names that the platform reported. Raises from the result: Superseded."""

        def job(connection: Connection) -> None:
            fencing.check(connection, claim)
            self._keep(connection, claim.instance_id, told)

        return self._submit(job, claim.instance_id)

    async def page(self, instance_id: str, *, groups: bool, after: str = "", limit: int = 50) -> list[Names]:
        """Return up to `limit` groups, or people, after the id `after`, in the order of their first id."""
        found: list[Names] = []
        last: str | None = after
        while last is not None and len(found) < limit:
            last, some = await self._some_behind(instance_id, last)
            found += [each for each in some if each.is_group == groups]
        return found[:limit]

    def _some_behind(self, instance_id: str, after: str) -> Pending[tuple[str | None, list[Names]]]:
        """Return the position after this batch (None at the end), and the names whose first id is in it."""
        place = {"bot": instance_id, "after": after, "most": AT_ONCE}

        def job(connection: Connection) -> tuple[str | None, list[Names]]:
            rows = [
                (row.identifier, self._open(instance_id, row.identifier, row.body))
                for row in connection.execute(_PAGE, place)
            ]
            last = rows[-1][0] if len(rows) == AT_ONCE else None
            return last, [each for identifier, each in rows if identifier == min(each.identifiers)]

        return self._read(job)

    def heard(self, connection: Connection, instance_id: str, message: Message) -> bool:
        """Store the sender's chosen name and the group's title, within a commit.

        Return False if both were known.
        """
        told = []
        if message.source is Source.CONTACT and message.sender.display_name:
            told.append(NewNames(message.sender.identifiers, chosen=message.sender.display_name))
        if message.group is not None and message.group.display_name:
            told.append(NewNames([message.group.identifier], chosen=message.group.display_name, is_group=True))
        kept = connection_cache.names_heard(connection)
        new = [each for each in told if kept.get((instance_id, each.identifiers[0])) != each.chosen]
        if new:
            self._keep(connection, instance_id, new)
            if len(kept) > connection_cache.MOST:
                kept.clear()
            kept |= {(instance_id, each.identifiers[0]): each.chosen for each in new}
        return bool(new)

    def _keep(self, connection: Connection, bot: str, told: Sequence[NewNames]) -> None:
        known = self.of(connection, bot, {name for each in told for name in each.identifiers})
        merged = _merged(known, told)
        room = MOST - connection.execute(_COUNT, {"bot": bot}).scalar_one()
        lacking = sum(bool(new.saved) for identifier, new in merged.items() if identifier not in known) - room
        if lacking > 0:
            spared = {"spared": sorted(merged), "most": lacking}
            room += connection.execute(_MAKE_ROOM, {"bot": bot} | spared).rowcount
        rows = []
        for identifier, new in sorted(merged.items(), key=lambda each: not each[1].saved):
            room -= identifier not in known
            if (room >= 0 or identifier in known) and new != known.get(identifier):
                body = json.dumps([new.saved, new.chosen, new.identifiers, new.is_group]).encode()
                sealed = self._cipher.seal(body, _purpose(bot, identifier))
                since = None if new.saved else self._now()
                rows.append({"instance_id": bot, "identifier": identifier, "body": sealed, "unsaved_since": since})
        if rows:
            connection.execute(_PUT, rows)

    def some(self, instance_id: str, identifiers: Collection[str]) -> Pending[dict[str, Names]]:
        """Return the names of these ids by id. Ids without a name are left out."""
        return self._read(lambda connection: self.of(connection, instance_id, identifiers))

    def of(self, connection: Connection, instance_id: str, identifiers: Collection[str]) -> dict[str, Names]:
        """Return the names of these ids within a commit; see `some`."""
        if not identifiers:
            return {}
        found = connection.execute(_SOME, {"bot": instance_id, "identifiers": sorted(identifiers)})
        return self.opened(instance_id, found)

    def opened(self, instance_id: str, rows: Iterable[Any]) -> dict[str, Names]:
        """Decrypt rows of an id and its encrypted names, and return the names by id."""
        return {row.identifier: self._open(instance_id, row.identifier, row.body) for row in rows}

    def _open(self, instance_id: str, identifier: str, body: bytes) -> Names:
        saved, chosen, identifiers, is_group = json.loads(self._cipher.open(body, _purpose(instance_id, identifier)))
        return Names(saved, chosen, tuple(identifiers), is_group)


def forget(connection: Connection, instance_id: str, identifiers: Iterable[str]) -> None:
    connection_cache.names_heard(connection).clear()
    connection.execute(_FORGET, {"bot": instance_id, "identifiers": list(identifiers)})


def _merged(known: Mapping[str, Names], told: Iterable[NewNames]) -> dict[str, Names]:
    """Return the new names by id. All ids of one person share the names known for any of them."""
    merged: dict[str, Names] = {}
    for new in told:
        ids = tuple(map(clean, new.identifiers))
        before = [named for each in ids if (named := merged.get(each) or known.get(each)) is not None]
        ids = tuple(dict.fromkeys((*ids, *(each for named in before for each in named.identifiers))))
        saved = _line(new.saved) if new.saved is not None else _first(each.saved for each in before)
        chosen = _line(new.chosen) if new.chosen is not None else _first(each.chosen for each in before)
        merged |= dict.fromkeys(ids[:MOST_IDS], Names(saved, chosen, ids[:MOST_IDS], new.is_group))
    return merged


def _first(names: Iterable[str]) -> str:
    return next(filter(None, names), "")


def _line(name: str) -> str:
    return " ".join(clean(name[:LONGEST]).split())


def _purpose(instance_id: str, identifier: str) -> str:
    return json.dumps(["name", instance_id, identifier])
