"""Chats of Signal as plain text: signal-export's `chat.md`, and the texts of sigtop."""

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

APP = "Signal"
_HEAD = 4000
_EXPORTED = re.compile(r"\[(\d{4}-\d\d-\d\d),? (\d\d:\d\d(?::\d\d)?)\] ([^:\n]{1,100}): ?(.*)\Z", re.DOTALL)
_SHORT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d)() ?([^:\n]{1,100}):(?: \[[^\]\n]{1,200}\])?(.*)\Z", re.DOTALL)
_ONE_SHORT = re.compile(r"\s{0,9}\d{4}-\d\d-\d\d \d\d:\d\d (?!- )[^:\n]{1,100}:")
_FIELD = re.compile(r"(From|Type|Sent|Received|Attachment|Reaction|Edited|Conversation): (.{0,300})")
_SENT = "%a, %d %b %Y %H:%M:%S %z"
_QUOTE = re.compile(r"> ?")
_ATTACHMENT = re.compile(r"!?\[[^\]\n]{0,200}\]\((?:\./|\.\./)[^)\n]{0,300}\)")
_REACTIONS = re.compile(r"\(- [^\n]{1,2000} -\)\s{0,9}\Z")
_STICKER = re.compile(r"\(\( [^\n]{0,100} \)\)\s{0,9}\Z")
_DELETED = re.compile(r"\(?This message was deleted\)?\Z", re.IGNORECASE)
_CALL = re.compile(
    r"(?:Incoming|Outgoing|Missed) (?:voice |video |group )?call(?: \([^()\n]{1,60}\))?\Z", re.IGNORECASE
)


@dataclass(slots=True)
class _SignalMessage:
    number: int
    date: str
    speaker: str
    lines: list[str] = field(default_factory=list)


def chats(text: Text) -> list[Export]:
    """The chat in a text; none where it is not Signal's. Raises: UnreadableExport, where it is too much."""
    head = text.text[:_HEAD]
    if _ONE_SHORT.match(head):
        messages = _headed(lines_of(text.text), _SHORT)
    elif _is_markdown(text.name, head):
        messages = _headed(lines_of(text.text), _EXPORTED)
    elif {"From", "Type", "Sent"} <= {found[1] for line in head.splitlines() if (found := _FIELD.fullmatch(line))}:
        messages = _fielded(lines_of(text.text))
    else:
        return []
    lines, unread = [], []
    for message in messages:
        at = _moment(message.date)
        if at is None or not message.speaker:
            unread.append(Unread(message.number, f"{message.date} {message.speaker}"[:LONGEST_SHOWN], text.name))
        else:
            lines.append(_line(at, message))
        if len(lines) > MOST_MESSAGES:
            raise UnreadableExport(f"It holds more than {MOST_MESSAGES} messages: send a part of it.")
    if not lines:
        return []
    return [
        Export(
            lines=tuple(lines),
            app=APP,
            unread=tuple(unread[:MOST_SHOWN]),
            unread_lines=len(unread),
            damaged=text.damaged,
        )
    ]


def _is_markdown(name: str, head: str) -> bool:
    """WhatsApp has texts like this, too; signal-export ends a message with two blanks."""
    lines = [line for line in head.splitlines()[:40] if _EXPORTED.match(line)]
    return bool(lines) and (name.lower().endswith(".md") or all(line.endswith("  ") for line in lines[:-1] or lines))


def _headed(lines: Iterable[str], header: re.Pattern[str]) -> Iterator[_SignalMessage]:
    current: _SignalMessage | None = None
    for number, line in enumerate(lines, 1):
        found = header.match(line[:LONGEST_MESSAGE])
        if found:
            if current is not None:
                yield current
            speaker = found[3] if header is _EXPORTED else found[4]
            current = _SignalMessage(number, f"{found[1]} {found[2]}", clean_name(speaker), [found[found.re.groups]])
        elif current is not None:
            current.lines.append(line)
    if current is not None:
        yield current


def _fielded(lines: Iterable[str]) -> Iterator[_SignalMessage]:
    """sigtop's: fields, an empty line, and what was written."""
    current: _SignalMessage | None = None
    in_fields = False
    for number, line in enumerate(lines, 1):
        found = _FIELD.fullmatch(line)
        if found and found[1] == "From":
            if current is not None:
                yield current
            name = found[2].rpartition(" (")[0] or found[2]
            current, in_fields = _SignalMessage(number, "", clean_name(name)), True
        elif current is not None and in_fields and found:
            if found[1] == "Sent":
                current.date = found[2]
        elif current is not None:
            in_fields = False
            if not line.startswith("|"):  # older versions of what was edited
                current.lines.append(line)
    if current is not None:
        yield current


def _moment(date: str) -> datetime | None:
    try:
        return datetime.fromisoformat(date).replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        return datetime.strptime(date, _SENT).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _line(at: datetime, message: _SignalMessage) -> ExportLine:
    kept = [line for line in message.lines if not _QUOTE.match(line)]
    text = _ATTACHMENT.sub("", "\n".join(kept)[:LONGEST_MESSAGE])
    attached = len(text) < len("\n".join(kept))
    text = "\n".join(line.rstrip() for line in text.strip().split("\n") if not _REACTIONS.match(line)).strip()
    if _STICKER.match(text) or (not text and attached):
        return ExportLine(at, message.speaker, "", Kind.MEDIA)
    if _DELETED.match(text):
        return ExportLine(at, message.speaker, "", Kind.DELETED)
    if _CALL.match(text):
        return ExportLine(at, message.speaker, "", Kind.CALL)
    return ExportLine(at, message.speaker, text, Kind.TEXT if text else Kind.OTHER)
