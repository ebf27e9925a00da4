"""Whether an answer is mostly no words, such as a text in a code that nobody here knows.

Careful rather than sharp: it looks at Latin letters, figures and signs alone, and only where there are many. Every
other script, emoji, numbers and addresses are let be. What is written so that it passes for words does.
"""

import re

from imposter.behaviour.text_normalization import skeleton

LEAST = 40
"""Characters of a text that are no words. In fewer little is hidden, and people type odd things."""
FEWEST_VOWELS = 0.16
"""Of the Latin letters. Languages have a third and more; a random order of the alphabet has a fifth."""
SHORTEST_ODD = 16
ODD_PARTS = 2.2
"""Letters that parts of a word have on average: those of code have more, those of a code fewer."""
SPELLED_OUT = 8
"""Letters that stand alone one behind the other, of which at least half are different ones."""

_ADDRESS = re.compile(r"(?:https?://|www\.)\S{1,2000}|[\w.+-]{1,64}@[\w.-]{1,255}")
_LATIN = re.compile("[A-Za-z]+")
_VOWELS = frozenset("aeiouyAEIOUY")
_PARTS = re.compile("[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
"""`getElementById2` has five."""
_HEX = re.compile("[0-9A-Fa-f]{100,}")


def is_unreadable(text: str) -> bool:
    """Takes time in proportion to the text."""
    words = [word for word in _ADDRESS.sub(" ", text).split() if word.isascii()]
    odd = sum(len(word) for word in words if _is_odd(word))
    if odd >= LEAST and odd * 2 > sum(map(len, text.split())):
        return True
    return _has_no_vowels(words, text) or _is_spelled_out(skeleton(text).split())


def _is_odd(word: str) -> bool:
    """Whether small letters, large ones, figures and signs stand in it as chance has it."""
    if len(word) < SHORTEST_ODD:
        return False
    letters = sum(map(str.isalpha, word))
    return (letters * 3 > len(word) and letters < ODD_PARTS * len(_PARTS.findall(word))) or _HEX.fullmatch(
        word
    ) is not None


def _has_no_vowels(words: list[str], text: str) -> bool:
    """Whether its words are of Latin letters, long enough, and hardly to be spoken."""
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
