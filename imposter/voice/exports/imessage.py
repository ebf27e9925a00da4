"""A conversation of iMessage as imessage-exporter writes it to a `.txt`.

A message is a line with its time, one with its sender, and what was written; replies to it stand in it again, indented,
and once more in their own place.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from imposter.voice.export import (
    LONGEST_MESSAGE,
    LONGEST_SHOWN,
    MOST_MESSAGES,
    MOST_SHOWN,
    Export,
    ExportLine,
    Unread,
    UnreadableExport,
    clean_name,
)
from imposter.voice.files import Text, lines_of
from imposter.voice.system_messages import Kind

APP = "iMessage"
_TIME = re.compile(
    r"([A-Z][a-z]{2}) (\d{1,2}), (\d{4}) {1,2}(\d{1,2}):(\d\d):(\d\d) ([AP]M)"
    r"(?P<behind> \((?:Read|Delivered) [^()\n]{1,120}\)| [^\n]{1,300})?"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LIKE_TIME = re.compile(r"[^\W\d_]{3,9}\.? \d{1,2}, \d{4} {1,2}\d{1,2}:\d\d(?::\d\d)?(?: [AP]M)?")
_FILE = re.compile(r"(?:/|~/|[A-Za-z]:[\\/]|attachments/|\.{1,2}/)[^\n]{1,400}\.\w{1,8}", re.IGNORECASE)
_EDIT = re.compile(r"Edited [^\n:]{1,80} later: ")
_OWN = re.compile(
    r"Attachment missing!|This message responded to an earlier message\.|Sent with [A-Z][A-Za-z ]{2,30}"
    r"|SharePlay Message|Ended|(?:Started|Stopped) sharing location!|This message was deleted from the conversation!"
    r"|Handwritten messages are not yet supported!|Unable to format [^\n]{1,200}|Sticker from [^\n]{1,300}"
    r"|(?:Loved|Liked|Disliked|Laughed at|Emphasized|Questioned|Reacted)[^\n]{0,40} by [^\n]{1,100}"
    r"|[^\n]{1,100} (?:deleted|unsent) (?:a message|this message part)[^\n]{0,80}[.!]"
)
"""Lines of the exporter's own."""
_HEADINGS = re.compile(r"(?:Tapbacks|Reactions):")


@dataclass(slots=True)
class _IMessage:
    number: int
    at: datetime | None
    shown: str
    lines: list[str] = field(default_factory=list)


def chats(text: Text) -> list[Export]:
    """The chat in a text; none where it begins with no such time. Raises: UnreadableExport, where it is too much."""
    first = next((line for line in text.text[:2000].splitlines() if line.strip()), "")
    if not _TIME.fullmatch(first):
        return []
    lines, notices, unread = [], 0, []
    for message in _messages(lines_of(text.text)):
        if message.at is None:
            unread.append(Unread(message.number, message.shown[:LONGEST_SHOWN], text.name))
        elif line := _line(message):
            lines.append(line)
        else:
            notices += 1
        if len(lines) > MOST_MESSAGES:
            raise UnreadableExport(f"It holds more than {MOST_MESSAGES} messages: send a part of it.")
    return [
        Export(
            lines=tuple(lines),
            app=APP,
            notices=notices,
            unread=tuple(unread[:MOST_SHOWN]),
            unread_lines=len(unread),
            damaged=text.damaged,
        )
    ]


def _messages(lines: Iterable[str]) -> Iterator[_IMessage]:
    current: _IMessage | None = None
    blank = True
    for number, line in enumerate(lines, 1):
        found = _TIME.fullmatch(line) if blank else None
        if found or (blank and _LIKE_TIME.match(line)):
            if current is not None:
                yield current
            current = _IMessage(number, _moment(found) if found else None, line)
            if found and found["behind"] and not found["behind"].startswith(" ("):
                current.lines = []  # what somebody did to the conversation stands behind the time
                yield current
                current = None
        elif current is not None:
            current.lines.append(line)
        blank = not line.strip()
    if current is not None:
        yield current


def _moment(found: re.Match[str]) -> datetime | None:
    month, day, year, hour, minute, second, half = found.groups()[:7]
    if month not in _MONTHS or not 1 <= int(hour) <= 12:
        return None
    hours = int(hour) % 12 + (12 if half == "PM" else 0)
    try:
        return datetime(int(year), _MONTHS.index(month) + 1, int(day), hours, int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None


def _line(message: _IMessage) -> ExportLine | None:
    """What somebody wrote; None where it is a notice."""
    if message.at is None or not message.lines:
        return None
    speaker = clean_name(message.lines[0])
    if not speaker or len(speaker) > 100:
        return None
    kept: list[str] = []
    media = below = False
    for line in message.lines[1:]:
        if line.startswith("    ") and line.strip():
            continue  # a reply, or who reacted
        if _HEADINGS.fullmatch(line) or (below and not line.strip()):
            below = True
        elif _FILE.fullmatch(line) or _OWN.fullmatch(line):
            media = True
        elif edit := _EDIT.match(line):
            kept = [line[edit.end() :]]  # what was there before it was edited is no more
        elif found := _TIME.match(line):
            kept.append(line[found.end(7) :].strip())  # before the first edit
        else:
            kept.append(line)
    said = "\n".join(kept).strip()[:LONGEST_MESSAGE]
    return ExportLine(message.at, speaker, said, Kind.TEXT if said else Kind.MEDIA if media else Kind.OTHER)
