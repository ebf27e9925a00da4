"""Detection of answers that reveal the bot's instructions or a key."""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

from imposter.behaviour.guard.encoded_text import decoded, rearranged, reordered
from imposter.behaviour.text_normalization import skeleton
from imposter.contracts.model import Private

LONGEST_RUN = 40
"""Consecutive letters and digits that an answer may share with the instructions: about 8 words."""
LONGEST_UNSPACED = 16
"""The same limit for scripts that write a word in one or two characters."""
LONGEST_OF_SECRET = 16
"""The same limit for a secret. A longer match is not a coincidence."""
SHORTEST_SECRET = 12
"""Characters. A shorter secret may be a common word for a server without keys, and may be said."""
PIECE = 12
"""Minimum number of shared letters and digits that count as a piece of the instructions."""
MOST_IN_PIECES = 60
"""Letters and digits of the instructions that an answer and the `FEW` answers before it may reveal in pieces."""
FEW = 5
"""Number of answers."""
RECENT = 16
"""Number of recent answers. Fewer than half of them may be fragments of the instructions."""
MOST_IN_FRAGMENTS = 24
"""Letters and digits in such fragments."""
MOST_EARLIER = 40
"""Maximum number of earlier answers that this one may continue, each perhaps with a single word."""
MOST_CHARACTERS = 20_000
"""Maximum number of characters of all of these."""

_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
_FIGURES = str.maketrans("013457l", "oieasti")
"""Digits that replace letters. `l` is included because it looks like 1 and therefore like i."""


class Leak(StrEnum):
    INSTRUCTIONS = "instructions"
    SECRET = "secret"  # noqa: S105 - a kind, not a secret


class Leaks:
    """The secrets and instructions of one bot, which its answers must not reveal.

    They are also found in other letter case, spacing or punctuation, in lookalike letters, in the usual encodings, and
    in pieces.
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
        """Return the leak in `text`, or None.

        `earlier` are the bot's messages in that chat, oldest first. Takes linear time.
        """
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
        """Return the leaks in `said` combined with the messages before it, all in the form of `letters`."""
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
        """Return the positions of the secrets or instructions that pieces of `said` repeat."""
        places: set[tuple[int, int]] = set()
        for at in range(len(said) - PIECE + 1):
            if (place := self._pieces.get(said[at : at + PIECE])) is not None:
                places.update((place[0], place[1] + step) for step in range(PIECE))
        return places


def letters(text: str) -> str:
    """Return only the letters and digits of a text, in the spelling in which leaks are searched for."""
    return _squeezed(text).translate(_FIGURES)


def _newest(said: Sequence[str]) -> list[str]:
    """Return the newest of `said` in the form of `letters`, oldest first, up to the limits of the comparison."""
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
    """Iterate over the possible readings of a text, in the form of `letters`."""
    for reading in dict.fromkeys((text, *decoded(text))):
        plain = _squeezed(reading)
        yield plain.translate(_FIGURES)
        yield from (each.translate(_FIGURES) for each in rearranged(plain))
        yield from (letters(each) for each in reordered(reading))


def _is_dictated(answers: Sequence[str], texts: Sequence[str], most: int) -> bool:
    """Return whether answers dictate one of `texts`.

    They do if at least half of the newest are fragments of it and all fragments together have more than `most`
    characters.
    """
    fragments = [answer for answer in answers if any(answer in text for text in texts)]
    letter_by_letter = sum(len(fragment) == 1 for fragment in fragments)
    given = letter_by_letter + sum(len(fragment) for fragment in set(fragments) if len(fragment) > 1)
    recent = answers[-RECENT:]
    return given > most and sum(answer in fragments for answer in recent) * 2 >= len(recent)


def _shares(said: str, instructions: str, run: int) -> bool:
    """Return whether the two texts share `run` consecutive characters."""
    return any(said[at : at + run] in instructions for at in _starts(said, instructions, run))


def _starts(said: str, instructions: str, run: int) -> Iterator[int]:
    """Iterate over possible starts of such a run.

    Each run contains a whole block of half its length, so few blocks are searched.
    """
    block = run // 2
    for at in range(0, len(said) - block + 1, block):
        if said[at : at + block] in instructions:
            yield from range(max(0, at - block), min(at, len(said) - run) + 1)
