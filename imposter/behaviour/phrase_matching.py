"""Phrase lists, with one dictionary look-up per word of the text, however long the lists are."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

STEM = 3
"""Minimum number of letters before a `*`."""
GAP = 4
"""Maximum number of words that `~` matches."""
_Phrase = tuple[str, ...]


def listed(*words: str) -> frozenset[str]:
    """Return the words of texts that are separated by spaces."""
    return frozenset(" ".join(words).split())


class Phrases:
    """Phrases, parsed from texts: separated by spaces, with `_` between their words.

    `can/could_you` is two phrases. `lend*` matches any word that begins with `lend`. `~` matches up to four words or
    none. `^` is the start of the words and `$` their end. Words are spelled as `plain` returns them.
    """

    def __init__(self, *texts: str) -> None:
        self._whole: Mapping[str, list[_Phrase]] = defaultdict(list)
        self._pairs: Mapping[tuple[str, str], list[_Phrase]] = defaultdict(list)
        """Phrases that begin with two whole words, because many share the first one."""
        self._stems: Mapping[str, list[_Phrase]] = defaultdict(list)
        for entry in " ".join(texts).split():
            for phrase in product(*(part.split("/") for part in entry.replace("~", "_~_").split("_"))):
                first, second = (*(part for part in phrase if part != "^"), "")[:2]
                if first.endswith("*"):
                    self._stems[first[:STEM]].append(phrase)
                elif second.isalnum():
                    self._pairs[first, second].append(phrase)
                else:
                    self._whole[first].append(phrase)

    def spans(self, words: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Iterate over the matches: the index of the first word and the index after the last."""
        for at, word in enumerate(words):
            pair = (word, words[at + 1]) if at + 1 < len(words) else None
            for phrases in (
                self._whole.get(word),
                self._pairs.get(pair) if pair else None,
                self._stems.get(word[:STEM]),
            ):
                for phrase in phrases or ():
                    end = _end(phrase, words, at)
                    if end is not None:
                        yield at, end

    def among(self, words: Sequence[str]) -> bool:
        return next(self.spans(words), None) is not None

    def without(self, words: Sequence[str]) -> list[str]:
        """Return `words` without those that are part of a phrase."""
        gone = {at for start, end in self.spans(words) for at in range(start, end)}
        return [word for at, word in enumerate(words) if at not in gone]


def _end(phrase: _Phrase, words: Sequence[str], at: int) -> int | None:
    if phrase[0] == "^":
        if at:
            return None
        phrase = phrase[1:]
    for number, part in enumerate(phrase):
        if part == "~":
            rest = phrase[number + 1 :]
            ends = (_end(rest, words, later) for later in range(at, min(at + GAP, len(words)) + 1))
            return next((end for end in ends if end is not None), None)
        if part == "$":
            return at if at == len(words) else None
        if at >= len(words) or not (words[at].startswith(part[:-1]) if part.endswith("*") else words[at] == part):
            return None
        at += 1
    return at
