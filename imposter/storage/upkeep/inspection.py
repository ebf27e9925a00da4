"""Read-only inspection of the data folder and the database by a program that is not the server."""

import fcntl
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from imposter.contracts.errors import StorageError
from imposter.storage.database.engine import DATABASE_LOCK, LOCK_FILE, cure_of, locate_database
from imposter.storage.database.jobs import describe
from imposter.storage.migrations import NEWEST, current_revision, oldest_revision


@dataclass(frozen=True, slots=True)
class InspectedDatabase:
    """The state of a database, as far as it can be inspected."""

    where: str
    """The location, without a password."""
    file: Path | None
    """The file of a SQLite database."""
    revision: str | None = None
    """The revision of its tables; None if it has none of ours or was not read."""
    unread: str | None = None
    """The reason why it was not read."""

    @property
    def empty(self) -> bool:
        return self.revision is None and self.unread is None

    @property
    def old(self) -> bool:
        """Whether the next start upgrades its tables."""
        return self.revision is not None and self.revision < NEWEST


def folder_in_use(data_dir: Path) -> bool:
    """Return whether a server uses the folder. Raises: OSError."""
    return _is_held(data_dir / LOCK_FILE)


def look(url: str | None, data_dir: Path) -> InspectedDatabase:
    """Inspect the database. Raises: StorageError (not reachable or not usable; the text holds no password)."""
    place = locate_database(url, data_dir)
    try:
        if place.get_backend_name() == "sqlite":
            return _look_at_file(Path(str(place.database)))
        from imposter.storage.database.postgresql import visitor_engine

        return _read(visitor_engine(place), InspectedDatabase(f"PostgreSQL at {place.host or 'this machine'}", None))
    except (SQLAlchemyError, OSError) as error:
        said = f"it does not open: {describe(error)}{cure_of(str(error))}"
    except StorageError as error:
        said = str(error)
    raise StorageError(_without_password(said, place))


def _look_at_file(file: Path) -> InspectedDatabase:
    """Inspect a SQLite file. A file that is in use, or that a crash left behind, is not read."""
    if not file.exists() or not file.stat().st_size:
        return InspectedDatabase(str(file), file)
    if _is_held(file.resolve().with_name(file.resolve().name + DATABASE_LOCK)):
        return InspectedDatabase(str(file), file, unread="a running server has it open")
    if file.with_name(f"{file.name}-wal").exists():
        return InspectedDatabase(
            str(file), file, unread="its server ended without closing it, which the next start puts right"
        )
    if not os.access(file, os.R_OK | os.W_OK):
        raise StorageError(f"{file} may not be read and written by this user: have it belong to who runs the server")
    address = f"{file.resolve().as_uri()}?mode=ro&immutable=1"  # otherwise SQLite creates files beside it
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=NullPool)
    return _read(engine, InspectedDatabase(str(file), file))


def _read(engine: Engine, seen: InspectedDatabase) -> InspectedDatabase:
    with engine.connect() as connection:
        revision = current_revision(connection)
        oldest = oldest_revision(connection)
    if revision is not None and revision > NEWEST and (oldest is None or oldest > NEWEST):
        raise StorageError(
            f"a newer version of this program wrote it (tables {revision}, this version knows {NEWEST}): start that "
            "version, or restore an older copy"
        )
    return InspectedDatabase(seen.where, seen.file, revision)


def _is_held(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except FileNotFoundError:
        return False
    with closing(os.fdopen(descriptor)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _without_password(text: str, place: URL) -> str:
    for password in (place.password, place.query.get("password")):
        if isinstance(password, str) and password:
            text = text.replace(password, "***")
    return text
