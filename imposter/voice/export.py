"""A chat as WhatsApp exports it: a text in the phone's own language, or a zip with it.

No two phones write the same: `[31.12.24, 23:59:58] Ann: hi`, `12/31/24, 11:59\u202fPM - Ann: hi`, `2024-12-31, 11:59
p.m. - Ann: hi`. A line that does not begin so goes on with the message before it.
"""

import codecs
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from imposter.contracts.errors import ImposterError
from imposter.voice.dates import DATE, TIME, Order, Stamp, moment_of, order_of, stamp
from imposter.voice.exchanges import SaidMessage
from imposter.voice.system_messages import BIDI, typed

MOST_BYTES = 16 * 1024 * 1024
"""Of the text, unpacked. An export without media ends at 40,000 messages, which are about 4."""
MOST_MESSAGES = 200_000
MOST_LINES = 1_000_000
LONGEST_MESSAGE = 65_536
"""Characters, as WhatsApp's own bound; what is longer is cut."""
LONGEST_HEADER = 160
MOST_NAMES = 20
MOST_ENTRIES = 20_000

_AGAIN = "export the chat once more (Export chat, without media) and send the file as it comes from the phone"
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\t]")
_BETWEEN = r"[,\u060c]?\s{1,2}(?:(?:um|klo|kl\.|\u00e0s|\u00e0|a las|o|u|at)\s)?"
_HEADER = re.compile(
    rf"(?P<open>\[)?{DATE}{_BETWEEN}{TIME}\s?(?(open)\]|(?:\s?[-\u2013]|:))\s(?P<rest>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_LINES = re.compile(r"\r\n|\n|\r")
_NUMBER = re.compile(r"\+?[\d\s().\-/]{6,30}")
_NO_DIGIT = re.compile(r"\D")
_QUOTED = re.compile('["\u201c\u201d\u201e\u00ab\u00bb]')


class UnreadableExport(ImposterError):
    """This is no chat that WhatsApp exported."""


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


@dataclass(frozen=True, slots=True)
class Export:
    """Lines in the file's order."""

    lines: tuple[ExportLine, ...]

    @property
    def names(self) -> list[str]:
        """Who speaks, who says most first."""
        return [name for name, _ in Counter(line.speaker for line in self.lines if line.text).most_common()]

    def said(self, owner: str) -> list[SaidMessage]:
        """What the one of this name said, and what others did. Raises: SpeakerNotFound."""
        mine = _same_name(owner, self.names)
        if mine is None:
            raise SpeakerNotFound(self.names[:MOST_NAMES])
        return [SaidMessage(line.at, line.speaker == mine, line.text) for line in self.lines if line.text]


def read(data: bytes) -> Export:
    """An export's text or zip. Raises: UnreadableExport, saying what to do."""
    return parse(_decoded(_unpacked(data) if data.startswith(b"PK") else data))


def parse(text: str) -> Export:
    """Raises: UnreadableExport."""
    found = list(_messages(_split(text.removeprefix("\ufeff"))))
    if not found:
        raise UnreadableExport(f"No message of an exported WhatsApp chat stands in it: {_AGAIN}.")
    order = order_of([each.stamp for each in found])
    lines = tuple(_lines(found, order))
    if not any(line.text for line in lines):
        raise UnreadableExport("It holds no text that anybody wrote, only notices: export a chat with some talk in it.")
    return Export(lines)


def _split(text: str) -> Iterator[str]:
    """One line after the other, so that millions of them are never there at once. Raises: UnreadableExport."""
    start = 0
    for number, end in enumerate(_LINES.finditer(text)):
        if number == MOST_LINES:
            raise UnreadableExport(f"It holds more than {MOST_LINES} lines: send the newest part of it.")
        yield text[start : end.start()]
        start = end.end()
    yield text[start:]


@dataclass(slots=True)
class _ExportMessage:
    stamp: Stamp
    rest: str
    more: list[str]


def _messages(lines: Iterable[str]) -> Iterator[_ExportMessage]:
    current: _ExportMessage | None = None
    count = length = 0
    for line in lines:
        header = _header(line)
        if header is not None:
            if current is not None:
                yield current
            count += 1
            if count > MOST_MESSAGES:
                raise UnreadableExport(f"It holds more than {MOST_MESSAGES} messages: send the newest part of it.")
            current, length = _ExportMessage(*header, []), len(header[1])
        elif current is not None and length < LONGEST_MESSAGE:
            current.more.append(line)
            length += len(line) + 1
    if current is not None:
        yield current


def _header(line: str) -> tuple[Stamp, str] | None:
    """A message's stamp, and what stands behind it."""
    head = line[:LONGEST_HEADER]
    plain = _plain(head)
    found = _HEADER.match(plain)
    made = found and stamp(found)
    if not found or not made:
        return None
    # Behind the stamp the line is as it was: what a phone's marks mean there is for `notices`.
    rest = found["rest"]
    marks = len(head) - len(_tail(head, len(rest)))
    return made, line[marks:LONGEST_MESSAGE]


def _tail(head: str, length: int) -> str:
    """The end of `head` that has this many characters beside the marks; marks before it belong to it."""
    index = len(head)
    left = length
    while index and (left or BIDI.match(head[index - 1])):
        index -= 1
        if not BIDI.match(head[index]):
            left -= 1
    return head[index:]


def _plain(text: str) -> str:
    """Without marks of direction, with plain blanks and digits; else character by character the same."""
    text = _BLANKS.sub(" ", BIDI.sub("", text))
    if text.isascii():
        return text
    return "".join(str(int(each)) if each.isdecimal() else each for each in text)


def _lines(found: Iterable[_ExportMessage], order: Order) -> Iterator[ExportLine]:
    for message in found:
        at = moment_of(message.stamp, order)
        speaker, body = _spoken(message.rest)
        if at is not None and speaker:
            yield ExportLine(at, speaker, typed("\n".join([body, *message.more])[:LONGEST_MESSAGE]))


def _spoken(rest: str) -> tuple[str, str]:
    """Speaker and text; no speaker where it is a notice of the app's."""
    name, colon, body = rest.partition(": ")
    if not colon:
        name, colon, body = rest.partition(":") if rest.rstrip().endswith(":") else ("", "", "")
    name = " ".join(BIDI.sub("", _BLANKS.sub(" ", name)).split()).removeprefix("~").strip()
    if not name or len(name) > 100 or _QUOTED.search(name):
        return "", ""
    return name, body


def _same_name(wanted: str, names: Sequence[str]) -> str | None:
    plain = _spelled(wanted)
    return next((name for name in names if _spelled(name) == plain), None) if plain else None


def _spelled(name: str) -> str:
    """A number by its digits, anything else by its letters."""
    stripped = " ".join(BIDI.sub("", _BLANKS.sub(" ", name)).split())
    if _NUMBER.fullmatch(stripped):
        return _NO_DIGIT.sub("", stripped)
    return stripped.removeprefix("~").strip().casefold()


def _unpacked(data: bytes) -> bytes:
    """The chat's text out of the zip."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entry = _chat_in(archive.infolist())
            if entry.flag_bits & 1:
                raise UnreadableExport("The zip has a password: unpack it, and send the .txt file.")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise UnreadableExport(f"The zip is packed in an unusual way: {_AGAIN}.")
            with archive.open(entry) as member:
                return member.read(MOST_BYTES + 1)  # whatever size it says, no more is unpacked
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        raise UnreadableExport(f"The zip is broken: {_AGAIN}.") from None


def _chat_in(entries: Sequence[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    if len(entries) > MOST_ENTRIES:
        raise UnreadableExport(f"The zip holds too many files: {_AGAIN}.")
    texts = [
        entry
        for entry in entries
        if entry.filename.lower().endswith(".txt") and not entry.filename.startswith("__MACOSX/")
    ]
    named = [entry for entry in texts if entry.filename.rpartition("/")[2] == "_chat.txt"]
    called = [entry for entry in texts if "whatsapp" in entry.filename.lower()]
    found = named or called or texts
    if not found:
        raise UnreadableExport(f"The zip holds no chat, which would be a .txt file: {_AGAIN}.")
    return found[0]


def _decoded(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise UnreadableExport(f"The chat is larger than {MOST_BYTES // 1024**2} MiB: send the newest part of it.")
    try:
        return data.decode(_encoding(data))
    except UnicodeDecodeError:
        raise UnreadableExport(f"It is no text in UTF-8 or UTF-16, as if it had been converted: {_AGAIN}.") from None


def _encoding(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = data[:200]
    if head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    if head[::2].count(0) > len(head) // 4:
        return "utf-16-be"
    return "utf-8-sig"
