"""Deletion of old data, at start and every hour."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog

from imposter.clock import Clock
from imposter.contracts.errors import StorageError
from imposter.storage import Store

log = structlog.get_logger()

EVERY = 3600.0
ASK_EVERY = 60.0
LOOK_EVERY = 5.0
"""Seconds between two checks of whether this server has to do the work."""


@asynccontextmanager
async def retention(
    store: Store, clock: Clock, keep: timedelta | None, ours: Callable[[], bool] = lambda: True
) -> AsyncIterator[None]:
    """Delete data older than `keep` while the context is entered, to within an hour. None: keep everything.

    Disappearing messages are deleted when their time is over, whatever `keep` is.

    Deleted data that could not be scrubbed from the database files is tried again. `ours` returns whether this server
    has to do the work now: of several nodes one does it for all, and none while its clock may be wrong.
    """
    tasks = [
        asyncio.create_task(_keep_deleting(store, clock, keep, ours), name="retention"),
        asyncio.create_task(_keep_scrubbing(store, clock, ours), name="scrubbing"),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def delete_old(store: Store, clock: Clock, keep: timedelta | None) -> int:
    """Run one round. Return the number of deleted messages. Raises: StorageError."""
    deleted = 0
    while gone := await store.retention.delete_disappeared():
        deleted += gone
    if keep is not None:
        deleted += await _delete_before(store, clock.now() - keep)
        while await store.voice.delete_old(clock.now() - keep):
            pass  # in portions, like the messages
        while await store.usage.age((clock.now() - keep).date(), clock.now().date()):
            pass
        after: int | None = 0
        while after is not None:
            after = await store.evaluations.delete_old(clock.now() - keep, after)
    await store.retention.tidy()
    return deleted


async def _delete_before(store: Store, before: datetime) -> int:
    deleted = after = 0
    while True:
        portion = await store.retention.delete_some(before, after)
        deleted += portion.deleted
        if portion.last is None:
            return deleted
        after = portion.last


async def _keep_deleting(store: Store, clock: Clock, keep: timedelta | None, ours: Callable[[], bool]) -> None:
    while True:
        if not ours():
            await clock.sleep(LOOK_EVERY)
            continue
        try:
            if deleted := await delete_old(store, clock, keep):
                log.info("old messages deleted", messages=deleted)
        except StorageError as error:
            log.error("old messages were not deleted", error=str(error))
        await clock.sleep(EVERY)


async def _keep_scrubbing(store: Store, clock: Clock, ours: Callable[[], bool]) -> None:
    """Scrub deleted data from the database files at a quiet moment, because a large file has to be rewritten."""
    while True:
        await clock.sleep(ASK_EVERY)
        if ours():
            try:
                await store.retention.scrub_if_quiet()
            except StorageError as error:
                log.error("what was deleted was not taken out of the files", error=str(error))
