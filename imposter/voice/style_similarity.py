"""How close somebody's way of writing comes to another's: how they write, not what they say."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imposter.voice.emoji import EMOJI, before_last_emoji
from imposter.voice.language_detection import terms

FLOOR = 0.01
"""A measure that fails altogether still lets the others count a little."""
SAME_EMOJI = 0.3
"""How much of what emoji are worth depends on which ones they are; the rest on how many answers have any."""
MARKS = re.compile(
    r"\.{2,}|[-.,;:!?()\"\u2026\u3002\uff0c\uff01\uff1f\u061f\u060c\u0964\u201c\u201d\u201e\u2013\u2014]"
)
_ENDS = {"\u2026": "...", "\u3002": ".", "\uff01": "!", "\uff1f": "?", "\u061f": "?", "\u0964": "."}
_NAMED = {
    "nothing": "no mark",
    "small": "in small letters only",
    "first": "with a capital first",
    "loud": "in capitals",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """One way in which two people's answers are alike."""

    name: str
    score: float
    """From 0 to 100, which is the same."""
    told: str
    """What was found, in one sentence."""


@dataclass(frozen=True, slots=True)
class Likeness:
    score: float
    """From 0 to 100; 100 only where every measure is."""
    measures: tuple[Measure, ...]


def compare(owner: Sequence[str], bot: Sequence[str]) -> Likeness:
    """How the bot's answers compare to the owner's, over all of them; which answers which does not matter.

    Neither is empty; an answer may be, and is then silence. An answer in several messages has one on each line.
    """
    found = [
        ("length", *_length(owner, bot)),
        ("emoji", *_emoji(owner, bot)),
        ("punctuation", *_punctuation(_lines(owner), _lines(bot))),
        ("casing", *_casing(_lines(owner), _lines(bot))),
        ("vocabulary", *_vocabulary(owner, bot)),
    ]
    together = math.exp(math.fsum(math.log(max(share, FLOOR)) for _, share, _ in found) / len(found))
    measures = tuple(Measure(name, _of_hundred(share), told) for name, share, told in found)
    return Likeness(_of_hundred((together - FLOOR) / (1 - FLOOR)), measures)


Found = tuple[float, str]
"""From 0 to 1, and in words."""


def _length(owner: Sequence[str], bot: Sequence[str]) -> Found:
    """Twice as long, or half as long, is 0.5."""
    theirs, ours = sorted(map(len, owner)), sorted(map(len, bot))
    count = max(len(theirs), len(ours))
    apart = math.fsum(abs(math.log2(1 + _at(theirs, n, count)) - math.log2(1 + _at(ours, n, count)))
                      for n in range(count)) / count  # fmt: skip
    middle, other = theirs[len(theirs) // 2], ours[len(ours) // 2]
    return (
        0.5**apart,
        f"Half of the owner's answers have {middle} characters or more, half of the bot's {other} or more.",
    )


def _at(ordered: Sequence[int], place: int, count: int) -> int:
    return ordered[place * len(ordered) // count]


def _emoji(owner: Sequence[str], bot: Sequence[str]) -> Found:
    theirs, ours = _with_emoji(owner), _with_emoji(bot)
    used, other = (Counter(found for text in texts for found in EMOJI.findall(text)) for texts in (owner, bot))
    often = 1 - abs(theirs - ours)
    which = _affinity(used, other) if used and other else 1.0
    told = f"{_percent(theirs)} of the owner's answers have an emoji, {_percent(ours)} of the bot's."
    return often * (1 - SAME_EMOJI * (1 - which)), told


def _with_emoji(texts: Sequence[str]) -> float:
    return sum(EMOJI.search(text) is not None for text in texts) / len(texts)


def _punctuation(owner: Sequence[str], bot: Sequence[str]) -> Found:
    """Half of it is how lines end, half how often each mark stands in them."""
    theirs, ours = (_parts(Counter(map(_ending, lines))) for lines in (owner, bot))
    marks, other = _density(owner), _density(bot)
    rates = [(marks.get(mark, 0.0), other.get(mark, 0.0)) for mark in marks | other]
    same = math.fsum(map(min, rates)) / math.fsum(map(max, rates)) if rates else 1.0
    told = f"The owner's messages mostly end with {_most(theirs)}, the bot's with {_most(ours)}."
    return (_overlap(theirs, ours) + same) / 2, told


def _ending(line: str) -> str:
    bare = before_last_emoji(line)
    last = "..." if bare.endswith("..") else bare[-1:]
    last = _ENDS.get(last, last)
    return last if last in ("...", ".", "!", "?") else "nothing"


def _density(texts: Sequence[str]) -> dict[str, float]:
    """How many of each mark there are to a character."""
    size = sum(map(len, texts))
    found = Counter(mark for text in texts for mark in MARKS.findall(text))
    return {mark: count / size for mark, count in found.items()}


def _casing(owner: Sequence[str], bot: Sequence[str]) -> Found:
    theirs, ours = (_parts(Counter(map(_case, lines))) for lines in (owner, bot))
    return _overlap(theirs, ours), f"The owner mostly writes {_most(theirs)}, the bot {_most(ours)}."


def _case(line: str) -> str:
    letters = "".join(each for each in line if each.isupper() or each.islower())
    if not letters:
        return "in letters without capitals" if any(each.isalpha() for each in line) else "no letters"
    if letters.islower():
        return "small"
    if letters.isupper() and len(letters) > 2:
        return "loud"
    return "first" if letters[0].isupper() else "with capitals here and there"


def _vocabulary(owner: Sequence[str], bot: Sequence[str]) -> Found:
    theirs, ours = (Counter(word for text in texts for word in terms(text)) for texts in (owner, bot))
    known = sum(count for word, count in ours.items() if word in theirs)
    share = known / ours.total() if ours else 0.0
    return _affinity(theirs, ours), f"{_percent(share)} of the bot's words are among those of the owner's answers."


def _affinity(theirs: Counter[str], ours: Counter[str]) -> float:
    """Of two spreads: 1 where they are the same, 0 where nothing is in both."""
    if not theirs or not ours:
        return 0.0 if theirs or ours else 1.0
    if theirs == ours:
        return 1.0
    common = math.fsum(math.sqrt(theirs[word] * ours[word]) for word in theirs.keys() & ours.keys())
    return min(1.0, common / math.sqrt(theirs.total() * ours.total()))


def _overlap(theirs: Mapping[str, float], ours: Mapping[str, float]) -> float:
    if theirs == ours:
        return 1.0
    return math.fsum(min(share, ours[name]) for name, share in theirs.items() if name in ours)


def _parts(counts: Counter[str]) -> dict[str, float]:
    return {name: count / counts.total() for name, count in counts.items()}


def _lines(texts: Sequence[str]) -> list[str]:
    """At least one, and be it silence."""
    return [line.strip() for text in texts for line in text.splitlines() if line.strip()] or [""]


def _most(parts: Mapping[str, float]) -> str:
    name = max(parts, key=lambda each: (parts[each], each))
    return f"{_NAMED.get(name, name)} ({_percent(parts[name])})"


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _of_hundred(share: float) -> float:
    return round(100 * min(1.0, max(0.0, share)), 1)
