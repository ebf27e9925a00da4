"""Parsing of a model server's error, in any vendor's format, into one form."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic_core import from_json

LONGEST_RETRY_AFTER = 3600.0
"""Maximum seconds of a requested wait. Longer ones are not believed."""
MOST_TEXT = 4000
"""Maximum number of characters of a vendor's text that are read."""

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_IN_WORDS = re.compile(r"(?:try again|retry) in ([\d.hms]{1,24})")
"""OpenAI, Groq ("Please try again in 20s."), Gemini ("Please retry in 34.07s.")."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error as the vendor reported it."""

    status: int
    codes: frozenset[str] = frozenset()
    """Codes, types and reasons, in lower case."""
    names: tuple[str, ...] = ()
    """Fields of the request that the error names."""
    text: str = ""
    """All words of the error, in lower case."""
    said: str = ""
    """The error's main sentence."""
    is_page: bool = False
    """The response is a web page instead of an error."""
    retry_after: float | None = None
    """Seconds that the server asks to wait."""

    def mentions(self, name: str) -> int | None:
        """Return the first position at which the text names this field, also in `camelCase`. None if it does not."""
        first, *others = name.split("_")
        camel = first + "".join(other.capitalize() for other in others)
        places = [_word(self.text, each.lower()) for each in {name, camel}]
        return min((place for place in places if place is not None), default=None)


def complaint(status: int, headers: Mapping[str, str], body: bytes) -> Complaint:
    """Return the complaint in an HTTP error."""
    if body.lstrip()[:1] == b"<":
        page = body[:MOST_TEXT].decode("utf-8", "replace").lower()
        return Complaint(status, text=page, is_page=True, retry_after=_retry_after(headers, {}, ""))
    try:
        content = from_json(body)
    except ValueError:
        content = body[:MOST_TEXT].decode("utf-8", "replace")
    return of_content(status, headers, content)


def of_content(status: int, headers: Mapping[str, str], content: Any) -> Complaint:
    """Return the complaint in an error's JSON: an object, a list of them (Gemini), or a text."""
    if isinstance(content, list):
        content = content[0] if content else {}
    outer = content if isinstance(content, dict) else {"message": content}
    inner = outer.get("error")
    error = inner if isinstance(inner, dict) else outer if inner is None else {"message": inner}
    details = [*_details(error.get("message")), *_details(error.get("detail")), *_details(error.get("details"))]
    said = next((text for text in _sentences(error, details) if text), "")[:MOST_TEXT]
    text = " ".join([said, *_raw(error), *(str(each.get("msg", "")) for each in details)])[:MOST_TEXT].lower()
    names = [error.get("param"), *(each["loc"][-1] for each in details if _is_place(each.get("loc")))]
    return Complaint(
        status,
        codes=frozenset(_codes(error, details)),
        names=tuple(name for name in names if isinstance(name, str)),
        text=text,
        said=said,
        retry_after=_retry_after(headers, {key: each[key] for each in details for key in each}, text),
    )


def _details(value: Any) -> list[dict[str, Any]]:
    """Return up to ten objects from `detail` (Mistral, FastAPI) or `details` (Google)."""
    if isinstance(value, dict):
        value = value.get("detail")
    return [each for each in value[:10] if isinstance(each, dict)] if isinstance(value, list) else []


def _sentences(error: dict[str, Any], details: list[dict[str, Any]]) -> Iterator[str]:
    for name in ("message", "detail"):
        value = error.get(name)
        value = value.get("detail") if isinstance(value, dict) else value
        if isinstance(value, str):
            yield value
    yield from (each["msg"] for each in details if isinstance(each.get("msg"), str))


def _raw(error: dict[str, Any]) -> list[str]:
    """Return the text of the vendor behind OpenRouter."""
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return [raw[:MOST_TEXT]] if isinstance(raw, str) else []


def _codes(error: dict[str, Any], details: list[dict[str, Any]]) -> Iterator[str]:
    within = error.get("innererror")
    values = [error.get("code"), error.get("type"), error.get("status")]
    values += [within.get("code")] if isinstance(within, dict) else []
    values += [each.get(name) for each in details for name in ("type", "reason")]
    for value in values:
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield str(value)[:100].lower()


def _is_place(loc: Any) -> bool:
    return isinstance(loc, list) and bool(loc)


def _word(text: str, word: str) -> int | None:
    """Return the position of `word` as a whole word, or None."""
    place = text.find(word)
    while place >= 0:
        around = text[place - 1 : place] + text[place + len(word) : place + len(word) + 1]
        if not any(each.isalnum() or each == "_" for each in around):
            return place
        place = text.find(word, place + 1)
    return None


def _retry_after(headers: Mapping[str, str], details: Mapping[str, Any], text: str) -> float | None:
    """Return the seconds until the next request, from the first source that has them."""
    for seconds in _wishes(headers, details, text):
        if seconds is not None and math.isfinite(seconds):
            return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)
    return None


def _wishes(headers: Mapping[str, str], details: Mapping[str, Any], text: str) -> Iterator[float | None]:
    milliseconds = _number(headers.get("retry-after-ms", ""))
    yield milliseconds / 1000 if milliseconds is not None else None  # Azure, OpenAI
    yield _by_standard(headers)
    yield _duration(details.get("retryDelay"))  # Google's RetryInfo
    yield _duration(said[1].rstrip(".")) if (said := _IN_WORDS.search(text)) else None
    # OpenAI and Groq send these for every limit, even for those that are not used up
    resets = [
        _duration(headers.get(f"x-ratelimit-reset-{limit}"))
        for limit in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{limit}", "0") == "0"
    ]
    yield max((each for each in resets if each is not None), default=None)


def _by_standard(headers: Mapping[str, str]) -> float | None:
    """Return the seconds in either format of RFC 9110. A date is compared with the server's own clock."""
    asked = headers.get("retry-after", "").strip()
    if (seconds := _number(asked)) is not None:
        return seconds
    try:
        return (parsedate_to_datetime(asked) - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
    except (ValueError, TypeError):
        return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _duration(text: Any) -> float | None:
    """Return the seconds of `20s`, `6m0s`, `12ms` or `1.5`."""
    if not isinstance(text, str) or len(text) > 32:
        return None
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return _number(text)
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
