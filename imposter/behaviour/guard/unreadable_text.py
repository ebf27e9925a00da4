"""Detection of answers that are mostly not words, such as text in an unknown code.

The check is careful rather than strict. It only looks at Latin letters, digits and signs, and only if there are many.
Other scripts, emoji, numbers and URLs are accepted, and so is text that is disguised as words.
"""

import re

from imposter.behaviour.text_normalization import skeleton

LEAST = 40
"""Minimum number of characters that are not words. Less can hide little, and people type odd things."""
FEWEST_VOWELS = 0.16
"""Share of vowels among Latin letters.

Languages have a third or more; a random permutation of the alphabet has a fifth.
"""
SHORTEST_ODD = 16
ODD_PARTS = 2.2
"""Average number of letters per part of a word. Source code has more, encoded text fewer."""
SPELLED_OUT = 8
"""Consecutive single letters, at least half of which differ."""

_ADDRESS = re.compile(r"(?:https?://|www\.)\S{1,2000}|[\w.+-]{1,64}@[\w.-]{1,255}")
_LATIN = re.compile("[A-Za-z]+")
_VOWELS = frozenset("aeiouyAEIOUY")
_PARTS = re.compile("[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
"""`getElementById2` has five parts."""
_HEX = re.compile("[0-9A-Fa-f]{100,}")


def is_unreadable(text: str) -> bool:
    """Return whether an answer is mostly not words. Takes linear time."""
    words = [word for word in _ADDRESS.sub(" ", text).split() if word.isascii()]
    odd = sum(len(word) for word in words if _is_odd(word))
    if odd >= LEAST and odd * 2 > sum(map(len, text.split())):
        return True
    return _has_no_vowels(words, text) or _is_spelled_out(skeleton(text).split())


def _is_odd(word: str) -> bool:
    """Return whether lower case, upper case, digits and signs are mixed at random in a word."""
    if len(word) < SHORTEST_ODD:
        return False
    letters = sum(map(str.isalpha, word))
    return (letters * 3 > len(word) and letters < ODD_PARTS * len(_PARTS.findall(word))) or _HEX.fullmatch(
        word
    ) is not None


def _has_no_vowels(words: list[str], text: str) -> bool:
    """Return whether the words are in Latin letters, long enough, and hardly pronounceable."""
    found = [part for word in words for part in _LATIN.findall(word) if len(set(part)) > 2]
    letters = sum(map(len, found))
    if letters < LEAST or letters * 2 < sum(map(str.isalpha, text)):
        return False
    return sum(each in _VOWELS for part in found for each in part) < FEWEST_VOWELS * letters


def _is_spelled_out(words: list[str]) -> bool:
    run: list[str] = []
    for word in (*words, "end"):
        if len(word) == 1 and word.isascii() and word.isalpha():
            run.append(word)
        else:
            if len(run) >= SPELLED_OUT and len(set(run)) * 2 >= len(run):
                return True
            run.clear()
    return False
