"""Databases with tables and without rows: to make the tables takes longer than most tests of what is kept in them."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

import psycopg

from imposter.secrets import make_private_folder
from imposter.storage.database.engine import DATABASE_FILE, open_engine
from imposter.storage.migrations import SAYS_OLDEST, bring_up_to_date
from imposter.storage.schema.tables import meta, metadata
from tests.postgres import drop_database, new_database

KEPT = ("alembic_version", meta.name)
WAIT_FOR_LOCK = "-c lock_timeout=2000"
"""Milliseconds. Whoever has a table for longer is stuck, and the database is left to them."""
SHAPE = (
    "SELECT (SELECT version_num FROM alembic_version), count(*), sum(attnum)"
    " FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
    " WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped"
)
"""Their revision, and figures of all columns and indexes: others where a test has made, changed or removed some."""
OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
COUNTED = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"


def put_tables(folder: Path) -> None:
    """Make the folder of a Store on SQLite, where there is no database in it yet."""
    file = make_private_folder(folder) / DATABASE_FILE
    if not file.exists():
        shutil.copyfile(_sqlite(), file)
        file.chmod(0o600)


@cache
def _sqlite() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="imposter-tables-"))
    _make_tables(None, folder)
    return folder / DATABASE_FILE


def _make_tables(url: str | None, folder: Path) -> None:
    engine = open_engine(url, folder)
    with engine.connect() as connection, connection.begin():
        bring_up_to_date(connection)
    engine.dispose()


class StoredDatabases:
    """Of one PostgreSQL server; each is used by one test after the other."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._free: list[str] = []
        self._shape: object = None

    def take(self) -> str:
        """The URL of one."""
        if self._free:
            return self._free.pop()
        url = new_database(self._server)
        _make_tables(url, Path())
        if self._shape is None:
            with psycopg.connect(url) as connection:
                self._shape = connection.execute(SHAPE).fetchone()
        return url

    def give_back(self, url: str) -> None:
        """What is in it goes, and whoever uses it."""
        if self._is_emptied(url):
            self._free.append(url)
        else:
            drop_database(self._server, url)

    def _is_emptied(self, url: str) -> bool:
        try:
            with psycopg.connect(url, options=WAIT_FOR_LOCK) as connection:
                connection.execute(OTHERS)
                if connection.execute(SHAPE).fetchone() != self._shape:
                    return False
                _remove_rows(connection)
        except psycopg.OperationalError:
            return False
        return True


def _remove_rows(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    tables = [name for name in metadata.tables if name not in KEPT]
    having = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables)
    connection.execute("SET session_replication_role = replica")  # in any order, whichever table names another
    for (name,) in connection.execute(having.encode()).fetchall():
        connection.execute(f"DELETE FROM {name}".encode())
    connection.execute(f"DELETE FROM {meta.name} WHERE name <> '{SAYS_OLDEST}'".encode())
    for (name,) in connection.execute(COUNTED).fetchall():
        connection.execute(f"ALTER SEQUENCE {name} RESTART".encode())
