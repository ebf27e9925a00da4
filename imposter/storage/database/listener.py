"""The listener for notifications of other nodes, on its own connection. PostgreSQL only; the import loads the
driver."""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
import structlog
from psycopg import sql

from imposter.storage.database.jobs import describe
from imposter.storage.database.notifications import COMMON
from imposter.storage.database.postgresql import SETTLE, connection_arguments

log = structlog.get_logger()

PAUSE = 0.5
"""Seconds between a lost connection and the next attempt. Meanwhile no notifications arrive and the nodes poll."""


class NotificationListener:
    """A listener for one node, on the node's channel (`notifications.channel_of`) and on the common channel."""

    def __init__(self, url: str, channel: str, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._arguments = connection_arguments(url)
        self._channels = (COMMON, channel)
        self._sleep = sleep

    async def listen(self, heard: Callable[[str], None]) -> None:
        """Call `heard` with the channel of each notification, until cancelled.

        It is called with "" when listening starts, also after each lost connection, because notifications may have been
        missed before.
        """
        lost = False
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**self._arguments, autocommit=True) as connection:
                    await connection.execute(SETTLE)
                    for channel in self._channels:
                        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                    if lost:
                        log.info("the database is heard again")
                        lost = False
                    heard("")
                    async for notification in connection.notifies():
                        heard(notification.channel)
            except (psycopg.Error, OSError) as error:
                if not lost:
                    log.warning("the database is not heard, looking for news instead", cause=describe(error))
                lost = True
            await self._sleep(PAUSE)
