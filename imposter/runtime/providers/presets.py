"""The services that a provider file knows, whatever it says of them."""

from itertools import islice

import structlog

from imposter.contracts.model import HasPresets, ListsModels, Preset
from imposter.logs import trace_of
from imposter.runtime.providers.discovery import ProviderFile

log = structlog.get_logger()

MOST = 200


def presets_of(file: ProviderFile) -> tuple[Preset, ...]:
    """None where it knows none, or its own code broke."""
    if file.provider is None or not issubclass(file.provider, HasPresets):
        return ()
    try:
        return tuple(each for each in islice(file.provider.presets(), MOST) if isinstance(each, Preset))
    except Exception as error:  # noqa: BLE001 - somebody else's file; its bots work without them
        log.error("a provider could not tell its presets", provider=file.name, **trace_of(error))
        return ()


def lists_models(file: ProviderFile) -> bool:
    """Whether its servers can be asked which models they have."""
    return file.provider is not None and issubclass(file.provider, ListsModels)
