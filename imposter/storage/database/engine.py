"""The database engine. What is special about SQLite stands here alone; about PostgreSQL, in `postgresql`."""

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
"""Linux has it."""
DATABASE_LOCK = ".lock"
BUSY_MILLISECONDS = 5_000
BRIEFLY_BUSY_MILLISECONDS = 200
"""More than a read of our own takes."""
QUICKLY_REWRITTEN = 32 * 1024 * 1024
"""Bytes: about 0.3 s."""


class InUse(StorageError):
    """Another server holds the data folder or the database."""


def open_engine(url: str | None, data_dir: Path, identity: NodeIdentity | None = None) -> Engine:
    """An engine for `url`, or for the SQLite file in `data_dir`. Texts of its errors never hold parameters.

    PostgreSQL is told that its connections are this `identity`'s.

    Raises: StorageError (a URL that cannot be used; the text does not repeat it).
    """
    place = locate_database(url, data_dir)
    if place.get_backend_name() == "sqlite":
        return _sqlite(place)
    from imposter.storage.database.postgresql import postgresql_engine

    return postgresql_engine(place, identity)


def open_reading_engine(url: str | None, data_dir: Path) -> Engine:
    """As `open_engine`, for connections that only read; what they see does not change while a transaction lasts.

    A connection to SQLite must be closed before the one that commits: the last that closes makes a checkpoint.
    """
    place = locate_database(url, data_dir)
    if place.get_backend_name() == "sqlite":
        return _sqlite(place, only_reads=True)
    from imposter.storage.database.postgresql import reading_engine

    return reading_engine(place)


def is_quickly_rewritten(connection: Connection) -> bool:
    """Whether `rewrite` takes so little time that nobody notices. Call it outside a transaction."""
    if connection.dialect.name != "sqlite":
        return True
    with closing(connection.connection.cursor()) as cursor:
        pages, size = (cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return bool(pages * size <= QUICKLY_REWRITTEN)


def rewrite(connection: Connection) -> None:
    """Write SQLite's file anew. Call it outside a transaction, and `empty_journal` afterwards.

    `secure_delete` does not reach the copies of rows that SQLite leaves behind when it rearranges a page. Nothing else
    is stored meanwhile (measured: 9 ms a megabyte).
    """
    if connection.dialect.name == "sqlite":
        with closing(connection.connection.cursor()) as cursor:  # SQLAlchemy's `execute` would begin a transaction
            cursor.execute("VACUUM")


def empty_journal(connection: Connection) -> None:
    """Take every page as it was out of SQLite's journal. Call it outside a transaction.

    Raises: StorageError (somebody is reading the file), or what the driver raises.
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
    """Hold `data_dir`, and an SQLite `database` wherever it is, for this server: two would answer every message twice.

    Raises: InUse, where another server holds one of them; StorageError (no lock can be put beside the database).
    """
    with ExitStack() as held:
        folder = make_private_folder(data_dir)
        held.enter_context(
            _lock(folder / LOCK_FILE, f"{data_dir}: stop it, or set IMPOSTER_DATA_DIR to another folder")
        )
        if database is not None:
            # Beside the file: SQLite loses its own locks when a file of the same name is closed elsewhere.
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
    """What tells the data folder's lock from any other, on this machine since it started; None where nothing does.

    Whoever holds the lock knows that an earlier server with the same name for it is dead.
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
    """The file of an SQLite database; None for PostgreSQL. Raises: StorageError (a URL that cannot be used)."""
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
    """A few words to go behind what PostgreSQL said, where the cure is known."""
    said = error.lower()
    for word, cure in _CURES.items():
        if word in said and (word not in _MISSING or "does not exist" in said):
            return f" ({cure})"
    return ""


def locate_database(url: str | None, data_dir: Path) -> URL:
    """Where the database is. Raises: ConfigurationError (a URL that cannot be used)."""
    if url is None:
        return URL.create("sqlite", database=str(data_dir / DATABASE_FILE))
    try:
        place = make_url(url)
        if place.drivername == "postgres":  # as many tools write it
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
    # SQLite gives its journal files the mode of the database file.
    os.close(os.open(str(place.database), os.O_RDWR | os.O_CREAT, 0o600))
    # The writer's connection is opened by one thread and then belongs to another.
    engine = create_engine(place, poolclass=NullPool, hide_parameters=True, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    if only_reads:
        event.listen(engine, "connect", _only_read)
    event.listen(engine, "begin", _begin_to_read if only_reads else _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",  # zeros over what is deleted; adding a message costs no more (measured)
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _only_read(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON").close()


def _begin_to_read(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
