# ruff: noqa: RUF001 - letters of other alphabets
"""A text as it is compared: what looks or sounds the same is the same."""

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
    """Small letters without accents or what nobody sees, one blank in place of all that is no letter or figure."""
    return _OTHERS.sub(" ", _bare(text)).strip()


def skeleton(text: str) -> str:
    """As `plain`, with a Latin letter in place of each letter of other alphabets that looks like one."""
    return plain(text if text.isascii() else _composed(text).translate(LOOKALIKES))


def unfigured(text: str) -> str:
    """As `skeleton`, with letters in place of the figures and signs in words: `p4y` is `pay`."""
    return skeleton(" ".join(_unfigured(word) for word in text.split()))


def _unfigured(word: str) -> str:
    return word.translate(_FIGURES) if any(each.isalpha() for each in word) else word


def seen(text: str) -> str:
    """`text` in its plainest characters and without those that nobody sees, else as it is."""
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
