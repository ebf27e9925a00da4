# ruff: noqa: RUF001 - digits of other scripts
"""Chats as phones export them, in the spellings of several countries."""

import io
import zipfile
from datetime import UTC, datetime

import pytest

from imposter.voice.exchanges import exchanges
from imposter.voice.export import Export, ExportLine, SpeakerNotFound, UnreadableExport
from imposter.voice.exports import read as read_files
from imposter.voice.files import MOST_BYTES, ExportFile

IPHONE_DE = """\
[31.12.24, 23:58:01] Ben Müller: \u200eNachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.
[31.12.24, 23:58:01] Ben Müller: kommst du noch?
[31.12.24, 23:59:58] Anna: ja klar
bin gleich da
\u200e[01.01.25, 00:05:00] Anna: \u200eBild weggelassen
[01.01.25, 00:06:12] Ben Müller: frohes neues! 🎉
"""
ANDROID_DE = """\
31.12.24, 23:57 - Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt. Tippe, um mehr zu erfahren.
31.12.24, 23:58 - Ben Müller: kommst du noch?
31.12.24, 23:59 - Anna: ja klar
bin gleich da
01.01.25, 00:05 - Anna: <Medien ausgeschlossen>
01.01.25, 00:06 - Ben Müller: frohes neues! 🎉
"""
ANDROID_US = """\
12/31/24, 11:57\u202fPM - Messages and calls are end-to-end encrypted. Only people in this chat can read them.
12/31/24, 11:58\u202fPM - Ben Müller: kommst du noch?
12/31/24, 11:59\u202fPM - Anna: ja klar
bin gleich da
1/1/25, 12:05\u202fAM - Anna: <Media omitted>
1/1/25, 12:06\u202fAM - Ben Müller: frohes neues! 🎉
"""
IPHONE_US = """\
[12/31/24, 11:58:01\u202fPM] Ben Müller: kommst du noch?
[12/31/24, 11:59:58\u202fPM] Anna: ja klar
bin gleich da
\u200e[1/1/25, 12:05:00\u202fAM] Anna: \u200eimage omitted
[1/1/25, 12:06:12\u202fAM] Ben Müller: frohes neues! 🎉
"""
ANDROID_GB = ANDROID_DE.replace(".24,", "/2024,").replace(".25,", "/2025,").replace("31.12", "31/12")
ANDROID_GB = ANDROID_GB.replace("01.01", "01/01").replace("<Medien ausgeschlossen>", "<Media omitted>")
CANADA = """\
2024-12-31, 11:58 p.m. - Ben Müller: kommst du noch?
2024-12-31, 11:59 p.m. - Anna: ja klar
bin gleich da
2025-01-01, 12:05 a.m. - Anna: This message was deleted
2025-01-01, 12:06 a.m. - Ben Müller: frohes neues! 🎉
"""
SPAIN = """\
31/12/24, 23:58 - Ben Müller: kommst du noch?
31/12/24, 23:59 - Anna: ja klar
bin gleich da
1/1/25, 0:05 - Anna: <Multimedia omitido>
1/1/25, 0:06 - Ben Müller: frohes neues! 🎉
"""
JAPAN = """\
2024/12/31 23:58 - Ben Müller: kommst du noch?
2024/12/31 23:59 - Anna: ja klar
bin gleich da
2025/01/01 0:05 - Anna: <メディアは含まれていません>
2025/01/01 0:06 - Ben Müller: frohes neues! 🎉
"""
ARABIC = """\
\u200f٣١\u200f/١٢\u200f/٢٠٢٤، ١١:٥٨ م - Ben Müller: kommst du noch?
\u200f٣١\u200f/١٢\u200f/٢٠٢٤، ١١:٥٩ م - Anna: ja klar
bin gleich da
\u200f١\u200f/١\u200f/٢٠٢٥، ١٢:٠٥ ص - Anna: <تم استبعاد الوسائط>
\u200f١\u200f/١\u200f/٢٠٢٥، ١٢:٠٦ ص - Ben Müller: frohes neues! 🎉
"""
ALL = {
    "iphone-de": IPHONE_DE,
    "android-de": ANDROID_DE,
    "android-us": ANDROID_US,
    "iphone-us": IPHONE_US,
    "android-gb": ANDROID_GB,
    "canada": CANADA,
    "spain": SPAIN,
    "japan": JAPAN,
    "arabic": ARABIC,
}
TYPED = ["kommst du noch?", "ja klar\nbin gleich da", "frohes neues! 🎉"]


def read(data: bytes) -> Export:
    return read_files([ExportFile("chat", data)])


def parse(text: str) -> Export:
    return read(text.encode())


def typed(export: Export) -> list[ExportLine]:
    return [line for line in export.lines if line.text]


@pytest.mark.parametrize("name", ALL)
def test_every_phones_export_tells_who_typed_what_and_when(name: str) -> None:
    lines = typed(parse(ALL[name]))
    assert [line.text for line in lines] == TYPED
    assert [line.speaker for line in lines] == ["Ben Müller", "Anna", "Ben Müller"]
    moments = [line.at.replace(second=0) for line in lines]
    assert moments == [
        datetime(2024, 12, 31, 23, 58, tzinfo=UTC),
        datetime(2024, 12, 31, 23, 59, tzinfo=UTC),
        datetime(2025, 1, 1, 0, 6, tzinfo=UTC),
    ]


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_other_ends_of_lines_and_encodings_change_nothing(encoding: str, newline: str) -> None:
    data = IPHONE_DE.replace("\n", newline).encode(encoding)
    assert [line.text for line in typed(read(data))] == TYPED


def packed(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_the_chat_is_found_in_a_zip_with_media() -> None:
    data = packed({"IMG-1.jpg": b"\xff\xd8", "notes.txt": "nothing", "_chat.txt": IPHONE_DE})
    assert [line.text for line in typed(read(data))] == TYPED


def test_of_a_zip_no_more_is_unpacked_than_a_chat_can_hold() -> None:
    bomb = packed({"_chat.txt": b"a" * (MOST_BYTES + 10)})
    assert len(bomb) < 100_000
    with pytest.raises(UnreadableExport, match="larger than 16 MiB"):
        read(bomb)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"just some text\nof no chat", "No message of an exported WhatsApp chat"),
        (b"", "No message of an exported WhatsApp chat"),
        (b"\xff\xfb\x90\x00" * 100, "no text in UTF-8 or UTF-16"),
        (b"PK\x03\x04 and then nothing", "broken"),
        (packed({"IMG-1.jpg": b"\xff\xd8"}), "holds no chat"),
        (b"31.12.24, 23:57 - Ben changed the subject", "only notices"),
    ],
)
def test_what_is_no_chat_is_refused_with_what_to_do(data: bytes, told: str) -> None:
    with pytest.raises(UnreadableExport, match=told):
        read(data)


def test_the_owner_is_found_by_name_or_number_however_spelled() -> None:
    export = parse(ANDROID_DE.replace("Anna", "\u202a+49 151 2345678\u202c"))
    for owner in ("+49 151 2345678", "+491512345678", "49-151-2345678"):
        assert [said.mine for said in export.said(owner)] == [False, True, False]
    assert [said.mine for said in parse(ANDROID_DE).said("anna ")] == [False, True, False]


def test_an_unknown_owner_is_told_who_speaks() -> None:
    with pytest.raises(SpeakerNotFound, match="must be one of the names in the file: 'Ben Müller', 'Anna'"):
        parse(ANDROID_DE).said("Zoe")


@pytest.mark.parametrize(
    "body",
    [
        "IMG-20241231-WA0001.jpg (file attached)",
        "<Media omitted>",
        "You deleted this message.",
        "\u200eThis message was deleted.",
        "location: https://maps.google.com/?q=1,2",
        "POLL:\nwho comes?\nOPTION: me (2 votes)",
    ],
)
def test_what_nobody_typed_is_no_text(body: str) -> None:
    assert parse(f"31.12.24, 23:58 - Ben: {body}\n31.12.24, 23:59 - Anna: hi").names == ["Anna"]


def test_a_remark_that_it_was_edited_is_left_out() -> None:
    (line,) = parse("31.12.24, 23:58 - Ben: at eight \u200e<This message was edited>").lines
    assert line.text == "at eight"


def test_what_was_written_in_one_go_answers_what_was_asked_last() -> None:
    export = parse(
        "01.01.25, 10:00 - Ben: hello\n01.01.25, 10:01 - Ben: you there?\n01.01.25, 10:03 - Anna: yes\n"
        "01.01.25, 10:03 - Anna: what is it\n03.01.25, 10:00 - Anna: ben?"
    )
    first, second = exchanges(export.said("Anna"))
    assert (first.question, first.bubbles, first.after) == ("hello\nyou there?", ("yes", "what is it"), 120.0)
    assert (second.question, second.bubbles, second.after) == ("", ("ben?",), None)


def test_a_chat_of_hostile_lines_is_read_or_refused_and_not_long_thought_about() -> None:
    for body in ("<" * 60_000, "a." * 30_000, ":" * 60_000, "[" * 60_000, "1/" * 30_000, "\u200e" * 60_000):
        text = f"31.12.24, 23:58 - Ben: {body}\n31.12.24, 23:59 - Anna: hi\n{body}"
        assert "Anna" in parse(text).names
