"""Whose connection is whose; that of a node that is gone is ended, and gives back what it holds. PostgreSQL only.

A machine that went away in the middle of a statement keeps its rows otherwise: no timeout of the database ends a
statement of which a part has not come, and what TCP takes to notice is longer than a lease.
"""

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, func, text

CONNECTION_OF = "imposter "
"""A connection's `application_name`, before the id of its node."""
GONE_WITHIN = 200
"""Milliseconds to wait for the end of each: PostgreSQL looks every 100."""

_CALL = func.set_config("application_name", bindparam("called"), False).select()
_CONNECTED = text(
    "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE :called AND datname = current_database()"
)
# Only a role's own, which it may end without being a superuser.
_END = text(
    "SELECT pg_terminate_backend(pid, :patience) FROM pg_stat_activity WHERE application_name IN :called"
    " AND datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
).bindparams(bindparam("called", expanding=True))


def name_of(node_id: str) -> str:
    return CONNECTION_OF + node_id


def belong_to(connection: Connection, node_id: str) -> None:
    """From this commit on."""
    if connection.dialect.name == "postgresql":
        connection.execute(_CALL, {"called": name_of(node_id)})


def connected(connection: Connection) -> frozenset[str] | None:
    """The nodes that hold a connection to this database; None where nobody knows."""
    if connection.dialect.name != "postgresql":
        return None
    names = connection.execute(_CONNECTED, {"called": f"{CONNECTION_OF}%"}).scalars()
    return frozenset(name.removeprefix(CONNECTION_OF) for name in names)


def disconnect(connection: Connection, gone: Collection[str]) -> int:
    """End the connections of these nodes. Gives how many there were.

    Raises: sqlalchemy.exc.DBAPIError (this role may not).
    """
    if not gone or connection.dialect.name != "postgresql":
        return 0
    called = [name_of(node_id) for node_id in gone]
    return len(connection.execute(_END, {"called": called, "patience": GONE_WITHIN}).all())
