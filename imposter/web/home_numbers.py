"""National phone numbers in a config, completed with the country code of the owner's linked account."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

from pydantic import JsonValue

from imposter import phone_numbers
from imposter.service.bots import BotService


async def with_country_codes(items: Sequence[JsonValue], bots: BotService) -> list[JsonValue]:
    """Return the configs with a country code added to each national number in the whitelist and in contacts.

    A config is returned unchanged if the user's account is not linked or its country is not known. The check of the
    config then rejects the number.
    """
    return [await _at_home(item, bots) if any(_national(item)) else item for item in items]


async def _at_home(item: JsonValue, bots: BotService) -> JsonValue:
    user_id = item.get("user_id") if isinstance(item, dict) else None
    account = await bots.account_of(user_id) if isinstance(user_id, str) else None
    if account is None:
        return item
    number = account.partition("@")[0].partition(":")[0]
    changed = deepcopy(item)
    for place, key in list(_national(changed)):
        place[key] = phone_numbers.at_home(place[key], number) or place[key]
    return changed


def _national(item: JsonValue) -> Iterator[tuple[Any, Any]]:
    """Iterate over the places of national numbers: the container and the index or key in it."""
    if not isinstance(item, dict):
        return
    listed, contacts = item.get("respond_to_whitelist"), item.get("contacts")
    places: list[tuple[Any, Any]] = list(enumerate(listed)) if isinstance(listed, list) else []
    for index, entry in places:
        if isinstance(entry, str) and phone_numbers.is_national(entry):
            yield listed, index
    for entry in contacts if isinstance(contacts, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("id"), str) and phone_numbers.is_national(str(entry["id"])):
            yield entry, "id"
