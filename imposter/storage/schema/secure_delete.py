"""Taking what was deleted out of the files, until it has worked: whoever deletes owes it from that commit on."""

from sqlalchemy import Connection

from imposter.storage.database.engine import empty_journal, is_quickly_rewritten, rewrite
from imposter.storage.schema.meta_values import read_value, remove_value, write_value

_OWED = "scrub_owed"
REMAINS = "remains"
"""There when something was deleted since the last tidying."""


def mark_pending(connection: Connection) -> None:
    """Call it in the commit that deletes, with `pay` behind it."""
    write_value(connection, _OWED)


def leave(connection: Connection) -> None:
    """Call it in the commit that deletes: the next tidying takes it out of the files."""
    write_value(connection, REMAINS)


def is_pending_deletion(connection: Connection) -> bool:
    return read_value(connection, _OWED) is not None


def run_if_pending(connection: Connection) -> None:
    """Behind a commit. A large file is left to the next tidying: what was deleted in it is overwritten, and no more.

    Raises: StorageError or what the driver raises; then it is owed still.
    """
    if is_quickly_rewritten(connection):
        scrub(connection)
    else:
        empty_journal(connection)


def scrub(connection: Connection) -> None:
    """Take all that was deleted out of the files, which a large file takes long for. Raises: as `pay`."""
    try:
        rewrite(connection)
    finally:
        empty_journal(connection)
    with connection.begin():
        remove_value(connection, _OWED)
