"""Taking what was deleted out of the files, until it has worked: whoever deletes owes it from that commit on."""

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from imposter.storage.engine import empty_journal, is_quickly_rewritten, rewrite
from imposter.storage.tables import meta

_OWED = "scrub_owed"
REMAINS = "remains"
"""There when something was deleted since the last tidying."""
_READ = select(meta.c.value).where(meta.c.name == bindparam("called"))
# Two nodes may do it at once. SQLite's compiler knows this of PostgreSQL's, too.
_add = insert(meta)
_SET = _add.on_conflict_do_update(index_elements=["name"], set_={"value": _add.excluded.value})
_CLEAR = delete(meta).where(meta.c.name == bindparam("called"))


def owe(connection: Connection) -> None:
    """Call it in the commit that deletes, with `pay` behind it."""
    write_down(connection, _OWED, b"")


def leave(connection: Connection) -> None:
    """Call it in the commit that deletes: the next tidying takes it out of the files."""
    write_down(connection, REMAINS, b"")


def is_owed(connection: Connection) -> bool:
    return written_down(connection, _OWED) is not None


def pay(connection: Connection) -> None:
    """Behind a commit. A large file is left to the next tidying: what was deleted in it is overwritten, and no more.

    Raises: StorageError or what the driver raises; then it is owed still.
    """
    if is_quickly_rewritten(connection):
        scrub(connection)
    else:
        empty_journal(connection)


def scrub(connection: Connection) -> None:
    """Take all that was deleted out of the files, which a large file takes long for. Raises: as `pay`."""
    try:
        rewrite(connection)
    finally:
        empty_journal(connection)
    with connection.begin():
        strike_out(connection, _OWED)


def written_down(connection: Connection, name: str) -> bytes | None:
    value: bytes | None = connection.execute(_READ, {"called": name}).scalar_one_or_none()
    return value


def write_down(connection: Connection, name: str, value: bytes) -> None:
    connection.execute(_SET, {"name": name, "value": value})


def strike_out(connection: Connection, name: str) -> None:
    connection.execute(_CLEAR, {"called": name})
