"""This server's Node processes, each with a limited number of accounts, so that a crash affects only some of them."""

import asyncio
from typing import Any

from chat_providers._whatsapp.pipe import PipeClosed
from chat_providers._whatsapp.sidecar import Listener, Sidecar, check_installed
from imposter.contracts.chat import Shared

MOST_ALONE = 8
"""Maximum number of processes with a single account. Each takes some 100 MB."""


class Sidecars:
    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._running = [Sidecar.start(shared)]
        self._ending: set[asyncio.Task[None]] = set()
        self._places: dict[str, Sidecar] = {}
        self._alone: set[Sidecar] = set()

    @classmethod
    async def open(cls, shared: Shared) -> "Sidecars":
        """Open the pool, for `Shared.get`. Raises: SidecarMissing."""
        check_installed()
        return cls(shared)

    async def aclose(self) -> None:
        running, self._running = self._running, []
        await asyncio.gather(*(sidecar.aclose() for sidecar in running), *self._ending)

    def add(self, account: str, listener: Listener) -> None:
        """Assign the account to a process until it is removed."""
        place = self._places.get(account) or self._with_room()
        self._places[account] = place
        place.add(account, listener)

    def isolate(self, account: str, listener: Listener) -> bool:
        """Move the account to its own process, if there are not too many of those. Return whether it has one."""
        if self._places.get(account) in self._alone:
            return True
        if len(self._alone) >= MOST_ALONE:
            return False
        self.remove(account)
        place = Sidecar.start(self._shared)
        self._running.append(place)
        self._alone.add(place)
        self._places[account] = place
        place.add(account, listener)
        return True

    def is_isolated(self, account: str) -> bool:
        return self._places.get(account) in self._alone

    def remove(self, account: str) -> None:
        place = self._places.pop(account, None)
        if place is None:
            return
        place.remove(account)
        # keep one, so that the next link does not have to wait for a start
        if not place.accounts and (place in self._alone or len(self._running) - len(self._alone) > 1):
            self._running.remove(place)
            self._alone.discard(place)
            ending = asyncio.create_task(place.aclose(), name="whatsapp-sidecar-end")
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def call(self, account: str, body: dict[str, Any], *, patience: float) -> Any:
        """See Pipe.call."""
        if (place := self._places.get(account)) is None:
            raise PipeClosed
        return await place.call(account, body, patience=patience)

    def post(self, account: str, body: dict[str, Any]) -> None:
        """See Sidecar.post."""
        if place := self._places.get(account):
            place.post(account, body)

    def _with_room(self) -> Sidecar:
        """Return the fullest process with room, so that the others may become empty."""
        most = self._shared.accounts_per_process
        found = [each for each in self._running if each not in self._alone and each.accounts < most]
        if found:
            return max(found, key=lambda sidecar: sidecar.accounts)
        self._running.append(Sidecar.start(self._shared))
        return self._running[-1]
