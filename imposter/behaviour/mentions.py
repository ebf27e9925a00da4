"""Detection of names in a text."""

import re
import unicodedata
from collections.abc import Sequence

UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Letters of languages without spaces between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""
HANGUL = re.compile("[\uac00-\ud7a3]")
"""Korean letters. Korean attaches particles directly to a name."""
VARIATION_SELECTORS = re.compile("[\ufe00-\ufe0f]")


def calls(text: str, names: Sequence[str]) -> bool:
    """Return whether one of `names` occurs in `text` as a whole word or words, in any spelling."""
    plain = _plain(text)
    return any(_stands_in(plain, _plain(name).strip("@ ")) for name in names)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(VARIATION_SELECTORS.sub("", folded).split())


def _stands_in(text: str, name: str) -> bool:
    start = text.find(name) if name else -1
    while start != -1:
        end = start + len(name)
        if _begins_word(text, start) and _ends_word(text, end):
            return True
        start = text.find(name, start + 1)
    return False


def _begins_word(text: str, start: int) -> bool:
    return not _same_word(_neighbour(text, start - 1, -1), text[start])


def _ends_word(text: str, end: int) -> bool:
    return bool(HANGUL.match(text[end - 1])) or not _same_word(text[end - 1], _neighbour(text, end, 1))


def _neighbour(text: str, index: int, step: int) -> str:
    """Return the character at `index`, or beyond underscores there: `_Ann_` is Ann in italics, `ann_b` another name."""
    while 0 <= index < len(text) and text[index] == "_":
        index += step
    return text[index] if 0 <= index < len(text) else ""


def _same_word(left: str, right: str) -> bool:
    """Return whether two neighbouring characters belong to the same word."""
    return _in_word(left) and _in_word(right) and not (UNSPACED.match(left) or UNSPACED.match(right))


def _in_word(character: str) -> bool:
    """Return whether a character is a letter, a digit, or a mark. In many scripts, marks are vowels."""
    return bool(character) and (character.isalnum() or unicodedata.category(character).startswith("M"))
