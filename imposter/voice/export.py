"""A chat that somebody exported from an app: who said what and when, and what of the file was not understood."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import chain

from imposter.contracts.errors import ImposterError
from imposter.voice.exchanges import SaidMessage
from imposter.voice.system_messages import BIDI, Kind

MOST_MESSAGES = 200_000
LONGEST_MESSAGE = 65_536
"""Characters, as WhatsApp's own bound; what is longer is cut."""
MOST_NAMES = 20
MOST_SHOWN = 10
"""Lines that were not understood which are shown."""
LONGEST_SHOWN = 120
"""Characters of such a line."""

_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\t]")
_NUMBER = re.compile(r"\+?[\d\s().\-/]{6,30}")
_NO_DIGIT = re.compile(r"\D")


class UnreadableExport(ImposterError):
    """This is no chat that an app exported."""


class SpeakerNotFound(ImposterError):
    """Nobody in the file has this name. `names`: who speaks in it, who says most first."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        shown = ", ".join(repr(name) for name in self.names)
        super().__init__(f"must be one of the names in the file: {shown}")


@dataclass(frozen=True, slots=True)
class ExportLine:
    """`text` is what was typed: without the app's own marks, and empty where it is a notice or stands for a medium."""

    at: datetime
    speaker: str
    text: str
    kind: Kind = Kind.TEXT
    quoted: bool = False
    """Whether it was pasted into another's message, as far as can be told: no line of a member of this chat."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that looks like a message and was not understood."""

    number: int
    text: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who has lines in the file; no `member`: only lines of theirs that were pasted."""

    name: str
    lines: int
    member: bool


@dataclass(frozen=True)
class Export:
    """Lines in the file's order."""

    lines: tuple[ExportLine, ...]
    app: str = ""
    name: str = ""
    """Of the chat, where the file says it; of the file otherwise."""
    notices: int = 0
    """Lines of the app's own, said by nobody."""
    unread: tuple[Unread, ...] = ()
    """The first of them."""
    unread_lines: int = 0
    damaged: int = 0
    """Lines with bytes in them that are no text, which are left out."""

    @cached_property
    def speakers(self) -> tuple[Speaker, ...]:
        """Members first, and who has most lines first."""
        counted = Counter(line.speaker for line in self.lines)
        members = {line.speaker for line in self.lines if not line.quoted}
        found = [Speaker(name, count, name in members) for name, count in counted.most_common()]
        return tuple(sorted(found, key=lambda speaker: not speaker.member))

    @cached_property
    def names(self) -> list[str]:
        """Which members wrote something, who says most first."""
        return [name for name, _ in Counter(line.speaker for line in self._spoken()).most_common()]

    def _spoken(self) -> Iterable[ExportLine]:
        return (line for line in self.lines if line.text and not line.quoted)

    def called(self, owner: str) -> str:
        """The owner's name as the file spells it. Raises: SpeakerNotFound."""
        names = dict.fromkeys([*self.names, *(line.speaker for line in self.lines if line.text)])
        found = _same_name(owner, list(names))
        if found is None:
            raise SpeakerNotFound(self.names[:MOST_NAMES])
        return found

    def others(self, owner: str) -> list[str]:
        """The other members, who says most first: whose chat it is. Raises: SpeakerNotFound."""
        mine = self.called(owner)
        return [name for name in self.names if name != mine]

    def said(self, owner: str) -> list[SaidMessage]:
        """What the one of this name said, and what other members did. Raises: SpeakerNotFound."""
        mine = self.called(owner)
        return [
            SaidMessage(line.at, line.speaker == mine, line.text)
            for line in self.lines
            if line.text and (not line.quoted or (line.speaker == mine and mine not in self.names))
        ]

    @property
    def counts(self) -> dict[str, int]:
        """How many lines there are of each kind; kinds that do not occur are left out."""
        kinds = Counter(Kind.QUOTED if line.quoted else line.kind for line in self.lines)
        if self.notices:
            kinds[Kind.NOTICE] += self.notices
        return {kind.value: kinds[kind] for kind in Kind if kinds[kind]}


def joined(exports: Sequence[Export]) -> Export:
    """Several exports of one chat as one, oldest first; what stands in more than one counts once."""
    if len(exports) == 1:
        return exports[0]
    most: Counter[ExportLine] = Counter()
    for export in exports:
        most |= Counter(export.lines)
    lines: list[ExportLine] = []
    for line in sorted(
        dict.fromkeys(chain.from_iterable(export.lines for export in exports)), key=lambda line: line.at
    ):
        lines.extend([line] * most[line])
    first = exports[0]
    return replace(
        first,
        lines=tuple(lines),
        app=", ".join(dict.fromkeys(export.app for export in exports)),
        notices=max(export.notices for export in exports),
        unread=tuple(chain.from_iterable(export.unread for export in exports))[:MOST_SHOWN],
        unread_lines=sum(export.unread_lines for export in exports),
        damaged=sum(export.damaged for export in exports),
    )


def clean_name(name: str) -> str:
    """A speaker's name without marks and doubled blanks."""
    return " ".join(BIDI.sub("", _BLANKS.sub(" ", name)).split()).removeprefix("~").strip()


def _same_name(wanted: str, names: Sequence[str]) -> str | None:
    plain = _spelled(wanted)
    return next((name for name in names if _spelled(name) == plain), None) if plain else None


def _spelled(name: str) -> str:
    """A number by its digits, anything else by its letters."""
    stripped = " ".join(BIDI.sub("", _BLANKS.sub(" ", name)).split())
    if _NUMBER.fullmatch(stripped):
        return _NO_DIGIT.sub("", stripped)
    return stripped.removeprefix("~").strip().casefold()
