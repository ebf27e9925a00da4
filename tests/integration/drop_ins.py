"""A test's own provider as discovery hands it over, and how the link of a bot is."""

from imposter.contracts.status import LinkState
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from tests.house import House


def chat(name: str, provider: type) -> ProviderFile:
    return ProviderFile(ProviderKind.CHAT, name, provider=provider)


def model(name: str, provider: type) -> ProviderFile:
    return ProviderFile(ProviderKind.MODEL, name, provider=provider)


async def state(house: House, instance_id: str) -> LinkState:
    return (await house.bots.get(instance_id).status()).status


async def link_is(house: House, instance_id: str, wanted: LinkState) -> bool:
    return await state(house, instance_id) is wanted
