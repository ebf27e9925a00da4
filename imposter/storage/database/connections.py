"""Identification of nodes' connections, and termination of those of a lost node. PostgreSQL only.

A machine that vanished in the middle of a statement would otherwise keep its row locks: no timeout of the database ends
a statement that has only partly arrived, and TCP takes longer than a lease to notice.
"""

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, func, text

CONNECTION_OF = "imposter "
"""The prefix of a connection's `application_name`; the node's id follows."""
GONE_WITHIN = 200
"""Milliseconds to wait for the end of each connection. PostgreSQL checks every 100 ms."""

_CALL = func.set_config("application_name", bindparam("called"), False).select()
_CONNECTED = text(
    "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE :called AND datname = current_database()"
)
# Only connections of its own role, which a role may end without being a superuser.
_END = text(
    "SELECT pg_terminate_backend(pid, :patience) FROM pg_stat_activity WHERE application_name IN :called"
    " AND datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
).bindparams(bindparam("called", expanding=True))


def name_of(node_id: str) -> str:
    return CONNECTION_OF + node_id


def belong_to(connection: Connection, node_id: str) -> None:
    """Name the connection after this node, from this commit on."""
    if connection.dialect.name == "postgresql":
        connection.execute(_CALL, {"called": name_of(node_id)})


def connected(connection: Connection) -> frozenset[str] | None:
    """Return the nodes with a connection to this database; None if that is unknown."""
    if connection.dialect.name != "postgresql":
        return None
    names = connection.execute(_CONNECTED, {"called": f"{CONNECTION_OF}%"}).scalars()
    return frozenset(name.removeprefix(CONNECTION_OF) for name in names)


def disconnect(connection: Connection, gone: Collection[str]) -> int:
    """End the connections of these nodes and return their number.

    Raises: sqlalchemy.exc.DBAPIError (this role is not allowed to).
    """
    if not gone or connection.dialect.name != "postgresql":
        return 0
    called = [name_of(node_id) for node_id in gone]
    return len(connection.execute(_END, {"called": called, "patience": GONE_WITHIN}).all())
