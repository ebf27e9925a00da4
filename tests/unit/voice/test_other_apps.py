"""Chats as Telegram, Signal and iMessage export them."""

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest

from imposter.voice.export import Export, UnreadableExport
from imposter.voice.exports import SeveralChats, read, readers
from imposter.voice.files import ExportFile
from imposter.voice.system_messages import Kind

AT = datetime(2024, 3, 12, 15, 5, 33, tzinfo=UTC)


def said(export: Export) -> list[tuple[str, str]]:
    return [(line.speaker, line.text) for line in export.lines if line.text]


def read_one(name: str, value: str | bytes | dict[str, Any] | list[Any], chat: str | None = None) -> Export:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
    return read([ExportFile(name, text.encode() if isinstance(text, str) else text)], chat)


def telegram(number: int, sender: str, text: Any, **more: Any) -> dict[str, Any]:
    second = int(AT.timestamp()) + 60 * number
    return {
        "id": number, "type": "message", "date": "2024-03-12T16:05:33", "date_unixtime": str(second), "from": sender,
        "from_id": f"user{len(sender)}", "text": text, "text_entities": [], **more,
    }  # fmt: skip


TELEGRAM = {
    "name": "Mia",
    "type": "personal_chat",
    "id": 11,
    "messages": [
        {"id": 1, "type": "service", "date": "2024-03-12T16:05:33", "actor": "Mia", "action": "phone_call", "text": ""},
        telegram(0, "Mia", "are you coming?"),
        telegram(1, "Tom", ["yes, see ", {"type": "link", "text": "https://example.org"}, " \u2764\ufe0f"]),
        telegram(2, "Tom", "", photo="photos/1.jpg"),
        telegram(3, "Tom", "not mine", forwarded_from="Karl"),
        telegram(4, "Mia", "", media_type="sticker", sticker_emoji="x"),
        telegram(5, "Mia", "", location_information={"latitude": 1, "longitude": 2}),
        {"id": 9, "type": "message", "from": "Tom", "text": "when?"},
    ],
}


def test_telegrams_json_is_read() -> None:
    export = read_one("result.json", TELEGRAM)
    assert said(export) == [("Mia", "are you coming?"), ("Tom", "yes, see https://example.org \u2764\ufe0f")]
    assert export.lines[0].at == AT
    assert export.app == "Telegram"
    assert export.counts == {"text": 2, "media": 2, "location": 1, "forwarded": 1, "notice": 1}
    assert [each.number for each in export.unread] == [8]


def test_of_all_of_telegrams_chats_one_is_chosen() -> None:
    other = {**TELEGRAM, "name": "Karl", "id": 12, "messages": [telegram(0, "Karl", "hi"), telegram(1, "Tom", "ho")]}
    everything = {"about": "x", "personal_information": {}, "chats": {"about": "", "list": [TELEGRAM, other]}}
    with pytest.raises(SeveralChats, match="one of the chats in the file: 'Mia', 'Karl'"):
        read_one("result.json", everything)
    assert said(read_one("result.json", everything, "karl")) == [("Karl", "hi"), ("Tom", "ho")]


def test_telegrams_page_is_refused_with_the_cure() -> None:
    page = "<!DOCTYPE html>\n<html><head><title>Exported Data</title></head></html>"
    with pytest.raises(UnreadableExport, match="choose JSON"):
        read_one("messages.html", page)


def envelope(second: int, **more: Any) -> str:
    stamp = int(AT.timestamp() + second) * 1000
    about = {"source": "+4915100000002", "sourceNumber": "+4915100000002", "sourceName": "Mia", "timestamp": stamp}
    return json.dumps({"envelope": {**about, **more}, "account": "+4915100000001"})


def sent(second: int, text: str, to: str = "+4915100000002") -> str:
    stamp = int(AT.timestamp() + second) * 1000
    message = {"destination": to, "destinationNumber": to, "timestamp": stamp, "message": text}
    own = {"source": "+4915100000001", "sourceNumber": "+4915100000001", "sourceName": "Tom"}
    return envelope(second, syncMessage={"sentMessage": message}, **own)


def heard(second: int, text: str | None, **more: Any) -> str:
    stamp = int(AT.timestamp() + second) * 1000
    return envelope(second, dataMessage={"timestamp": stamp, "message": text, **more})


def test_what_signal_cli_received_is_read() -> None:
    lines = [
        heard(0, "are you coming?"),
        envelope(1, receiptMessage={"when": 1}),
        sent(60, "yes"),
        heard(120, None, attachments=[{"contentType": "image/png"}]),
        heard(180, "wrong"),
        heard(240, None, remoteDelete={"timestamp": int(AT.timestamp() + 180) * 1000}),
        sent(300, "at ate"),
        envelope(360, syncMessage={"sentMessage": {"destination": "+4915100000002", "editMessage": {
            "targetSentTimestamp": int(AT.timestamp() + 300) * 1000, "dataMessage": {"message": "at eight"},
        }}}, sourceName="Tom"),
        heard(400, None, reaction={"emoji": "x"}),
        "no json",
    ]  # fmt: skip
    export = read_one("messages.jsonl", "\n".join(lines))
    assert said(export) == [("Mia", "are you coming?"), ("Tom", "yes"), ("Tom", "at eight")]
    assert export.lines[0].at == AT
    assert export.app == "Signal"
    assert export.counts == {"text": 3, "media": 1, "deleted": 1, "notice": 2}
    assert [each.number for each in export.unread] == [10]


def test_of_all_that_signal_cli_received_one_chat_is_chosen() -> None:
    karl = {"source": "+4915100000003", "sourceNumber": "+4915100000003", "sourceName": "Karl"}
    stamp = int(AT.timestamp()) * 1000
    lines = [
        heard(0, "hello"), sent(60, "hi Mia"), sent(70, "hi Karl", "+4915100000003"),
        envelope(80, dataMessage={"timestamp": stamp, "message": "ho"}, **karl),
    ]  # fmt: skip
    with pytest.raises(SeveralChats, match="'Mia', 'Karl'"):
        read_one("messages.jsonl", "\n".join(lines))
    assert said(read_one("messages.jsonl", "\n".join(lines), "Mia")) == [("Mia", "hello"), ("Tom", "hi Mia")]


def test_signal_desktops_export_is_read() -> None:
    def item(second: int, author: str, body: str, way: str) -> dict[str, Any]:
        message = {"standardMessage": {"text": {"body": body}}}
        stamp = str(int(AT.timestamp() + second) * 1000)
        return {"chatItem": {"chatId": "5", "authorId": author, "dateSent": stamp, way: {}, **message}}

    frames = [
        {"version": "1", "backupTimeMs": "1"},
        {"account": {"givenName": "Tom", "familyName": "Berg"}},
        {"recipient": {"id": "1", "self": {}}},
        {"recipient": {"id": "2", "contact": {"profileGivenName": "Mia", "e164": "4915100000002"}}},
        {"chat": {"id": "5", "recipientId": "2"}},
        item(0, "2", "are you coming?", "incoming"),
        item(60, "1", "yes", "outgoing"),
        {"chatItem": {"chatId": "5", "authorId": "2", "dateSent": "1710255999000", "directionless": {}}},
    ]
    export = read_one("main.jsonl", "\n".join(map(json.dumps, frames)))
    assert said(export) == [("Mia", "are you coming?"), ("Tom Berg", "yes")]
    assert export.name == "Mia"
    assert export.counts == {"text": 2, "notice": 1}


def test_signal_desktops_rows_are_read() -> None:
    stamp = int(AT.timestamp()) * 1000
    rows = [
        {"type": "incoming", "conversationId": "c", "body": "are you coming?", "sent_at": stamp, "source": "+491"},
        {"type": "outgoing", "conversationId": "c", "body": "yes", "sent_at": stamp + 60_000},
        {"type": "outgoing", "conversationId": "c", "body": "", "hasAttachments": 1, "sent_at": stamp + 70_000},
        {"type": "keychange", "conversationId": "c", "sent_at": stamp},
    ]
    for value in (rows, {"messages": rows}):
        export = read_one("chat.json", value)
        assert said(export) == [("+491", "are you coming?"), ("Me", "yes")]
        assert export.counts == {"text": 2, "media": 1, "notice": 1}


def test_signal_exports_json_and_markdown_are_read() -> None:
    lines = [
        {
            "date": "2024-03-12T15:05:33+00:00",
            "sender": "Mia",
            "body": "are you coming?",
            "quote": "",
            "attachments": [],
        },
        {"date": "2024-03-12T15:06:33+00:00", "sender": "Me", "body": "yes", "quote": "", "attachments": []},
        {"date": "2024-03-12T15:07:33+00:00", "sender": "Me", "body": "", "attachments": [{"name": "a.png"}]},
    ]
    markdown = (
        "[2024-03-12 15:05:33] Mia: are you coming?  \n(- Me: x -)\n"
        "[2024-03-12 15:06:33] Me: \n\n> are you coming?\n\nyes  \n"
        "[2024-03-12 15:07:33] Me:   ![a.png](./media/a.png)  \n"
        "[2024-03-12 15:08:33] Me: (This message was deleted)\n"
    )
    for name, text in (("data.json", "\n".join(map(json.dumps, lines))), ("chat.md", markdown)):
        export = read_one(name, text)
        assert said(export) == [("Mia", "are you coming?"), ("Me", "yes")], name
        assert export.lines[0].at == AT
        assert export.lines[2].kind is Kind.MEDIA
        assert export.app == "Signal"


@pytest.mark.parametrize(
    "text",
    [
        "Conversation: Mia (+491)\n\nFrom: Mia (+491)\nType: incoming\nSent: Tue, 12 Mar 2024 16:05:33 +0100\n"
        "Received: Tue, 12 Mar 2024 16:05:34 +0100\n\nare you coming?\n\nFrom: You\nType: outgoing\n"
        "Sent: Tue, 12 Mar 2024 16:06:33 +0100\nAttachment: a.png (image/png, 3 bytes)\n\nyes\n\n",
        "2024-03-12 15:05 Mia: are you coming?\n2024-03-12 15:06 You: [reply to Mia on 2024-03-12 15:05] yes\n",
    ],
)
def test_sigtops_texts_are_read(text: str) -> None:
    export = read_one("Mia.txt", text)
    assert said(export) == [("Mia", "are you coming?"), ("You", "yes")]
    assert export.lines[0].at.replace(second=33) == AT
    assert export.app == "Signal"


IMESSAGE = """\
Mar 12, 2024  3:05:33 PM (Read by you after 1 hour, 49 seconds)
Mia
are you coming?
    Mar 12, 2024  3:06:33 PM
    Me
    yes

Mar 12, 2024  3:06:33 PM
Me
yes
two lines
Tapbacks:
    Loved by Mia
This message responded to an earlier message.

Mar 12, 2024  3:07:33 PM
Mia
/Users/mia/Library/Messages/Attachments/1/IMG_1.jpeg

Mar 12, 2024  3:08:33 PM Mia named the conversation Trip

Mar 12, 2024  3:09:33 PM
Me
Mar 12, 2024  3:09:33 PM at ate
Edited 5 seconds later: at eight

Mar 12, 2024  3:10:33 PM
Me
You unsent this message part 5 seconds after sending!

Mrz 12, 2024  3:11:33 PM
Me
who knows

Mar 12, 2024 12:12:33 AM
Me
good night
Sent with Confetti

"""


def test_imessage_exporters_text_is_read() -> None:
    export = read_one("Mia.txt", IMESSAGE)
    assert said(export) == [
        ("Mia", "are you coming?"),
        ("Me", "yes\ntwo lines"),
        ("Me", "at eight"),
        ("Me", "good night"),
    ]
    assert export.lines[0].at == AT
    assert export.lines[-1].at == datetime(2024, 3, 12, 0, 12, 33, tzinfo=UTC)
    assert export.app == "iMessage"
    assert export.counts == {"text": 4, "media": 2, "notice": 1}
    assert [each.text for each in export.unread] == ["Mrz 12, 2024  3:11:33 PM"]


def test_readers_are_found_by_their_files() -> None:
    assert {reader.APP for reader in readers()} == {"WhatsApp", "Telegram", "Signal", "iMessage"}


@pytest.mark.parametrize("name", ["chat.json", "chat.txt", "_chat.txt"])
@pytest.mark.parametrize(
    "data",
    [
        b"[" * 500_000, b'{"messages":' * 100_000, b'{"a":[' * 100_000, b"{}", b"[]", b"null", b"[{}]", b"\x00" * 100,
        b'{"messages":[1,null,{"date":{},"from":[]}]}', b'{"messages":[{"date":"x","from":"y"}]}',
        b'{"envelope":1}\n{"envelope":{"dataMessage":[]}}', b'{"chats":{"list":[{"messages":7}]}}',
        b'[{"sent_at":1e400,"type":"incoming","conversationId":"c","body":"x"}]',
        b'[{"sent_at":' + b"9" * 5000 + b',"type":"incoming","conversationId":"c","body":"x"}]',
        b'{"name":"x","type":"y","messages":[{"date_unixtime":"99999999999999999999","date":"","from":"a","text":{}}]}',
        b"Mar 12, 2024  3:05:33 PM\n", b"[2024-03-12 15:05:33] : x", b"From: a\nType: b\nSent: c\n", b"PK\x05\x06",
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else value,
)  # fmt: skip
def test_what_is_no_chat_of_any_app_is_refused(name: str, data: bytes) -> None:
    with pytest.raises((UnreadableExport, SeveralChats)):
        read([ExportFile(name, data)])


def zipped(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def line(minute: int, name: str, text: str) -> str:
    return f"[12/03/2024, 15:{minute:02}:00] {name}: {text}\n"


def test_several_files_of_one_chat_are_one() -> None:
    old = line(1, "Mia", "a") + line(2, "Tom", "b") + line(3, "Tom", "b") + line(4, "Mia", "c")
    new = line(3, "Tom", "b") + line(4, "Mia", "c") + line(5, "Tom", "d")
    files = [
        ExportFile("new.txt", new.encode()),
        ExportFile("old.zip", zipped({"_chat.txt": old, "note.txt": "nothing"})),
    ]
    assert said(read(files)) == [("Mia", "a"), ("Tom", "b"), ("Tom", "b"), ("Mia", "c"), ("Tom", "d")]


def test_several_chats_are_not_mixed() -> None:
    mia, karl = line(1, "Mia", "a") + line(2, "Tom", "b"), line(1, "Karl", "c") + line(2, "Tom", "d")
    data = zipped({"WhatsApp Chat with Mia.txt": mia, "WhatsApp Chat with Karl.txt": karl})
    with pytest.raises(SeveralChats, match="'Mia', 'Karl'"):
        read([ExportFile("all.zip", data)])
    assert said(read([ExportFile("all.zip", data)], "Karl")) == [("Karl", "c"), ("Tom", "d")]
    with pytest.raises(SeveralChats):
        read([ExportFile("all.zip", data)], "Zoe")


def test_a_chat_of_telegram_is_found_in_a_zip() -> None:
    data = zipped({"ChatExport/result.json": json.dumps(TELEGRAM), "ChatExport/files/note.txt": line(1, "Mia", "no")})
    assert read([ExportFile("export.zip", data)]).app == "Telegram"
