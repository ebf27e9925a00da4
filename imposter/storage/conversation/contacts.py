"""All known ids and names of contacts."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import Connection, bindparam, select

from imposter.domain.names import Names
from imposter.storage.conversation.names import NameStore
from imposter.storage.database.jobs import Pending
from imposter.storage.database.reader import Reader
from imposter.storage.schema.tables import aliases

_asked = aliases.alias("asked")
_ALSO = (
    select(_asked.c.alias.label("asked"), aliases.c.alias)
    .join(
        aliases,
        (aliases.c.instance_id == _asked.c.instance_id)
        & (aliases.c.kind == _asked.c.kind)
        & (aliases.c.canonical == _asked.c.canonical),
    )
    .where(_asked.c.instance_id == bindparam("bot"), _asked.c.alias.in_(bindparam("ids", expanding=True)))
)


class ContactStore:
    def __init__(self, reader: Reader, names: NameStore) -> None:
        self._read = reader.submit
        self._names = names

    def known(self, instance_id: str, ids: Collection[str]) -> Pending[dict[str, Names]]:
        """Return, for each of these ids, all ids of the same person or group and their names."""

        def job(connection: Connection) -> dict[str, Names]:
            also: defaultdict[str, set[str]] = defaultdict(set)
            for row in connection.execute(_ALSO, {"bot": instance_id, "ids": list(ids)}) if ids else ():
                also[row.asked].add(row.alias)
            told = self._names.of(connection, instance_id, set(ids).union(*also.values()))
            return {each: _joined(each, sorted(also[each]), told) for each in ids}

        return self._read(job)


def _joined(own: str, also: list[str], told: dict[str, Names]) -> Names:
    found = [told[each] for each in (own, *also) if each in told]
    identifiers = dict.fromkeys((own, *also, *(each for names in found for each in names.identifiers)))
    saved = next((names.saved for names in found if names.saved), "")
    chosen = next((names.chosen for names in found if names.chosen), "")
    return Names(saved, chosen, tuple(identifiers), any(names.is_group for names in found))
