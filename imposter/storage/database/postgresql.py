"""PostgreSQL-specific code. It is only imported for a PostgreSQL URL, because the driver uses much memory."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from select import POLLIN, poll
from typing import Any

import psycopg
import structlog
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.dialects import registry
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from imposter.contracts.errors import ConfigurationError, StorageError
from imposter.storage.database.connections import name_of
from imposter.storage.database.notifications import NodeIdentity
from imposter.storage.database.pipelining import PipelinedConnection, PipelinedDialect

log = structlog.get_logger()

DRIVER = "postgresql+psycopg"
PIPELINED = "postgresql+pipelined"
OLDEST = 15
ONE_SERVER = 0x696D706F73746572
"""The advisory lock, "imposter" in ASCII, that servers share. Versions without nodes hold it exclusively."""
UPGRADE = ONE_SERVER + 1
"""The advisory lock held while tables are created or changed."""
WAIT_FOR_TABLE = "2s"
"""Longer than deadlock_timeout (1 s), after which PostgreSQL cancels an autovacuum that holds the table."""
HOLD_UP = "3s"
"""The longest time for which a statement may block a table for other servers; shorter than their lease."""

_DEFAULTS = {
    "application_name": "imposter",
    "connect_timeout": "5",
    # Detects a machine that vanished within a minute instead of two hours.
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""Connection settings that the URL can override."""

_SESSION = {
    # A lock of another program must not block all bots forever. A server that was cut off in the middle of a
    # statement must not keep the rows of its bots from the others.
    "statement_timeout": "20s",
    "idle_session_timeout": "0",  # the connection holds the lock, so it must stay open however quiet the bots are
    # The same on the server's side: the lock of a machine that vanished is released.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    # For a server that hangs: others wait for its rows no longer than for a lease.
    "idle_in_transaction_session_timeout": "5s",
    # Longer than it takes one of our own lost connections to release its lock.
    "lock_timeout": "2s",
}
SETTLE = "SELECT " + ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SESSION.items())
_ONLY_READ = (
    "SELECT set_config('default_transaction_read_only', 'on', false),"
    " set_config('default_transaction_isolation', 'repeatable read', false)"
)
_BE_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
"""A role or database may turn it off by default. Accepted messages must survive a crash of the server's machine."""

_BEAR_NAME = "SELECT set_config('application_name', %s, false)"


def postgresql_engine(place: URL, identity: NodeIdentity | None) -> Engine:
    """Return an engine for writing. Its connections hold the shared lock and are replaced if they are lost.

    Each connection is named after the node that `identity` is at that moment. The lock keeps out servers of versions
    that do not share the database.
    """
    registry.register("postgresql.pipelined", PipelinedDialect.__module__, PipelinedDialect.__name__)
    completed = _completed(place)
    engine = create_engine(
        completed.set(drivername=PIPELINED), poolclass=NullPool, hide_parameters=True, use_native_hstore=False
    )
    event.listen(engine, "connect", partial(_prepare, identity))
    event.listen(engine, "begin", _replace_if_lost)
    return engine


def reading_engine(place: URL) -> Engine:
    """Return an engine for reading only. It takes no lock: a connection of `postgresql_engine` already holds it."""
    completed = _completed(place)
    called = completed.set(query={**completed.query, "application_name": "imposter-reader"})
    engine = create_engine(called, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "connect", _prepare_to_read)
    event.listen(engine, "begin", _replace_if_lost)
    return engine


def visitor_engine(place: URL) -> Engine:
    """Return an engine for inspection from outside. It takes no lock and does not count as a server."""
    registry.register("postgresql.pipelined", PipelinedDialect.__module__, PipelinedDialect.__name__)
    completed = _completed(place)
    engine = create_engine(
        completed.set(query={**completed.query, "application_name": "imposter-doctor"}),
        poolclass=NullPool,
        hide_parameters=True,
    )
    event.listen(engine, "connect", lambda connection, _record: _check(connection))
    return engine


def connection_arguments(url: str) -> dict[str, Any]:
    """Return the driver's connection arguments, as the engine uses them. Raises: sqlalchemy.exc.ArgumentError."""
    place = _completed(make_url(url))
    _, arguments = create_engine(place, poolclass=NullPool).dialect.create_connect_args(place)
    return dict(arguments)


def serialize_upgrades(connection: Connection) -> None:
    """Let one of several starting servers create or change the tables while the others wait for it."""
    # Both may take long: rebuilding a table, and waiting for another server that does so.
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.execute(select(func.pg_advisory_xact_lock(UPGRADE)))


def keep_upgrades_out(connection: Connection) -> None:
    """Prevent changes to the tables until the transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock_shared(UPGRADE)))


@contextmanager
def change_tables(connection: Connection, *, in_haste: bool) -> Iterator[None]:
    """Change tables with a short lock timeout, because all other users of a table queue behind a waiting change.

    With `in_haste`, the statements are also limited in time, because other servers use the tables.
    Raises: StorageError (a timeout).
    """
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_FOR_TABLE}'")
    if in_haste:
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{HOLD_UP}'")
    try:
        yield
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise StorageError(
                "the tables could not be changed: something else holds one of them, such as a pg_dump that runs, or a "
                "server that hangs. Nothing was changed; start again when it is done"
            ) from None
        if isinstance(error.orig, psycopg.errors.QueryCanceled):
            raise StorageError(
                f"to change the tables takes longer than the {HOLD_UP} that other servers can do without them. Nothing "
                "was changed; stop the others first, or make large indexes beforehand (docs/upgrades.md)"
            ) from None
        raise


def _completed(place: URL) -> URL:
    return place.set(drivername=DRIVER, query={**_DEFAULTS, **place.query})


def _prepare(identity: NodeIdentity | None, connection: "psycopg.Connection[Any]", _record: object) -> None:
    try:
        _check(connection)
        connection.autocommit = True
        connection.execute(SETTLE)
        connection.execute(_BE_DURABLE)
        if identity is not None:
            connection.execute(_BEAR_NAME, [name_of(identity.node_id)])
        _hold(connection)
        connection.execute("RESET lock_timeout")  # stays in autocommit mode: `PipelinedConnection` begins by itself
    except BaseException:  # raised again for any error
        connection.close()  # SQLAlchemy drops a connection that could not be prepared without closing it
        raise


def _prepare_to_read(connection: "psycopg.Connection[Any]", _record: object) -> None:
    try:
        connection.autocommit = True
        connection.execute(SETTLE)
        connection.execute(_ONLY_READ)
        connection.autocommit = False
    except BaseException:  # raised again for any error
        connection.close()
        raise


def _check(connection: "psycopg.Connection[Any]") -> None:
    version = connection.info.server_version
    if version < OLDEST * 10_000:
        raise ConfigurationError(
            f"the database server is PostgreSQL {version // 10_000}.{version % 10_000}: {OLDEST} or newer is needed"
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise ConfigurationError(
            f"the database's encoding is {encoding}: make one with ENCODING 'UTF8', and TEMPLATE template0"
        )


def _hold(connection: "psycopg.Connection[Any]") -> None:
    """Take the shared lock, which keeps out servers of older versions: they would answer every message as well.

    The lock is released when the connection ends.
    """
    free = connection.execute("SELECT pg_try_advisory_lock_shared(%s)", [ONE_SERVER]).fetchone()
    if free == (True,):
        return
    log.info("waiting for a server of an older version, which does not share the database, to leave")
    try:
        connection.execute("SELECT pg_advisory_lock_shared(%s)", [ONE_SERVER])
    except psycopg.errors.LockNotAvailable:
        raise StorageError(
            f'a server of an older version is using the database "{connection.info.dbname}" and does not share it: '
            "stop it, or set IMPOSTER_DATABASE_URL to another database"
        ) from None


def _replace_if_lost(connection: Connection) -> None:
    """Invalidate a connection that the server closed while it was idle. The check costs no round trip."""
    raw: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]  # ours
    if not raw.closed and not _has_something_to_say(raw):
        return
    try:
        with closing(raw.cursor()) as cursor:
            cursor.execute("SELECT")
            if isinstance(raw, PipelinedConnection):
                raw.sync()
        raw.rollback()
    except psycopg.OperationalError as error:
        connection.invalidate(error)


def _has_something_to_say(connection: "psycopg.Connection[Any]") -> bool:
    """Return whether the server sent something unasked, such as its shutdown or a changed setting."""
    line = poll()
    line.register(connection.fileno(), POLLIN)
    return bool(line.poll(0))
