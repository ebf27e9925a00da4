"""The schema's history, in `versions/`, and how a database is brought up to date."""

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
"""The last revision in `versions/`; a database that says so does not need Alembic (90 ms, 10 MB)."""
OLDEST = "0003"
"""The oldest NEWEST of a program that can work on these tables. docs/upgrades.md says which revisions raise it."""
SAYS_OLDEST = "oldest_revision"
"""The row of `meta` that tells programs which do not know the tables' revision."""
FOLDER = Path(__file__).parent


def bring_up_to_date(connection: Connection) -> None:
    """Run the revisions that the database has not seen, inside the caller's transaction.

    Newer tables stay as they are, where they say that this program can work on them.
    Raises: StorageError (they do not; the database is another program's; servers that live would be in the way).
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
    """Until the transaction ends nobody changes the tables, which this program can work on.

    Raises: StorageError (it cannot: they are a newer program's, or another's).
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
    """None for a database that never held our tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _precedes(revision: str) -> bool:
    return revision.isdecimal() and len(revision) == len(NEWEST) and revision < NEWEST


def oldest_revision(connection: Connection) -> str | None:
    """None for tables of before it was written down."""
    if not inspect(connection).has_table(meta.name):
        return None
    said = connection.execute(select(meta.c.value).where(meta.c.name == SAYS_OLDEST)).scalar_one_or_none()
    return said and said.decode()


@contextmanager
def _beside_others(connection: Connection) -> Iterator[None]:
    """The tables are changed while other servers use them. Raises: StorageError (that cannot be)."""
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
    """A file is one program's; a PostgreSQL database may hold tables of others, but none with the names of ours."""
    there = set(inspect(connection).get_table_names())
    foreign = there if connection.dialect.name == "sqlite" else there & set(metadata.tables)
    if foreign:
        raise ConfigurationError(
            f"the database holds tables of another program (such as {min(foreign)!r}); it must be empty or ours: "
            "name another with IMPOSTER_DATABASE_URL, or another folder with IMPOSTER_DATA_DIR"
        )


def _create(connection: Connection) -> None:
    """A new database is made as it is to be, which a test holds against the revisions; Alembic costs 10 MB."""
    metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:newest)"), {"newest": NEWEST})


def upgrade(connection: Connection, current: str | None) -> None:
    """Replay the revisions after `current`."""
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(FOLDER)
    context = MigrationContext.configure(
        connection, opts={"fn": lambda revision, _context: scripts._upgrade_revs(NEWEST, revision)}
    )
    with Operations.context(context):
        context.run_migrations()
