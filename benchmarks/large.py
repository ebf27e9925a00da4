"""What others notice while somebody reads or deletes very much: a million messages of 10,000 chats, on both databases.

Another bot stores a message every few milliseconds. The floor is what that takes while nothing else is asked; the
product, while a bot's chats are listed, its figures drawn, a person of 62,500 messages forgotten, a copy made.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, percentile
from imposter.contracts.config import Limits
from imposter.contracts.errors import NotSupported
from imposter.contracts.messages import Message, Sender, Source
from imposter.domain.messages import MessageState, Verdict
from imposter.secrets import Cipher
from imposter.storage import Store, open_store
from tests.postgres import QUICK, PostgresServer
from tests.storage.large import BOT, TALKER, fill

ROWS, CHATS = 1_000_000, 10_000
OTHER = "bot2"
PAUSE = 0.005
"""Seconds between two messages of the other bot."""
QUIET = 8.0
"""Seconds that it is watched for while nothing else is asked, and at least while something is."""
ROOMY = Limits(max_messages=1000, max_characters=10_000_000, max_days=30)
TARGET = "1.2"


async def run() -> list[Figure]:
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        figures += await _measure("SQLite", None, Path(folder))
    server = PostgresServer(settings=QUICK | {"fsync": "on", "full_page_writes": "on", "shared_buffers": "256MB"})
    await asyncio.to_thread(server.start)
    try:
        with tempfile.TemporaryDirectory() as folder:
            figures += await _measure("PostgreSQL", server.new_database(), Path(folder))
    finally:
        await asyncio.to_thread(server.stop)
    return figures


async def _measure(name: str, database: str | None, folder: Path) -> list[Figure]:
    await asyncio.to_thread(fill, database, folder, ROWS, CHATS)
    async with open_store(database, folder, Cipher(b"k" * 32), now=lambda: datetime.now(UTC)) as store:
        quiet = await _meanwhile(store, asyncio.sleep(QUIET))
        figures = []
        for what, work in _WORKS.items():
            took: list[float] = []
            meanwhile = await _meanwhile(store, _repeated(store, work, took))
            if not took:
                continue
            floor, product = [[percentile(each, 99) * 1000] for each in (quiet, meanwhile)]
            figures.append(Figure(f"{name}: p99 of others' commits, {what}", "ms", product, floor, TARGET, "quiet"))
            figures.append(Figure(f"{name}: {what}", "ms", [each * 1000 for each in took]))
        return figures


async def _chats(store: Store) -> None:
    await store.chats.page(BOT)


async def _messages(store: Store) -> None:
    await store.messages.page(BOT)
    await store.messages.page(BOT, conversation=TALKER)


async def _figures(store: Store) -> None:
    end = datetime(2026, 8, 20, tzinfo=UTC)
    await store.figures.pieces([BOT], [end - timedelta(days=day) for day in range(28, 0, -1)])


async def _forget(store: Store) -> None:
    await store.erasure.forget(BOT, TALKER, str)


async def _backup(store: Store) -> None:
    """Of PostgreSQL, its own programs make it."""
    with suppress(NotSupported):
        await store.backup.make()


_WORKS: dict[str, Callable[[Store], Awaitable[None]]] = {
    "chats listed": _chats,
    "messages listed": _messages,
    "figures drawn": _figures,
    "a copy made": _backup,
    "62,500 messages forgotten": _forget,
}
_ONCE = frozenset({_forget, _backup})


async def _repeated(store: Store, work: Callable[[Store], Awaitable[None]], took: list[float]) -> None:
    end = time.perf_counter() + QUIET
    while True:
        began = time.perf_counter()
        await work(store)
        took.append(time.perf_counter() - began)
        if work in _ONCE or time.perf_counter() > end:
            return


async def _meanwhile(store: Store, work: Awaitable[Any]) -> list[float]:
    """How long each message of the other bot took while this was done, in seconds."""
    took: list[float] = []

    async def write() -> None:
        while True:
            began = time.perf_counter()
            await store.messages.add(OTHER, _message(), ROOMY, _context, tuple)
            took.append(time.perf_counter() - began)
            await asyncio.sleep(PAUSE)

    writing = asyncio.create_task(write(), name="others")
    await work
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    return took


def _message() -> Message:
    who, now = "somebody", datetime.now(UTC)
    return Message(f"new-{time.perf_counter_ns()}", "hello there", Sender(who), Source.CONTACT, now, who, (who,))


def _context(_message: Message, _ids: frozenset[str]) -> Verdict:
    return Verdict(MessageState.CONTEXT, None)
