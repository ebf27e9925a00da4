"""How far a bot goes with one person or group, as its config says; and a config that says otherwise. Pure."""

from collections.abc import Callable

from imposter.contracts.behaviour import Autonomy
from imposter.contracts.config import BotConfig


def own_autonomy(config: BotConfig, ids: frozenset[str], canonical: Callable[[str], str]) -> Autonomy | None:
    """Of the entry in `contacts` that names one of these; None where there is none, or it leaves that to the bot."""
    place = _place(config, ids, canonical)
    if place is None or "autonomy" not in config.contacts[place].model_fields_set:
        return None
    return config.contacts[place].autonomy


def with_autonomy(
    config: BotConfig, ids: frozenset[str], name: str, autonomy: Autonomy | None, canonical: Callable[[str], str]
) -> BotConfig:
    """`config` with this for whom `ids` mean; `name` is the id that a new entry gets. None: as with everybody."""
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
