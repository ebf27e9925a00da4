"""Database engines. SQLite-specific code is only here; PostgreSQL-specific code is in `postgresql`."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from imposter.contracts.errors import ConfigurationError, StorageError
from imposter.secrets import make_private_folder
from imposter.storage.database.notifications import NodeIdentity

DATABASE_FILE = "imposter.db"
LOCK_FILE = "lock"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Exists on Linux."""
DATABASE_LOCK = ".lock"
BUSY_MILLISECONDS = 5_000
BRIEFLY_BUSY_MILLISECONDS = 200
"""Longer than our own reads take."""
QUICKLY_REWRITTEN = 32 * 1024 * 1024
"""Bytes; a rewrite of this size takes about 0.3 s."""


class InUse(StorageError):
    """Another server holds the data folder or the database."""


def open_engine(url: str | None, data_dir: Path, identity: NodeIdentity | None = None) -> Engine:
    """Open an engine for `url`, or for the SQLite file in `data_dir`. Its error texts never contain parameters.

    On PostgreSQL, the connections are named after `identity`.

    Raises: StorageError (the URL cannot be used; the text does not repeat it).
    """
    place = locate_database(url, data_dir)
    if place.get_backend_name() == "sqlite":
        return _sqlite(place)
    from imposter.storage.database.postgresql import postgresql_engine

    return postgresql_engine(place, identity)


def open_reading_engine(url: str | None, data_dir: Path) -> Engine:
    """Open an engine like `open_engine`, for read-only connections. A transaction sees an unchanging snapshot.

    Close SQLite connections before the writer's connection: the last one to close makes a checkpoint.
    """
    place = locate_database(url, data_dir)
    if place.get_backend_name() == "sqlite":
        return _sqlite(place, only_reads=True)
    from imposter.storage.database.postgresql import reading_engine

    return reading_engine(place)


def is_quickly_rewritten(connection: Connection) -> bool:
    """Return whether `rewrite` is fast enough to go unnoticed. Call it outside a transaction."""
    if connection.dialect.name != "sqlite":
        return True
    with closing(connection.connection.cursor()) as cursor:
        pages, size = (cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return bool(pages * size <= QUICKLY_REWRITTEN)


def rewrite(connection: Connection) -> None:
    """Rewrite SQLite's file. Call it outside a transaction, and call `empty_journal` afterwards.

    `secure_delete` misses the copies of rows that SQLite leaves behind when it rearranges a page. Nothing else can be
    stored meanwhile (measured: 9 ms per megabyte).
    """
    if connection.dialect.name == "sqlite":
        with closing(connection.connection.cursor()) as cursor:  # SQLAlchemy's `execute` would begin a transaction
            cursor.execute("VACUUM")


def empty_journal(connection: Connection) -> None:
    """Remove all old page contents from SQLite's journal. Call it outside a transaction.

    Raises: StorageError (another program is reading the file), or the driver's errors.
    """
    if connection.dialect.name != "sqlite":
        return
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {BRIEFLY_BUSY_MILLISECONDS}")
        try:
            (busy, *_pages) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    if busy:
        raise StorageError("another program is reading the database: what was deleted is still in its journal")


@contextmanager
def only_server(data_dir: Path, database: Path | None = None) -> Iterator[None]:
    """Lock `data_dir`, and a SQLite `database` in any folder, for this server.

    Two servers on the same data would answer every message twice.

    Raises: InUse (another server holds one of them), StorageError (no lock file can be created beside the database).
    """
    with ExitStack() as held:
        folder = make_private_folder(data_dir)
        held.enter_context(
            _lock(folder / LOCK_FILE, f"{data_dir}: stop it, or set IMPOSTER_DATA_DIR to another folder")
        )
        if database is not None:
            # A separate lock file: SQLite loses its own locks when the process closes another handle of its file.
            place = database.resolve()
            told = f"the database {database}: stop it, or set IMPOSTER_DATABASE_URL to another one"
            try:
                held.enter_context(_lock(place.with_name(place.name + DATABASE_LOCK), told))
            except OSError as error:
                raise StorageError(
                    f"IMPOSTER_DATABASE_URL ({database}): the database does not open: {error.strerror}"
                ) from None
        yield


def place_of(data_dir: Path) -> str | None:
    """Return an id for the lock file of the data folder, unique on this machine since boot; None if there is none.

    A server that holds the lock knows that an earlier server with the same id is dead.
    """
    try:
        boot = BOOT_ID.read_text().strip()
        lock = (data_dir / LOCK_FILE).stat()
    except OSError:
        return None
    return f"{boot}:{lock.st_dev}:{lock.st_ino}"


@contextmanager
def _lock(file: Path, told: str) -> Iterator[None]:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(f"another server is using {told}") from None
        yield
    finally:
        os.close(descriptor)


def database_file(url: str | None, data_dir: Path) -> Path | None:
    """Return the file of a SQLite database; None for PostgreSQL. Raises: StorageError (the URL cannot be used)."""
    place = locate_database(url, data_dir)
    return Path(str(place.database)) if place.get_backend_name() == "sqlite" else None


_CURES = {
    "password authentication failed": "the user or the password in the URL is wrong (in a password, write %40 for @, "
    "%2F for / and %3A for :)",
    "no pg_hba.conf entry": "PostgreSQL's pg_hba.conf does not let this machine, user or database in",
    "role ": "make it with CREATE ROLE, or name another in the URL",
    "database ": "make it with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0, or name another in the URL",
    "refused": "PostgreSQL does not run there, or does not listen on that address and port",
    "too many": "raise max_connections; each server needs five",
    "permission denied": "the role in the URL must own the database or its schema",
}
_MISSING = ("role ", "database ")


def cure_of(error: str) -> str:
    """Return a hint to add to an error of PostgreSQL, if the fix is known; otherwise an empty text."""
    said = error.lower()
    for word, cure in _CURES.items():
        if word in said and (word not in _MISSING or "does not exist" in said):
            return f" ({cure})"
    return ""


def locate_database(url: str | None, data_dir: Path) -> URL:
    """Return the URL of the database. Raises: ConfigurationError (the URL cannot be used)."""
    if url is None:
        return URL.create("sqlite", database=str(data_dir / DATABASE_FILE))
    try:
        place = make_url(url)
        if place.drivername == "postgres":  # the form that many tools write
            place = place.set(drivername="postgresql")
        backend = place.get_backend_name()
    except (SQLAlchemyError, ValueError):
        backend = ""
    if backend not in ("sqlite", "postgresql"):
        raise ConfigurationError(
            "IMPOSTER_DATABASE_URL must look like sqlite:///file or postgresql://user:password@host/name"
        )
    if backend == "postgresql" and place.drivername not in ("postgresql", "postgresql+psycopg"):
        raise ConfigurationError("IMPOSTER_DATABASE_URL names another driver: write postgresql:// alone")
    if backend == "sqlite" and (place.database or ":memory:").startswith((":memory:", "file:")):
        raise ConfigurationError("IMPOSTER_DATABASE_URL must name a file, as in sqlite:///imposter.db")
    return place


def _sqlite(place: URL, *, only_reads: bool = False) -> Engine:
    # SQLite gives its journal files the same mode as the database file.
    os.close(os.open(str(place.database), os.O_RDWR | os.O_CREAT, 0o600))
    # The writer's connection is opened by one thread and then used by another.
    engine = create_engine(place, poolclass=NullPool, hide_parameters=True, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    if only_reads:
        event.listen(engine, "connect", _only_read)
    event.listen(engine, "begin", _begin_to_read if only_reads else _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions itself
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",  # overwrites deleted content with zeros; adding a message costs no more (measured)
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _only_read(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON").close()


def _begin_to_read(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
