"""Named values in the table `meta`."""

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from imposter.storage.schema.tables import meta

_PROOF = "proof"
_READ = select(meta.c.value).where(meta.c.name == bindparam("called"))
# Two nodes may write at the same time. SQLite's compiler also supports PostgreSQL's `on_conflict` clause.
_add = insert(meta)
_SET = _add.on_conflict_do_update(index_elements=["name"], set_={"value": _add.excluded.value})
_CLEAR = delete(meta).where(meta.c.name == bindparam("called"))


def read_value(connection: Connection, name: str) -> bytes | None:
    value: bytes | None = connection.execute(_READ, {"called": name}).scalar_one_or_none()
    return value


def write_value(connection: Connection, name: str, value: bytes = b"") -> None:
    connection.execute(_SET, {"name": name, "value": value})


def remove_value(connection: Connection, name: str) -> None:
    connection.execute(_CLEAR, {"called": name})


def prove(connection: Connection) -> None:
    """Write a small value. If its commit succeeds, the database can store data."""
    write_value(connection, _PROOF)
