# ruff: noqa: RUF001 - letters of other alphabets
"""A text as it is compared: what looks or sounds the same is the same."""

import re
import unicodedata

_MARKS = ("Mn", "Cf")
_OTHERS = re.compile(r"[\W_]+")
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "ı": "i", "đ": "d", "æ": "ae", "œ": "oe"})


def plain(text: str) -> str:
    """Small letters without accents or what nobody sees, one blank in place of all that is no letter or figure."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    seen = "".join(character for character in parts if unicodedata.category(character) not in _MARKS)
    return _OTHERS.sub(" ", seen.translate(_LETTERS)).strip()
