"""Removal of deleted content from the database files. It is recorded as pending until it succeeds."""

from sqlalchemy import Connection

from imposter.storage.database.engine import empty_journal, is_quickly_rewritten, rewrite
from imposter.storage.schema.meta_values import read_value, remove_value, write_value

_OWED = "scrub_owed"
REMAINS = "remains"
"""Present if something was deleted since the last clean-up."""


def mark_pending(connection: Connection) -> None:
    """Record that a scrub is pending. Call it in the deleting commit, with `run_if_pending` after the commit."""
    write_value(connection, _OWED)


def leave(connection: Connection) -> None:
    """Leave the scrub to the next clean-up. Call it in the deleting commit."""
    write_value(connection, REMAINS)


def is_pending_deletion(connection: Connection) -> bool:
    return read_value(connection, _OWED) is not None


def run_if_pending(connection: Connection) -> None:
    """Scrub after a commit. In a large file, only the journal is emptied; the rest is left to the next clean-up.

    Deleted content in a large file is overwritten already, but copies of it may remain until then.
    Raises: StorageError, or the driver's errors (the scrub stays pending).
    """
    if is_quickly_rewritten(connection):
        scrub(connection)
    else:
        empty_journal(connection)


def scrub(connection: Connection) -> None:
    """Remove all deleted content from the files.

    This is slow for a large file. Raises: the same as `run_if_pending`.
    """
    try:
        rewrite(connection)
    finally:
        empty_journal(connection)
    with connection.begin():
        remove_value(connection, _OWED)
