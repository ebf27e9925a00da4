"""How somebody writes, in figures over their own messages, without keeping a word that only they would use."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from imposter.voice.emoji import EMOJI, before_last_emoji
from imposter.voice.exchanges import Exchange
from imposter.voice.language_detection import CLOSINGS, GREETINGS, language_of, words

MOST_NAMED = 5
"""Emoji, greetings, languages that are named."""
BEGINNING = 3
"""Words of a turn among which a greeting stands, and at its end a closing."""

SEVERAL, SHORT = 2, 60
"""Messages of a turn, and characters of a message, where each line is a message of its own."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the middle lies, a quarter from below, and a tenth from above."""

    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class Style:
    """Shares are of all messages, from 0 to 1."""

    messages: int
    turns: int
    """What was written in one go, of one message or more."""
    length: Spread
    """Characters of a message."""
    bubbles: Spread
    """Messages of a turn."""
    answer_seconds: Spread | None
    """From the other's last message to the first one of theirs; None where they never answered."""
    ends_with: dict[str, float]
    """How messages end: `.`, `!`, `?`, `...`, `emoji`, `nothing`."""
    emoji_share: float
    """Messages with one or more."""
    emoji: tuple[str, ...]
    """The most used."""
    lower_case: float
    """Messages in cased letters that have no capital."""
    capital_first: float
    upper_case: float
    languages: dict[str, float]
    """ISO 639-1, or a script's name where that is all that can be told; the most used."""
    greetings: tuple[str, ...]
    greets: float
    """Turns that begin with one."""
    closings: tuple[str, ...]
    closes: float

    @property
    def sends_lines(self) -> bool:
        """Whether what others write in lines comes as several short messages."""
        return self.bubbles.median >= SEVERAL and self.length.median <= SHORT


def measure(exchanges: Iterable[Exchange]) -> Style | None:
    """None where there is no message."""
    turns = list(exchanges)
    texts = [bubble for turn in turns for bubble in turn.bubbles]
    if not texts:
        return None
    emoji = Counter(found for text in texts for found in EMOJI.findall(text))
    cased = [text for text in texts if _letters(text)]
    greetings = _found(turns, lambda turn: words(turn.bubbles[0])[:BEGINNING], GREETINGS)
    closings = _found(turns, lambda turn: words(turn.bubbles[-1])[-BEGINNING:], CLOSINGS)
    waits = [turn.after for turn in turns if turn.after is not None]
    return Style(
        messages=len(texts),
        turns=len(turns),
        length=_spread([len(text) for text in texts]),
        bubbles=_spread([len(turn.bubbles) for turn in turns]),
        answer_seconds=_spread(waits) if waits else None,
        ends_with=_shares(Counter(map(_ending, texts)), len(texts)),
        emoji_share=_share(sum(EMOJI.search(text) is not None for text in texts), len(texts)),
        emoji=_top(emoji),
        lower_case=_share(sum(text == text.lower() for text in cased), len(cased)),
        capital_first=_share(sum(_letters(text)[0].isupper() for text in cased), len(cased)),
        upper_case=_share(sum(text == text.upper() and len(_letters(text)) > 2 for text in cased), len(cased)),
        languages=dict(islice(_languages(texts).items(), MOST_NAMED)),
        greetings=_top(greetings),
        greets=_share(greetings.total(), len(turns)),
        closings=_top(closings),
        closes=_share(closings.total(), len(turns)),
    )


def _languages(texts: Sequence[str]) -> dict[str, float]:
    """Weighed by length: a long message says more of a language than a short one."""
    weights: Counter[str] = Counter()
    for text in texts:
        if (language := language_of(text)) is not None:
            weights[language] += len(text)
    return _shares(weights, weights.total())


def _found(
    turns: Sequence[Exchange], where: Callable[[Exchange], Sequence[str]], known: frozenset[str]
) -> Counter[str]:
    """The first of the known words in each turn."""
    found = (next((word for word in where(turn) if word in known), None) for turn in turns)
    return Counter(word for word in found if word is not None)


def _ending(text: str) -> str:
    bare = before_last_emoji(text[-60:])
    if bare != text[-60:].rstrip():
        return "emoji"
    if bare.endswith(("...", "\u2026", "..")):
        return "..."
    last = unicodedata.normalize("NFKC", bare[-1:])
    return {"\u3002": ".", "\u061f": "?", "\u0964": "."}.get(
        last, last if last in (".", "!", "?") and last else "nothing"
    )


def _letters(text: str) -> str:
    """Those that are large or small."""
    return "".join(each for each in text[:200] if each.isupper() or each.islower())


def _spread(values: Sequence[float]) -> Spread:
    ordered = sorted(values)

    def at(share: float) -> float:
        return round(float(ordered[min(len(ordered) - 1, int(share * len(ordered)))]), 1)

    return Spread(at(0.25), at(0.5), at(0.9))


def _share(part: float, whole: float) -> float:
    return round(part / whole, 2) if whole else 0.0


def _shares(counts: Counter[str], whole: float) -> dict[str, float]:
    """The largest first, without what comes to nothing."""
    return {name: share for name, count in counts.most_common() if (share := _share(count, whole))}


def _top(counts: Counter[str]) -> tuple[str, ...]:
    """What was used once says nothing."""
    return tuple(name for name, count in counts.most_common(MOST_NAMED) if count > 1)
