"""The whitelist field: how each line is read, and the errors by line."""

from collections.abc import Mapping
from dataclasses import dataclass

from imposter.runtime.providers.config_validation import read_as
from imposter.runtime.providers.discovery import Catalog
from imposter.web.pages.forms import lines

PATH = "respond_to_whitelist"
MOST_SHOWN = 100
"""Number of lines whose reading is shown."""


@dataclass(frozen=True, slots=True)
class WhitelistInput:
    written: str
    number: str | None
    """None if the line is an id that only stands for itself."""


def readings(text: str, chat_provider: str, catalog: Catalog) -> list[WhitelistInput]:
    """Return how the first lines are read."""
    return [WhitelistInput(line, read_as(line, chat_provider, catalog)) for line in lines(text)[:MOST_SHOWN]]


def problems_by_line(text: str, problems: Mapping[str, str]) -> list[str]:
    """Return the errors in the field with their line numbers. `problems` is keyed by the path in the config."""
    numbers = [number for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    found = []
    for path, told in problems.items():
        head, _, place = path.partition(".")
        if head == PATH:
            at = int(place) if place.isdecimal() else len(numbers)
            found.append(f"Line {numbers[at]} {told}" if at < len(numbers) else told)
    return found
