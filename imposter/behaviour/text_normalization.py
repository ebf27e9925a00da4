# ruff: noqa: RUF001 - letters of other alphabets
"""Normalization of texts for comparison: texts that look or sound the same become equal."""

import re
import unicodedata
from collections.abc import Callable

from imposter.behaviour.confusables import LOOKALIKES

Spelling = Callable[[str], str]
_UNSEEN = ("Mn", "Me", "Cf")
_OTHERS = re.compile(r"[\W_]+")
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "ı": "i", "đ": "d", "æ": "ae", "œ": "oe"})
_FIGURES = str.maketrans("013457@$|", "oieastasi")


def plain(text: str) -> str:
    """Return a text in lower case without accents and invisible characters, and with one space for other signs."""
    return _OTHERS.sub(" ", _bare(text)).strip()


def skeleton(text: str) -> str:
    """Return a text like `plain`, with letters of other alphabets replaced by the Latin letters that they look like."""
    return plain(text if text.isascii() else _composed(text).translate(LOOKALIKES))


def unfigured(text: str) -> str:
    """Return a text like `skeleton`, with digits and signs within words replaced by letters: `p4y` becomes `pay`."""
    return skeleton(" ".join(_unfigured(word) for word in text.split()))


def _unfigured(word: str) -> str:
    return word.translate(_FIGURES) if any(each.isalpha() for each in word) else word


def seen(text: str) -> str:
    """Return a text in NFKC form without invisible characters. Letters, case and punctuation stay."""
    if text.isascii():
        return text
    return "".join(each for each in _composed(text) if unicodedata.category(each) not in ("Me", "Cf"))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _bare(text: str) -> str:
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", _composed(text).casefold())
    return "".join(each for each in parts if unicodedata.category(each) not in _UNSEEN).translate(_LETTERS)
