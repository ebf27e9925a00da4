"""Whether an answer gives away what no contact is to read: its bot's instructions, or a key."""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

from imposter.behaviour.guard.encoded_text import decoded, rearranged, reordered
from imposter.behaviour.text_normalization import skeleton
from imposter.contracts.model import Private

LONGEST_RUN = 40
"""Letters and figures that an answer may have in common with the instructions, one behind the other: about 8 words."""
LONGEST_UNSPACED = 16
"""The same in scripts that write a word in one or two characters."""
LONGEST_OF_SECRET = 16
"""The same with a secret: what is longer is part of it by no chance."""
SHORTEST_SECRET = 12
"""Characters. What is shorter may be a word that a server without keys is given, and such words are said."""
PIECE = 12
"""Letters and figures in common with the instructions that count as a piece of them."""
MOST_IN_PIECES = 60
"""Letters and figures of the instructions that an answer may give away in pieces, with the few before it."""
FEW = 5
"""Answers."""
RECENT = 16
"""Answers of which most may not be fragments of the instructions."""
MOST_IN_FRAGMENTS = 24
"""Letters and figures in such fragments."""
MOST_EARLIER = 40
"""Answers that this one may continue, each with a word or so."""
MOST_CHARACTERS = 20_000
"""Of all of these."""

_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
_FIGURES = str.maketrans("013457l", "oieasti")
"""Figures in place of letters; `l`, as that looks like 1 and so like i."""


class Leak(StrEnum):
    INSTRUCTIONS = "instructions"
    SECRET = "secret"  # noqa: S105 - a kind, no secret


class Leaks:
    """What one bot's model knows and must not tell: also in other letter case, spacing or punctuation, in letters that
    look alike, in the usual encodings, and in pieces.
    """

    __slots__ = ("_instructions", "_packed", "_pieces", "_secrets")

    def __init__(self, private: Private) -> None:
        self._instructions = [letters(text) for text in private.instructions]
        self._packed = [
            packed.casefold() for text in private.secrets if len(packed := "".join(text.split())) >= SHORTEST_SECRET
        ]
        self._secrets = [secret for text in self._packed if len(secret := letters(text)) >= LONGEST_OF_SECRET // 2]
        self._pieces = {
            text[at : at + PIECE]: (number, at)
            for number, text in enumerate((*self._secrets, *self._instructions))
            for at in range(len(text) - PIECE + 1)
        }

    def of(self, text: str, earlier: Sequence[str] = ()) -> Leak | None:
        """`earlier`: what the bot said in that chat before, oldest first. Takes time in proportion to both."""
        packed = "".join(text.split()).casefold()
        if any(secret in packed for secret in self._packed):
            return Leak.SECRET
        if not self._instructions and not self._secrets:
            return None
        found = {self._in(reading) for reading in _readings(text)}
        if Leak.SECRET not in found:
            found |= self._continued(letters(text), _newest(earlier))
        return Leak.SECRET if Leak.SECRET in found else Leak.INSTRUCTIONS if Leak.INSTRUCTIONS in found else None

    def _in(self, said: str) -> Leak | None:
        if any(_shares(said, secret, min(LONGEST_OF_SECRET, len(secret))) for secret in self._secrets):
            return Leak.SECRET
        unspaced = "".join(_UNSPACED.findall(said))
        for instructions in self._instructions:
            if _shares(said, instructions, LONGEST_RUN) or _shares(unspaced, instructions, LONGEST_UNSPACED):
                return Leak.INSTRUCTIONS
        return None

    def _continued(self, said: str, earlier: Sequence[str]) -> set[Leak | None]:
        """What is given away by `said` together with what was said before it; all of it as `letters`."""
        mine = self._told(said)
        told = mine.union(*map(self._told, earlier[1 - FEW :])) if mine else set()
        found: set[Leak | None] = {Leak.INSTRUCTIONS} if len(told) > MOST_IN_PIECES else set()
        for kind, texts, most in (
            (Leak.SECRET, self._secrets, SHORTEST_SECRET),
            (Leak.INSTRUCTIONS, self._instructions, MOST_IN_FRAGMENTS),
        ):
            if earlier and said and any(said in text for text in texts):
                found.add(self._in("".join(earlier)[-LONGEST_RUN:] + said))
                found.add(self._in(said + "".join(reversed(earlier))[:LONGEST_RUN]))
                if _is_dictated([*earlier, said], texts, most):
                    found.add(kind)
        return found

    def _told(self, said: str) -> set[tuple[int, int]]:
        """Where those letters stand, in which secret or instructions, that a piece in `said` repeats."""
        places: set[tuple[int, int]] = set()
        for at in range(len(said) - PIECE + 1):
            if (place := self._pieces.get(said[at : at + PIECE])) is not None:
                places.update((place[0], place[1] + step) for step in range(PIECE))
        return places


def letters(text: str) -> str:
    """Letters and figures alone, in the spelling in which leaks are looked for."""
    return _squeezed(text).translate(_FIGURES)


def _newest(said: Sequence[str]) -> list[str]:
    """The newest of `said` as `letters`, oldest first, no more than are compared."""
    found: list[str] = []
    room = MOST_CHARACTERS
    for text in reversed(said):
        if room <= 0 or len(found) == MOST_EARLIER:
            break
        if squeezed := letters(text[:room]):
            found.append(squeezed)
        room -= len(text)
    return found[::-1]


def _squeezed(text: str) -> str:
    return skeleton(text).replace(" ", "")


def _readings(text: str) -> Iterator[str]:
    """What may be read in a text, as `letters`."""
    for reading in dict.fromkeys((text, *decoded(text))):
        plain = _squeezed(reading)
        yield plain.translate(_FIGURES)
        yield from (each.translate(_FIGURES) for each in rearranged(plain))
        yield from (letters(each) for each in reordered(reading))


def _is_dictated(answers: Sequence[str], texts: Sequence[str], most: int) -> bool:
    """Whether half of the newest of these are, from end to end, fragments of `texts`, and all are long enough."""
    fragments = [answer for answer in answers if any(answer in text for text in texts)]
    letter_by_letter = sum(len(fragment) == 1 for fragment in fragments)
    given = letter_by_letter + sum(len(fragment) for fragment in set(fragments) if len(fragment) > 1)
    recent = answers[-RECENT:]
    return given > most and sum(answer in fragments for answer in recent) * 2 >= len(recent)


def _shares(said: str, instructions: str, run: int) -> bool:
    """Whether any `run` characters of the one stand in the other."""
    return any(said[at : at + run] in instructions for at in _starts(said, instructions, run))


def _starts(said: str, instructions: str, run: int) -> Iterator[int]:
    """Where such a run may begin: each holds a whole block of half its length, and few blocks are to be found."""
    block = run // 2
    for at in range(0, len(said) - block + 1, block):
        if said[at : at + block] in instructions:
            yield from range(max(0, at - block), min(at, len(said) - run) + 1)
