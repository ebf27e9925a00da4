"""JSON that somebody sends."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from imposter.voice.files import lines_of

Object = dict[str, Any]
_EARLIEST, _LATEST = datetime(1995, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def value_of(text: str) -> Any:
    """What it says; None where it is no JSON, or is nested too deep."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def objects_of(text: str) -> Iterator[tuple[int, Object | None]]:
    """The objects in a text with one on each line, by the line's number; None where a line is none."""
    for number, line in enumerate(lines_of(text), 1):
        if line.strip():
            found = value_of(line)
            yield number, found if isinstance(found, dict) else None


def text_in(value: Any, *keys: str) -> str:
    """The first text of these that is not empty."""
    if not isinstance(value, dict):
        return ""
    return next((text.strip() for key in keys if isinstance(text := value.get(key), str) and text.strip()), "")


def object_in(value: Any, key: str) -> Object:
    """The object under the key; an empty one where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def list_in(value: Any, key: str) -> list[Any]:
    """The list under the key; an empty one where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def moment_of(value: Any, *, per_second: int = 1) -> datetime | None:
    """The time that is so many units after 1970, or is spelled as ISO 8601 has it; None where it is none."""
    try:
        if isinstance(value, str) and not value.lstrip("-").isdecimal():
            found = datetime.fromisoformat(value)
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        elif isinstance(value, int | float | str) and not isinstance(value, bool) and len(str(value)) < 20:
            found = datetime.fromtimestamp(float(value) / per_second, UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return found if _EARLIEST <= found <= _LATEST else None
