"""Whether an answer gives away what no contact is to read: its bot's instructions, or a key."""

import re
from collections.abc import Iterator
from enum import StrEnum

from imposter.contracts.model import Private

LONGEST_RUN = 40
"""Letters and figures that an answer may have in common with the instructions, one behind the other: about 8 words."""
LONGEST_UNSPACED = 16
"""The same in scripts that write a word in one or two characters."""
SHORTEST_SECRET = 12
"""Characters. What is shorter may be a word that a server without keys is given, and such words are said."""

_OTHERS = re.compile(r"[\W_]+")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")


class Leak(StrEnum):
    INSTRUCTIONS = "instructions"
    SECRET = "secret"  # noqa: S105 - a kind, no secret


class Leaks:
    """What one bot's model knows and must not tell, also in other letter case, spacing or punctuation."""

    __slots__ = ("_instructions", "_secrets")

    def __init__(self, private: Private) -> None:
        self._instructions = [_squeezed(text) for text in private.instructions]
        self._secrets = [
            secret.casefold() for text in private.secrets if len(secret := _packed(text)) >= SHORTEST_SECRET
        ]

    def of(self, text: str) -> Leak | None:
        """Takes time in proportion to the text, with any text."""
        packed = _packed(text).casefold()
        if any(secret in packed for secret in self._secrets):
            return Leak.SECRET
        said = _squeezed(text)
        unspaced = "".join(_UNSPACED.findall(said))
        for instructions in self._instructions:
            if _shares(said, instructions, LONGEST_RUN) or _shares(unspaced, instructions, LONGEST_UNSPACED):
                return Leak.INSTRUCTIONS
        return None


def _shares(said: str, instructions: str, run: int) -> bool:
    """Whether any `run` characters of the one stand in the other."""
    return any(said[at : at + run] in instructions for at in _starts(said, instructions, run))


def _starts(said: str, instructions: str, run: int) -> Iterator[int]:
    """Where such a run may begin: each holds a whole block of half its length, and few blocks are to be found."""
    block = run // 2
    for at in range(0, len(said) - block + 1, block):
        if said[at : at + block] in instructions:
            yield from range(max(0, at - block), min(at, len(said) - run) + 1)


def _squeezed(text: str) -> str:
    return _OTHERS.sub("", text.casefold())


def _packed(text: str) -> str:
    return "".join(text.split())
