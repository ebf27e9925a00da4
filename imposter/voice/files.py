"""The texts in the files that somebody sends: as they are, or out of a zip."""

import codecs
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imposter.voice.export import UnreadableExport

MOST_BYTES = 16 * 1024 * 1024
"""Of a text, unpacked. A WhatsApp export without media ends at 40,000 messages, which are about 4."""
MOST_JSON_BYTES = 40 * 1024 * 1024
"""Of all texts together, and of one in JSON, which says a message in ten times as many."""
MOST_LINES = 1_000_000
MOST_FILES = 100
MOST_ENTRIES = 20_000
MOST_DAMAGED = 10
"""Bytes that are no text, in any file; of a large one a thousandth."""
TEXTS = (".txt", ".json", ".jsonl", ".md")

AGAIN = "export the chat once more (Export chat, without media) and send the file as it comes from the phone"
_LINES = re.compile(r"\r\n|\n|\r")
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,40}(?:\[\s{0,40})?\{")
_NO_CHARACTER = "\ufffd"


@dataclass(frozen=True, slots=True)
class ExportFile:
    """As it was sent."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Text:
    """What a file holds."""

    name: str
    text: str
    damaged: int = 0
    """Lines with bytes in them that are no text, and are left out."""


def texts(files: Sequence[ExportFile]) -> list[Text]:
    """Every text that may be a chat. Raises: UnreadableExport."""
    if len(files) > MOST_FILES:
        raise UnreadableExport(f"are more than {MOST_FILES}: send fewer, or a zip.")
    room, found = MOST_JSON_BYTES, []
    for file in files:
        for name, data in _unpacked(file) if file.data.startswith(b"PK") else ((file.name, file.data),):
            room -= len(data)
            if room < 0:
                raise UnreadableExport(f"Together they hold more than {MOST_JSON_BYTES // 1024**2} MiB: send fewer.")
            found.append(_decoded(name, data))
    return found


def lines_of(text: str) -> Iterator[str]:
    """One line after the other, so that millions of them are never there at once. Raises: UnreadableExport."""
    start = 0
    for number, end in enumerate(_LINES.finditer(text)):
        if number == MOST_LINES:
            raise UnreadableExport(f"It holds more than {MOST_LINES} lines: send the newest part of it.")
        yield text[start : end.start()]
        start = end.end()
    yield text[start:]


def _unpacked(file: ExportFile) -> Iterator[tuple[str, bytes]]:
    """The texts out of a zip."""
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            for entry in _chats_in(archive.infolist()):
                if entry.flag_bits & 1:
                    raise UnreadableExport("The zip has a password: unpack it, and send the .txt file.")
                if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise UnreadableExport(f"The zip is packed in an unusual way: {AGAIN}.")
                with archive.open(entry) as member:
                    most = MOST_BYTES if entry.filename.lower().endswith(".txt") else MOST_JSON_BYTES
                    yield entry.filename, member.read(most + 1)  # whatever size it says, no more is unpacked
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        raise UnreadableExport(f"The zip is broken: {AGAIN}.") from None


def _chats_in(entries: Sequence[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    if len(entries) > MOST_ENTRIES:
        raise UnreadableExport(f"The zip holds too many files: {AGAIN}.")
    found = [
        entry
        for entry in entries
        if entry.filename.lower().endswith(TEXTS) and not entry.filename.startswith("__MACOSX/")
    ]
    # Beside the chat there may be documents that somebody sent.
    own = [entry for entry in found if _is_chats_own_name(entry.filename)]
    found = own or found
    if not found:
        raise UnreadableExport(f"The zip holds no chat, which would be a .txt or .json file: {AGAIN}.")
    if len(found) > MOST_FILES:
        raise UnreadableExport(f"The zip holds more than {MOST_FILES} texts: send those of one chat.")
    return found


def _is_chats_own_name(path: str) -> bool:
    folder, _, name = path.lower().rpartition("/")
    return name in ("_chat.txt", "result.json", "main.jsonl", "data.json", "chat.md") or (
        "whatsapp" in name and name.endswith(".txt") and "media" not in folder
    )


def _decoded(name: str, data: bytes) -> Text:
    most = MOST_JSON_BYTES if _JSON.match(data) else MOST_BYTES
    if len(data) > most:
        raise UnreadableExport(f"The chat is larger than {most // 1024**2} MiB: send the newest part of it.")
    text = data.decode(_encoding(data), "replace").removeprefix("\ufeff")
    bad = text.count(_NO_CHARACTER)
    if bad > max(MOST_DAMAGED, len(text) // 1000):
        raise UnreadableExport(f"It is no text in UTF-8 or UTF-16, as if it had been converted: {AGAIN}.")
    if not bad:
        return Text(name, text)
    return Text(name, text.replace(_NO_CHARACTER, ""), sum(_NO_CHARACTER in line for line in lines_of(text)))


def _encoding(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = data[:200]
    if head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    if head[::2].count(0) > len(head) // 4:
        return "utf-16-be"
    return "utf-8-sig"
