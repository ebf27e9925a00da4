"""A provider's access to its bot's entries in the store."""

from collections.abc import Sequence

from imposter.contracts.chat import ProviderState
from imposter.domain.claims import Claim
from imposter.storage.bots.provider_state import ProviderStateStore


class StoredProviderState(ProviderState):
    """See `contracts.chat.ProviderState`. A provider can reach the entries of its own bot only."""

    def __init__(self, claim: Claim, store: ProviderStateStore) -> None:
        self._claim = claim
        self._instance_id = claim.instance_id
        self._store = store

    async def read(self, kind: str, keys: Sequence[str] | None = None) -> dict[str, bytes]:
        return await self._store.read(self._instance_id, kind, keys)

    async def write(self, changes: Sequence[tuple[str, str, bytes | None]]) -> None:
        await self._store.write(self._claim, changes)

    async def clear(self) -> None:
        await self._store.clear(self._claim)
