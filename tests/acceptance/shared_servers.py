"""Servers that tests share, as to start one takes longer than most tests. Each test finds its server without a bot."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from tests.acceptance.product import Product

CLEARED = 5.0
"""Seconds that a server may take to delete what a test left. One that takes longer is ended: another starts sooner."""


class SharedServers:
    """One for each database and environment; started when a test wants it, and made anew where a test broke it."""

    def __init__(self, new_folder: Callable[[], Path], new_database: Callable[[], str]) -> None:
        self._new_folder = new_folder
        self._new_database = new_database
        self._idle: dict[tuple[str, frozenset[tuple[str, str]]], Product] = {}

    @asynccontextmanager
    async def lend(self, backend: str, environment: Mapping[str, str]) -> AsyncIterator[Product]:
        """A server that nobody else uses meanwhile. `backend`: `sqlite` or `postgresql`."""
        key = backend, frozenset(environment.items())
        product = self._idle.pop(key, None) or self._make(backend, environment)
        try:
            if not product.running:
                await product.start()
            product.seen.clear()
            yield product
        finally:
            if await _is_cleared(product):
                self._idle[key] = product
            else:
                await _end(product)

    def _make(self, backend: str, environment: Mapping[str, str]) -> Product:
        """One that does not run yet. A database of its own: in one that it shared it would take others' bots."""
        place = {} if backend == "sqlite" else {"IMPOSTER_DATABASE_URL": self._new_database()}
        return Product(self._new_folder(), {**place, **environment})

    async def close(self) -> None:
        for product in self._idle.values():
            await _end(product)
        self._idle.clear()


async def _is_cleared(product: Product) -> bool:
    """Whether it serves, and has no bot any more. Accounts are logged out with their bots."""
    if not product.running:
        return False
    try:
        async with asyncio.timeout(CLEARED):
            bots = [bot["instance_id"] for bot in (await product.api.get("/chatbot")).json()]
            answers = await asyncio.gather(*(product.api.delete(f"/chatbot/{bot}") for bot in bots))
    except (httpx2.HTTPError, TimeoutError):
        return False
    return all(answer.is_success for answer in answers)


async def _end(product: Product) -> None:
    await product.kill()
    await product.api.aclose()
