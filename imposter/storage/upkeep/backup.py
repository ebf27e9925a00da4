"""Backups of the database while the server uses it.

Only the writer's own connection reads the file (see writer.py), so it makes the copy, page by page. Between two steps,
waiting jobs run (measured: 3 ms per step; `VACUUM INTO` blocks everything for 2 ms per megabyte). Data that is stored
meanwhile is also copied.
"""

import fcntl
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from imposter.contracts.errors import NotSupported, StorageError
from imposter.secrets import KEY_FILE, make_private_folder, sync
from imposter.storage.database.engine import (
    DATABASE_FILE,
    LOCK_FILE,
    database_file,
    locate_database,
    only_server,
    open_engine,
)
from imposter.storage.database.jobs import Pending, describe
from imposter.storage.database.writer import Writer

BACKUPS = "backups"
DUMP_FILE = "imposter.dump"
"""The output of pg_dump."""
STEP_PAGES = 500
"""Pages per step: 2 MB."""
KEPT = 10
"""Copies kept in the data folder. A further copy replaces the oldest one."""
SPARE_BYTES = 64 * 1024 * 1024
"""Disk space that a copy must leave free for the bots."""
_NAME = re.compile(r"[0-9]{8}T[0-9]{12}Z")
_UNFINISHED = ".unfinished"
_PASSWORD = "pgpass"  # noqa: S105 - the name of a file

USE_PG_DUMP = (
    "The database is PostgreSQL: make the copy with `IMPOSTER_DATABASE_URL=... script/backup` where pg_dump is "
    "installed, or as docs/backup.md shows."
)


class BackupStore:
    def __init__(self, writer: Writer, data_dir: Path, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit_alone
        self._data_dir = data_dir
        self._now = now

    def make(self) -> Pending[Path]:
        """Copy the database, and the secret key if it is a file, into a new private folder.

        The copy contains everything that was durable before. Raises from the result: NotSupported (PostgreSQL),
        StorageError.
        """

        def job(connection: Connection, let_others: Callable[[], None]) -> Path:
            if connection.dialect.name != "sqlite":
                raise NotSupported(USE_PG_DUMP)
            try:
                return _copied(connection, self._data_dir, self._now(), let_others)
            except (OSError, sqlite3.Error) as error:
                raise StorageError(f"the copy could not be made: {describe(error)}") from error

        return self._submit(job)


def copy_stopped(url: str | None, data_dir: Path, now: datetime) -> Path:
    """Copy the database when no server is running. Raises: InUse (a server is running), StorageError, OSError."""
    database = database_file(url, data_dir)
    if database is None or not database.exists():
        raise StorageError(
            f"there is no database at {database}: set IMPOSTER_DATA_DIR (and IMPOSTER_DATABASE_URL) as for the server"
        )
    with only_server(data_dir, database), closing(_open(url, data_dir)) as connection:
        return _copied(connection, data_dir, now, lambda: None)


@dataclass(frozen=True, slots=True)
class Dump:
    """A dump of a PostgreSQL database in progress. Run `command`, then `finish`; call `clean_up` in any case."""

    command: tuple[str, ...]
    draft: Path
    finished: Path
    held: int
    """The descriptor of the lock that keeps others from deleting the draft."""

    def finish(self) -> Path:
        """Complete the copy and return its folder. Raises: OSError."""
        (self.draft / _PASSWORD).unlink()
        _finish(self.draft, self.finished)
        return self.finished

    def clean_up(self) -> None:
        shutil.rmtree(self.draft, ignore_errors=True)
        os.close(self.held)


def dump_command(url: str | None, data_dir: Path, now: datetime) -> Dump | None:
    """Prepare a dump of a PostgreSQL database; None if the database is SQLite. Raises: StorageError, OSError."""
    place = locate_database(url, data_dir)
    if place.get_backend_name() == "sqlite":
        return None
    held = _hold(data_dir)
    draft, finished = _new_folder(data_dir, now)
    _copy_key(data_dir, draft)
    _private_file(draft / DUMP_FILE)
    _private_file(draft / _PASSWORD)  # other users of the machine can see the arguments of a command
    password = str(place.password or "").replace("\\", "\\\\").replace(":", "\\:")
    (draft / _PASSWORD).write_text(f"*:*:*:*:{password}\n" if password else "")
    query = {**place.query, "passfile": str(draft / _PASSWORD)} if password else place.query
    address = URL.create("postgresql", place.username, None, place.host, place.port, place.database, query)
    return Dump(
        command=("pg_dump", "--format=custom", f"--file={draft / DUMP_FILE}", f"--dbname={address.render_as_string()}"),
        draft=draft,
        finished=finished,
        held=held,
    )


def _copied(connection: Connection, data_dir: Path, now: datetime, let_others: Callable[[], None]) -> Path:
    source = connection.connection.driver_connection
    if not isinstance(source, sqlite3.Connection):
        raise StorageError("this SQLite driver cannot make a copy")
    held = _hold(data_dir)
    try:
        _check_room(source, data_dir)
        return _copied_into(*_new_folder(data_dir, now), source, data_dir, let_others)
    finally:
        os.close(held)


def _copied_into(
    draft: Path, finished: Path, source: sqlite3.Connection, data_dir: Path, let_others: Callable[[], None]
) -> Path:
    try:
        _copy_database(source, draft / DATABASE_FILE, let_others)
        _copy_key(data_dir, draft)
        _finish(draft, finished)
    except BaseException:  # raised again; an incomplete backup must not remain
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return finished


def _check_room(source: sqlite3.Connection, data_dir: Path) -> None:
    """Check the free disk space, because a full disk stops every bot. Raises: StorageError."""
    pages, size = (source.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    needed, free = pages * size + SPARE_BYTES, shutil.disk_usage(data_dir / BACKUPS).free
    if free < needed:
        raise StorageError(
            f"there is no room for a copy: it takes {_megabytes(needed)} with what the bots need, and "
            f"{_megabytes(free)} are free in {data_dir / BACKUPS}; make room there, for one by moving older copies away"
        )


def _megabytes(number: int) -> str:
    return f"{number / 1_000_000:.0f} MB"


def _finish(draft: Path, finished: Path) -> None:
    """Give a complete copy its name, and delete the oldest copies above the limit. Raises: OSError."""
    for path in (*draft.iterdir(), draft):
        sync(path)
    draft.rename(finished)
    sync(finished.parent)
    for old in sorted(filter(_is_ours, finished.parent.iterdir()))[:-KEPT]:
        with suppress(OSError):  # the next copy tries again
            # A partly deleted copy must not look complete.
            shutil.rmtree(old.rename(old.with_name(old.name + _UNFINISHED)))


def _is_ours(path: Path) -> bool:
    """Return whether the folder is a copy made here that contains no other files."""
    if path.is_symlink() or not _NAME.fullmatch(path.name) or not path.is_dir():
        return False
    names = {each.name for each in path.iterdir()}
    return names - {KEY_FILE} in ({DATABASE_FILE}, {DUMP_FILE})


def _open(url: str | None, data_dir: Path) -> Connection:
    try:
        return open_engine(url, data_dir).connect()
    except SQLAlchemyError as error:
        raise StorageError(f"the database does not open: {describe(error)}") from None


def _hold(data_dir: Path) -> int:
    """Lock the folder so that drafts are not deleted until the descriptor is closed.

    Drafts of killed processes are deleted first.
    """
    folder = make_private_folder(data_dir / BACKUPS)
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with suppress(BlockingIOError):  # another process is making a copy
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for left in folder.glob("*" + _UNFINISHED):
                shutil.rmtree(left)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    except BaseException:  # raised again; the descriptor would stay open
        os.close(descriptor)
        raise
    return descriptor


def _new_folder(data_dir: Path, now: datetime) -> tuple[Path, Path]:
    """Create the folder for a copy in progress. Return it with the path for the complete copy."""
    folder = data_dir / BACKUPS
    name = now.strftime("%Y%m%dT%H%M%S%fZ")
    draft, finished = folder / (name + _UNFINISHED), folder / name
    if finished.exists():
        raise StorageError("there is a copy of this very moment already")
    draft.mkdir(mode=0o700)
    return draft, finished


def _copy_key(data_dir: Path, folder: Path) -> None:
    if (key := data_dir / KEY_FILE).exists():
        _private_file(folder / KEY_FILE)
        shutil.copyfile(key, folder / KEY_FILE)


def _copy_database(source: sqlite3.Connection, place: Path, let_others: Callable[[], None]) -> None:
    _private_file(place)
    with closing(sqlite3.connect(place)) as target:
        target.execute("PRAGMA synchronous = OFF").close()  # flushed once, at the end
        source.backup(target, pages=STEP_PAGES, progress=lambda status, left, pages: let_others(), sleep=0)
        target.execute("PRAGMA journal_mode = DELETE").close()  # a single file, without a journal


def _private_file(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
