"""What is special about PostgreSQL. Imported only where a URL names it: the driver costs memory."""

from contextlib import closing
from select import POLLIN, poll
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from imposter.contracts.errors import StorageError

DRIVER = "postgresql+psycopg"
OLDEST = 15
ONE_SERVER = 0x696D706F73746572
"""The advisory lock that a server holds: "imposter" in ASCII."""

_DEFAULTS = {
    "application_name": "imposter",
    "connect_timeout": "5",
    # A machine that went away without a word is noticed within a minute, not within two hours.
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""What the URL may say otherwise."""

_SESSION = {
    "statement_timeout": "60s",  # somebody else's lock must not hold up every bot for good
    "idle_session_timeout": "0",  # the connection is the lock, so it stays however quiet the bots are
    # The server's side of the same: the lock of a machine that went away is given back.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    # Longer than it takes a connection of ours that was just lost to give its lock back.
    "lock_timeout": "2s",
}
_SETTLE = "SELECT " + ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SESSION.items())
_BE_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
"""A role or a database may have it off by default; what is accepted must outlast the server's machine all the same."""


def postgresql_engine(place: URL) -> Engine:
    """An engine whose every connection holds the database for this server, and is a new one where the old was lost."""
    place = place.set(drivername=DRIVER, query={**_DEFAULTS, **place.query})
    engine = create_engine(place, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _replace_if_lost)
    return engine


def _prepare(connection: "psycopg.Connection[Any]", _record: object) -> None:
    try:
        _check(connection)
        connection.autocommit = True
        connection.execute(_SETTLE)
        connection.execute(_BE_DURABLE)
        _hold(connection)
        connection.execute("RESET lock_timeout")
        connection.autocommit = False
    except BaseException:
        connection.close()  # SQLAlchemy forgets a connection that could not be prepared
        raise


def _check(connection: "psycopg.Connection[Any]") -> None:
    version = connection.info.server_version
    if version < OLDEST * 10_000:
        raise StorageError(
            f"the database server is PostgreSQL {version // 10_000}.{version % 10_000}: {OLDEST} or newer is needed"
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StorageError(
            f"the database's encoding is {encoding}: make one with ENCODING 'UTF8', and TEMPLATE template0"
        )


def _hold(connection: "psycopg.Connection[Any]") -> None:
    """One server at a time: two would answer every message twice. The lock lives and dies with the connection."""
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", [ONE_SERVER])
    except psycopg.errors.LockNotAvailable:
        raise StorageError(
            f'another server is using the database "{connection.info.dbname}": '
            "stop it, or set IMPOSTER_DATABASE_URL to another database"
        ) from None


def _replace_if_lost(connection: Connection) -> None:
    """Nothing is asked of a connection that the server closed while nobody was looking; this costs no round trip."""
    raw: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]  # ours
    if not raw.closed and not _has_something_to_say(raw):
        return
    try:
        with closing(raw.cursor()) as cursor:
            cursor.execute("SELECT")
        raw.rollback()
    except psycopg.OperationalError as error:
        connection.invalidate(error)


def _has_something_to_say(connection: "psycopg.Connection[Any]") -> bool:
    """A server that was asked nothing speaks of its end, or of a setting that changed."""
    line = poll()
    line.register(connection.fileno(), POLLIN)
    return bool(line.poll(0))
