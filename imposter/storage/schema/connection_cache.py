"""What a connection to the database remembers of what it read, to spare messages queries.

It hangs on the database's connection: when a commit fails, the writer gives that up, and with it what was read of what
is not there after all.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from imposter.domain.pauses import Pause

MOST = 5000
"""Entries of each kind; more begin anew."""


def forget_remembered(connection: Connection, instance_id: str | None = None) -> None:
    """Call it where aliases are removed, or another node may have changed what there is; all bots' without a bot."""
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
    """By bot: all its pauses, also those that are over. Whoever changes them removes what stands here."""
    known: dict[str, tuple[Pause, ...]] = connection.info.setdefault("pauses", {})
    return known


def changes_wait(connection: Connection) -> dict[str, datetime]:
    """By bot: until when, at the longest, an edit or deletion waits for the message that it changes."""
    until: dict[str, datetime] = connection.info.setdefault("changes wait", {})
    return until


def never_disappears(connection: Connection) -> set[str]:
    """Bots in none of whose chats anybody said that messages disappear."""
    never: set[str] = connection.info.setdefault("never disappears", set())
    return never


def nothing_gone(connection: Connection) -> set[str]:
    """Bots that nobody had forget anybody lately."""
    nothing: set[str] = connection.info.setdefault("nothing gone", set())
    return nothing


def names_heard(connection: Connection) -> dict[tuple[str, str], str | None]:
    """By bot and id: what somebody called themselves last."""
    heard: dict[tuple[str, str], str | None] = connection.info.setdefault("names heard", {})
    return heard


def whereabouts_of(connection: Connection) -> dict[Any, Any]:
    """By bot and ids: the conversation that they name, which saves the largest query of a message."""
    found: dict[Any, Any] = connection.info.setdefault("whereabouts", {})
    return found
