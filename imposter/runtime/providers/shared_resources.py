"""Resources shared by all bots of a server: opened at first use, closed at shutdown in reverse order."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from pydantic import SecretStr

from imposter.contracts.chat import Resource, Shared
from imposter.contracts.url_guard import AddressGuard
from imposter.logs import trace_of

log = structlog.get_logger()


class SharedResources(Shared):
    """See `contracts.chat.Shared`."""

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        node: str,
        secret: Callable[[str], SecretStr | None],
        accounts_per_process: int = 100,
        addresses: AddressGuard = AddressGuard(),  # noqa: B008 - frozen, and the strictest there is
    ) -> None:
        self.environment = environment
        self.node = node
        self.accounts_per_process = accounts_per_process
        self.addresses = addresses
        self.hold: Callable[[], float | None] = lambda: None
        self._secret = secret
        self._opened: dict[str, Any] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def secret(self, name: str) -> SecretStr | None:
        return self._secret(name)

    async def get(self, name: str, open_it: Callable[[Shared], Awaitable[Resource]]) -> Resource:
        async with self._locks.setdefault(name, asyncio.Lock()):
            if name not in self._opened:
                self._opened[name] = await open_it(self)
            opened: Resource = self._opened[name]
            return opened

    async def aclose(self) -> None:
        for name, resource in reversed(self._opened.items()):
            try:
                await resource.aclose()
            except Exception as error:  # noqa: BLE001 - a resource that fails to close must not keep the others open
                log.error("shared resource did not close", name=name, **trace_of(error))
        self._opened.clear()
