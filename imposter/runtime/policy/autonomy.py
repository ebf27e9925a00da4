"""The autonomy that a config gives the bot for one person or group, and how to change it. Pure."""

from collections.abc import Callable

from imposter.contracts.behaviour import Autonomy
from imposter.contracts.config import BotConfig


def own_autonomy(config: BotConfig, ids: frozenset[str], canonical: Callable[[str], str]) -> Autonomy | None:
    """Return the autonomy set in the `contacts` entry for one of these ids; None if none is set."""
    place = _place(config, ids, canonical)
    if place is None or "autonomy" not in config.contacts[place].model_fields_set:
        return None
    return config.contacts[place].autonomy


def with_autonomy(
    config: BotConfig, ids: frozenset[str], name: str, autonomy: Autonomy | None, canonical: Callable[[str], str]
) -> BotConfig:
    """Return a config with this autonomy for the contact with these ids. None: the bot's default.

    `name` is the id of a new entry.
    """
    stored = config.stored
    entries = list(stored.get("contacts", ()))
    place = _place(config, ids, canonical)
    if place is None:
        entries += [{"id": name, "autonomy": autonomy}] if autonomy is not None else []
    else:
        entry = {field: value for field, value in entries[place].items() if field != "autonomy"}
        if autonomy is not None:
            entry["autonomy"] = autonomy
        entries[place : place + 1] = [entry] if entry.keys() > {"id"} else []
    return BotConfig.model_validate({**stored, "contacts": entries})


def _place(config: BotConfig, ids: frozenset[str], canonical: Callable[[str], str]) -> int | None:
    known = {canonical(each) for each in ids}
    return next((place for place, entry in enumerate(config.contacts) if canonical(entry.id) in known), None)
