"""The pace of an answer, as if a person read, thought, and typed it on a phone in a few messages."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from imposter.behaviour.sentence_boundaries import Boundary, seams
from imposter.contracts.behaviour import Behaviour, Pace

READ_PER_SECOND = 238 * 6 / 60
"""Characters per second: 238 words a minute, six characters each (Brysbaert 2019, doi 10.1016/j.jml.2019.104047)."""
TYPED_PER_SECOND = 36.2 * 5 / 60
"""Characters per second on a phone.

36.2 words a minute, five characters each (Palin et al. 2019, doi 10.1145/3338286.3340120).
"""
STROKES_OF_WIDE = 3
"""Approximate number of touches for a Chinese or Japanese character or an emoji."""

NOTICED = 0.6
"""Seconds from a message's arrival until it is looked at."""
THOUGHT = 1.2
BETWEEN_BUBBLES = 0.8
SHORTEST_TYPING = 0.8
JITTER = 0.3
"""Maximum random change of each duration, as a share of it."""

LONGEST_READING = 4.0
LONGEST_TYPING = 12.0
LONGEST = 30.0
"""Maximum seconds in total: nobody should wait for minutes."""

MOST_BUBBLES = 4
ONE_BUBBLE = 160
"""Maximum number of characters that are sent as one message, unless a paragraph ends among them."""

Chance = Callable[[], float]
"""Returns a random number from 0 to 1."""


@dataclass(frozen=True, slots=True)
class TypedMessage:
    """One message of an answer.

    `pause` is the seconds before typing starts, `typing` those with the typing indicator.
    """

    text: str
    pause: float
    typing: float


@dataclass(frozen=True, slots=True)
class TypingPlan:
    """The plan for an answer.

    `read_after` is the seconds from the last message until it is marked as read. The first pause begins then.
    """

    read_after: float
    bubbles: tuple[TypedMessage, ...]


def plan(answer: str, heard: int, behaviour: Behaviour, chance: Chance, *, by_line: bool = False) -> TypingPlan:
    """Return the plan for sending `answer` to a contact who wrote `heard` characters. For `by_line`, see `split`."""
    if behaviour.pace is Pace.OFF:
        return TypingPlan(0.0, (TypedMessage(answer, 0.0, 0.0),))
    read_after = min(LONGEST_READING, _about(NOTICED + heard / READ_PER_SECOND, chance))
    bubbles = tuple(
        TypedMessage(text, _about(BETWEEN_BUBBLES if number else THOUGHT, chance), _typing(text, chance))
        for number, text in enumerate(split(answer, by_line=by_line))
    )
    lasting = sum(bubble.pause + bubble.typing for bubble in bubbles)
    shrink = min(1.0, (LONGEST - read_after) / lasting) if lasting else 1.0
    return TypingPlan(
        read_after, tuple(TypedMessage(each.text, each.pause * shrink, each.typing * shrink) for each in bubbles)
    )


def split(answer: str, *, by_line: bool = False) -> list[str]:
    """Return the messages of `answer`, without surrounding whitespace. None is empty, so a blank answer has none.

    With `by_line`, each line is a message, except within a list, code, a quote or a table.
    """
    pieces = [0, *(seam.at for seam in _cuts(answer, by_line)), len(answer)]
    texts = (_trimmed(answer[begin:end]) for begin, end in pairwise(pieces))
    return [text for text in texts if text]


def _cuts(answer: str, by_line: bool) -> list[Boundary]:
    """Return all ends of paragraphs, and in long ones the ends of sentences that keep messages near `ONE_BUBBLE`."""
    ends = [Boundary(each.at, each.is_paragraph or (by_line and answer[each.at - 1] == "\n")) for each in seams(answer)]
    possible = [*ends, Boundary(len(answer.rstrip()), True)]
    cuts: list[Boundary] = []
    begin = 0
    for seam, after in pairwise(possible):
        if seam.is_paragraph or after.at - begin > ONE_BUBBLE:
            cuts.append(seam)
            begin = seam.at
    return cuts if len(cuts) < MOST_BUBBLES else _nearest_quarters(cuts, len(answer))


def _nearest_quarters(cuts: list[Boundary], length: int) -> list[Boundary]:
    """Return the cuts that make messages of similar length.

    The end of a paragraph may be farther off than that of a sentence.
    """

    def off(cut: Boundary, ideal: float) -> float:
        return abs(cut.at - ideal) + (0 if cut.is_paragraph else length / MOST_BUBBLES / 2)

    ideals = [length * part / MOST_BUBBLES for part in range(1, MOST_BUBBLES)]
    return sorted({min(cuts, key=lambda cut: off(cut, ideal)) for ideal in ideals}, key=lambda cut: cut.at)


def _trimmed(text: str) -> str:
    """Return a text without blank lines before it and whitespace after it. Indentation stays."""
    begin = len(text) - len(text.lstrip())
    return text[text.rfind("\n", 0, begin) + 1 :].rstrip()


def _typing(text: str, chance: Chance) -> float:
    """Return the seconds of typing. They grow less than linearly and approach the maximum."""
    touches = sum(STROKES_OF_WIDE if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
    typed = touches / TYPED_PER_SECOND
    return min(LONGEST_TYPING, _about(max(SHORTEST_TYPING, typed / (1 + typed / LONGEST_TYPING)), chance))


def _about(seconds: float, chance: Chance) -> float:
    return seconds * (1 - JITTER + 2 * JITTER * chance())
