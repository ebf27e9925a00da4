"""Secret masking: a config is shown without its secrets, and they are put back when it is submitted again."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, get_args

from pydantic import BaseModel, JsonValue, SecretBytes, SecretStr

from imposter.contracts.config import BotConfig, ModelChoice, ProviderChoice
from imposter.contracts.errors import InvalidConfig
from imposter.runtime.providers.discovery import Catalog, ProviderKind

MASK = "*" * 10
"""Shown in place of a secret."""

Models = tuple[type[BaseModel], ...]

_SECRET_NAME = re.compile(r"key|token|secret|pass|pwd|auth|cred|cookie|webhook", re.IGNORECASE)
_HARMLESS_NAME = re.compile(r"keyboard|keyword|author(?!i)|bypass|passive|tokeni[sz]er", re.IGNORECASE)
_TOKENS = re.compile("tokens", re.IGNORECASE)
_URL_LOGIN = re.compile(r"^([a-z][a-z0-9+.-]*://)[^/\s@]+@", re.IGNORECASE)


def masked(config: BotConfig, catalog: Catalog) -> dict[str, Any]:
    """Return the config as it was given, with its secrets masked."""
    shown = config.model_dump(mode="json", exclude_unset=True)
    for path, kind, choice in choices_of(config):
        place: Any = shown
        for name in path:
            place = place[name]
        if "provider_config" in place:
            models = _config_models(catalog, kind, choice.provider_name)
            place["provider_config"] = _mask(choice.provider_config, models)
    return shown


def choices_of(config: BotConfig) -> Iterator[tuple[tuple[str | int, ...], ProviderKind, ProviderChoice]]:
    """Return every provider choice in the config, with its path."""
    yield ("chat_provider_config",), ProviderKind.CHAT, config.chat_provider_config
    models: list[tuple[tuple[str | int, ...], ModelChoice | None]] = [
        (("llm_provider_config",), config.llm_provider_config)
    ]
    for at, contact in enumerate(config.contacts):
        models.append((("contacts", at, "llm_provider_config"), contact.llm_provider_config))
    for path, choice in models:
        if choice is not None:
            yield path, ProviderKind.MODEL, choice
            for number, other in enumerate(choice.fallbacks):
                yield (*path, "fallbacks", number), ProviderKind.MODEL, other


def unmasked(item: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return `item`, a config as JSON, with masks replaced by the secrets of `before`.

    Applies only to fallbacks and to models of contacts, matched by contact and number. The models and all settings
    except numbers must be the same, so that no secret is sent to another address.
    """
    whole = deepcopy(dict(item))
    stood, found = _further_models(before), _further_models(whole)
    if stood.keys() != found.keys():  # the models cannot be matched
        return whole
    for at, choice in found.items():
        old = stood[at]
        if _goes_to(choice, choice) == _goes_to(old, choice):
            _put_back(choice.get("provider_config"), old.get("provider_config"))
    return whole


def _further_models(config: Mapping[str, Any]) -> dict[tuple[str, int], Any]:
    """Return the further models by the contact's id (empty: the bot) and number; 0 is a contact's own first model.

    The config may have any shape.
    """
    found: dict[tuple[str, int], Any] = {}

    def add(contact: str, choice: Any) -> None:
        if contact and isinstance(choice, dict):
            found[contact, 0] = choice
        others = choice.get("fallbacks") if isinstance(choice, dict) else None
        for number, other in enumerate(others if isinstance(others, list) else [], 1):
            if isinstance(other, dict):
                found[contact, number] = other

    add("", config.get("llm_provider_config"))
    contacts = config.get("contacts")
    for entry in contacts if isinstance(contacts, list) else []:
        if isinstance(entry, dict):
            add(str(entry.get("id", "")), entry.get("llm_provider_config"))
    return found


_ELSEWHERE = frozenset({"model", "system"})
"""Settings that do not affect the address of a request."""


def _goes_to(choice: Mapping[str, Any], shown: Mapping[str, Any]) -> object:
    """Return the provider and every setting that may name an address, except those masked in `shown`."""
    settings, masks = choice.get("provider_config"), shown.get("provider_config")
    if not isinstance(settings, dict) or not isinstance(masks, dict):
        return None
    named = {
        name: value
        for name, value in settings.items()
        if isinstance(value, str | dict | list) and name not in _ELSEWHERE and masks.get(name) != MASK
    }
    return choice.get("provider_name"), named


def _put_back(value: Any, before: Any) -> None:
    if isinstance(value, dict) and isinstance(before, dict):
        for name, entry in value.items():
            if entry == MASK and isinstance(before.get(name), str):
                value[name] = before[name]
            else:
                _put_back(entry, before.get(name))


def _config_models(catalog: Catalog, kind: ProviderKind, name: str) -> Models:
    """Return the provider's config model; none if it has none or its file is missing."""
    try:
        model = catalog.find(kind, name).config_model
    except InvalidConfig:
        return ()
    return (model,) if model else ()


def _mask(value: JsonValue, models: Models) -> JsonValue:
    """Return `value` with secrets masked: values that the models declare secret, or whose name suggests it."""
    if isinstance(value, list):
        return [_mask(entry, models) for entry in value]
    if isinstance(value, str):
        return _URL_LOGIN.sub(rf"\g<1>{MASK}@", value)
    if not isinstance(value, dict):
        return value
    known = fields_of(models)
    shown: dict[str, JsonValue] = {}
    for name, entry in value.items():
        classes = tuple(classes_in(known[name])) if name in known else ()
        declared = any(issubclass(kind, (SecretStr, SecretBytes)) for kind in classes)
        inner = tuple(kind for kind in classes if issubclass(kind, BaseModel))
        hidden = entry is not None and (declared or (not inner and _sounds_secret(name, entry)))
        shown[name] = MASK if hidden else _mask(entry, inner)
    return shown


def _sounds_secret(name: str, value: JsonValue) -> bool:
    """Return whether a name suggests a secret. A number named `tokens` is a count, and a boolean reveals nothing."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        name = _TOKENS.sub("", name)
    return _SECRET_NAME.search(_HARMLESS_NAME.sub("", name)) is not None


def masks_in(value: JsonValue, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Return the paths at which a mask stands in place of a value."""
    if isinstance(value, dict | list):
        for name, entry in value.items() if isinstance(value, dict) else enumerate(value):
            yield from masks_in(entry, *path, name)
    elif isinstance(value, str) and (value == MASK or f"://{MASK}@" in value[:64]):
        yield path


def fields_of(models: Models) -> dict[str, Any]:
    """Return the fields of these models, each with its annotation."""
    return {field.alias or name: field.annotation for model in models for name, field in model.model_fields.items()}


def classes_in(annotation: Any) -> Iterator[type]:
    """Return every class named in an annotation such as `list[Model] | None`."""
    if arguments := get_args(annotation):
        for argument in arguments:
            yield from classes_in(argument)
    elif isinstance(annotation, type):
        yield annotation
