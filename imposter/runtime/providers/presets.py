"""The presets of a provider file: the services that it knows."""

from itertools import islice

import structlog

from imposter.contracts.model import HasPresets, ListsModels, Preset
from imposter.logs import trace_of
from imposter.runtime.providers.discovery import ProviderFile

log = structlog.get_logger()

MOST = 200


def presets_of(file: ProviderFile) -> tuple[Preset, ...]:
    """Return the presets of a provider; none if it has none or its code fails."""
    if file.provider is None or not issubclass(file.provider, HasPresets):
        return ()
    try:
        return tuple(each for each in islice(file.provider.presets(), MOST) if isinstance(each, Preset))
    except Exception as error:  # noqa: BLE001 - a foreign file; its bots work without presets
        log.error("a provider could not tell its presets", provider=file.name, **trace_of(error))
        return ()


def lists_models(file: ProviderFile) -> bool:
    """Return whether the provider's servers can list their models."""
    return file.provider is not None and issubclass(file.provider, ListsModels)
