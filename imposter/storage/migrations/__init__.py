"""The schema's history, in `versions/`, and how a database is brought up to date."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from imposter.contracts.errors import StorageError
from imposter.storage.tables import metadata

NEWEST = "0002"
"""The last revision in `versions/`; a database that says so does not need Alembic (90 ms, 10 MB)."""
FOLDER = Path(__file__).parent


def bring_up_to_date(connection: Connection) -> None:
    """Run the revisions that the database has not seen, inside the caller's transaction.

    Raises: StorageError (the database is newer than this program, or another program's).
    """
    current = current_revision(connection)
    if current is None:
        _refuse_others(connection)
        _create(connection)
    elif current != NEWEST:
        upgrade(connection, current)


def current_revision(connection: Connection) -> str | None:
    """None for a database that never held our tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _refuse_others(connection: Connection) -> None:
    """A file is one program's; a PostgreSQL database may hold tables of others, but none with the names of ours."""
    there = set(inspect(connection).get_table_names())
    foreign = there if connection.dialect.name == "sqlite" else there & set(metadata.tables)
    if foreign:
        raise StorageError(
            f"the database holds tables of another program (such as {min(foreign)!r}); it must be empty or ours: "
            "name another with IMPOSTER_DATABASE_URL, or another folder with IMPOSTER_DATA_DIR"
        )


def _create(connection: Connection) -> None:
    """A new database is made as it is to be, which a test holds against the revisions; Alembic costs 10 MB."""
    metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:newest)"), {"newest": NEWEST})


def upgrade(connection: Connection, current: str | None) -> None:
    """Replay the revisions after `current`. Raises: StorageError."""
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(FOLDER)
    if current is not None and current not in {revision.revision for revision in scripts.walk_revisions()}:
        raise StorageError(
            "the database was written by a newer version of this program: start that version, or restore an older copy "
            "(if it is another program's: name one that is empty or ours with IMPOSTER_DATABASE_URL)"
        )
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))  # a table made anew may be large
    context = MigrationContext.configure(
        connection, opts={"fn": lambda revision, _context: scripts._upgrade_revs(NEWEST, revision)}
    )
    with Operations.context(context):
        context.run_migrations()
