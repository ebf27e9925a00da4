"""Per-connection caches of query results, which save queries for each message.

The caches belong to the database connection. When a commit fails, the writer discards the connection, and with it any
cached rows that were rolled back.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from imposter.domain.pauses import Pause

MOST = 5000
"""Entries per cache; a cache that exceeds this is cleared."""


def forget_remembered(connection: Connection, instance_id: str | None = None) -> None:
    """Clear the caches of one bot, or of all bots.

    Call it when aliases are removed or another node may have changed the data.
    """
    nevers = (never_disappears, nothing_gone)
    for never in (each(connection) for each in nevers):
        never.difference_update({instance_id} if instance_id else {*never})
    by_bot: list[dict[str, Any]] = [changes_wait(connection), pauses_of(connection)]
    for known in by_bot:
        for bot in [instance_id] if instance_id else [*known]:
            known.pop(bot, None)
    for found in (whereabouts_of(connection), names_heard(connection)):
        for who in [who for who in found if instance_id in (None, who[0])]:
            del found[who]


def pauses_of(connection: Connection) -> dict[str, tuple[Pause, ...]]:
    """Return all pauses by bot, including expired ones. Code that changes a bot's pauses must remove its entry."""
    known: dict[str, tuple[Pause, ...]] = connection.info.setdefault("pauses", {})
    return known


def changes_wait(connection: Connection) -> dict[str, datetime]:
    """Return, by bot, the latest time until which an edit or deletion waits for the message that it changes."""
    until: dict[str, datetime] = connection.info.setdefault("changes wait", {})
    return until


def never_disappears(connection: Connection) -> set[str]:
    """Return the bots without any chat whose messages disappear."""
    never: set[str] = connection.info.setdefault("never disappears", set())
    return never


def nothing_gone(connection: Connection) -> set[str]:
    """Return the bots without any recently forgotten contact."""
    nothing: set[str] = connection.info.setdefault("nothing gone", set())
    return nothing


def names_heard(connection: Connection) -> dict[tuple[str, str], str | None]:
    """Return, by bot and id, the name that a person last used."""
    heard: dict[tuple[str, str], str | None] = connection.info.setdefault("names heard", {})
    return heard


def whereabouts_of(connection: Connection) -> dict[Any, Any]:
    """Return the conversation by bot and ids. This saves the largest query of each message."""
    found: dict[Any, Any] = connection.info.setdefault("whereabouts", {})
    return found
