"""The revisions of the schema, in `versions/`, and the upgrade of a database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from sqlalchemy import Connection, delete, insert, inspect, select, text

from imposter.contracts.errors import ConfigurationError, StorageError
from imposter.storage.schema.database_clock import Moment
from imposter.storage.schema.tables import meta, metadata, nodes

log = structlog.get_logger()

NEWEST = "0014"
"""The last revision in `versions/`. A database at this revision does not need Alembic (90 ms, 10 MB)."""
OLDEST = "0003"
"""The oldest NEWEST of a program that can work on these tables. docs/upgrades.md lists the revisions that raise it."""
SAYS_OLDEST = "oldest_revision"
"""The row of `meta` with the oldest usable revision, for programs that do not know the tables' revision."""
FOLDER = Path(__file__).parent


def bring_up_to_date(connection: Connection) -> None:
    """Apply missing revisions inside the caller's transaction.

    Tables of a newer version stay unchanged if this program can work on them.
    Raises: StorageError (it cannot; the database belongs to another program; running servers would be disturbed).
    """
    if connection.dialect.name == "postgresql":
        from imposter.storage.database.postgresql import serialize_upgrades

        serialize_upgrades(connection)
    current = current_revision(connection)
    if current is None:
        _refuse_others(connection)
        _create(connection)
    elif _precedes(current):
        log.info("the database's tables are brought up to date", revision=current, to=NEWEST)
        with _beside_others(connection):
            upgrade(connection, current)
    else:
        check_tables(connection)
        return
    connection.execute(delete(meta).where(meta.c.name == SAYS_OLDEST))
    connection.execute(insert(meta), {"name": SAYS_OLDEST, "value": OLDEST.encode()})


def check_tables(connection: Connection) -> None:
    """Check that this program can work on the tables, and prevent changes to them until the transaction ends.

    Raises: StorageError (the tables are a newer version's or another program's).
    """
    if connection.dialect.name == "postgresql":
        from imposter.storage.database.postgresql import keep_upgrades_out

        keep_upgrades_out(connection)
    if current_revision(connection) == NEWEST:
        return
    oldest = oldest_revision(connection)
    if oldest is None or oldest > NEWEST:
        raise ConfigurationError(
            "the database was written by a newer version of this program: start that version, or restore an older copy "
            "(if it is another program's: name one that is empty or ours with IMPOSTER_DATABASE_URL)"
        )


def current_revision(connection: Connection) -> str | None:
    """Return the revision of the tables; None if the database never held our tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _precedes(revision: str) -> bool:
    return revision.isdecimal() and len(revision) == len(NEWEST) and revision < NEWEST


def oldest_revision(connection: Connection) -> str | None:
    """Return the oldest usable revision; None for tables from before it was stored."""
    if not inspect(connection).has_table(meta.name):
        return None
    said = connection.execute(select(meta.c.value).where(meta.c.name == SAYS_OLDEST)).scalar_one_or_none()
    return said and said.decode()


@contextmanager
def _beside_others(connection: Connection) -> Iterator[None]:
    """Change the tables while other servers use them. Raises: StorageError (that is not possible)."""
    if connection.dialect.name == "sqlite":
        yield
        return
    from imposter.storage.database.postgresql import change_tables

    live: list[tuple[str, str]] = []
    if inspect(connection).has_table(nodes.name):
        found = connection.execute(select(nodes.c.name, nodes.c.revision).where(nodes.c.until > Moment()))
        live = sorted((name, revision) for name, revision in found)
    if too_old := [f"{name} ({revision})" for name, revision in live if revision < OLDEST]:
        raise StorageError(
            "this version changes the database's tables so that these servers could not work on: "
            f"{', '.join(too_old)}. Stop them first, or upgrade them to a version whose revision is {OLDEST} or newer, "
            "and start this one again (a server that was killed counts until its lease ends, seconds later)"
        )
    with change_tables(connection, in_haste=bool(live)):
        yield


def _refuse_others(connection: Connection) -> None:
    """Refuse a database of another program.

    A SQLite file must be ours alone. A PostgreSQL database may hold other tables, but none with our names.
    """
    there = set(inspect(connection).get_table_names())
    foreign = there if connection.dialect.name == "sqlite" else there & set(metadata.tables)
    if foreign:
        raise ConfigurationError(
            f"the database holds tables of another program (such as {min(foreign)!r}); it must be empty or ours: "
            "name another with IMPOSTER_DATABASE_URL, or another folder with IMPOSTER_DATA_DIR"
        )


def _create(connection: Connection) -> None:
    """Create the newest tables directly, because Alembic costs 10 MB. A test compares them with the revisions."""
    metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:newest)"), {"newest": NEWEST})


def upgrade(connection: Connection, current: str | None) -> None:
    """Apply the revisions after `current`."""
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(FOLDER)
    context = MigrationContext.configure(
        connection, opts={"fn": lambda revision, _context: scripts._upgrade_revs(NEWEST, revision)}
    )
    with Operations.context(context):
        context.run_migrations()
