"""The whitelist as its field shows it: how each line is read, and what is wrong with which."""

from collections.abc import Mapping
from dataclasses import dataclass

from imposter.runtime.providers.config_validation import read_as
from imposter.runtime.providers.discovery import Catalog
from imposter.web.pages.forms import lines

PATH = "respond_to_whitelist"
MOST_SHOWN = 100
"""Lines whose reading is shown."""


@dataclass(frozen=True, slots=True)
class WhitelistInput:
    written: str
    number: str | None
    """None: it is an id, and only itself."""


def readings(text: str, chat_provider: str, catalog: Catalog) -> list[WhitelistInput]:
    """Of the first lines."""
    return [WhitelistInput(line, read_as(line, chat_provider, catalog)) for line in lines(text)[:MOST_SHOWN]]


def problems_by_line(text: str, problems: Mapping[str, str]) -> list[str]:
    """What is wrong in the field, each with its line as it is counted there; `problems` by the path in the config."""
    numbers = [number for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    found = []
    for path, told in problems.items():
        head, _, place = path.partition(".")
        if head == PATH:
            at = int(place) if place.isdecimal() else len(numbers)
            found.append(f"Line {numbers[at]} {told}" if at < len(numbers) else told)
    return found
