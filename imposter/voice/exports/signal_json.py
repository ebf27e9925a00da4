"""Chats of Signal in JSON: what signal-cli receives, Signal Desktop's export and rows, signal-export's `data.json`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

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
from imposter.voice.exports._json import Object, list_in, moment_of, object_in, objects_of, text_in, value_of
from imposter.voice.files import Text
from imposter.voice.system_messages import Kind

APP = "Signal"
ME = "Me"
"""What the owner is called where the file does not say it."""
_HEAD = 20_000
_WORDS = re.compile(
    r'"(?:envelope|chatItem|recipient|conversationId|sent_at|sourceDevice|sourceServiceId|sender|quote|backupTimeMs)"'
    r"\s{0,9}:"
)
_CHAT_ITEMS = {"stickerMessage": Kind.MEDIA, "contactMessage": Kind.MEDIA, "viewOnceMessage": Kind.MEDIA,
               "remoteDeletedMessage": Kind.DELETED, "poll": Kind.POLL}  # fmt: skip
Key = tuple[str, str, str]
"""Conversation, speaker and time, which name a message."""


@dataclass(slots=True)
class _Chats:
    """Messages by what names them, so that an edit or a deletion finds its own."""

    lines: dict[Key, ExportLine] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """Of conversations."""
    notices: int = 0
    unread: list[tuple[int, str]] = field(default_factory=list)

    def add(self, chat: str, speaker: str, sent: Any, at: datetime | None, text: str, kind: Kind) -> bool:
        """Whether it could be added."""
        speaker = clean_name(speaker)
        if at is None or not speaker:
            return False
        text = text.strip()[:LONGEST_MESSAGE]
        self.lines[chat, speaker, str(sent)] = ExportLine(at, speaker, text, Kind.TEXT if text else kind)
        if len(self.lines) > MOST_MESSAGES:
            raise UnreadableExport(f"It holds more than {MOST_MESSAGES} messages: send a part of it.")
        return True


def chats(text: Text) -> list[Export]:
    """The chats in a text; none where it is not Signal's. Raises: UnreadableExport, where it is too much."""
    head = text.text[:_HEAD]
    if head.lstrip()[:1] not in ("{", "[") or not _WORDS.search(head):
        return []
    found = _Chats()
    people: dict[str, str] = {}
    for number, each in _objects(text.text):
        if each is None or not _take(found, people, each):
            found.unread.append((number, str(each)[:LONGEST_SHOWN]))
    by_chat: dict[str, list[ExportLine]] = {}
    for (chat, *_), line in found.lines.items():
        by_chat.setdefault(chat, []).append(line)
    unread = tuple(Unread(number, shown, text.name) for number, shown in found.unread[:MOST_SHOWN])
    return [
        Export(
            lines=tuple(sorted(lines, key=lambda line: line.at)),
            app=APP,
            name=found.names.get(chat, ""),
            notices=found.notices,
            unread=unread,
            unread_lines=len(found.unread),
            damaged=text.damaged,
        )
        for chat, lines in by_chat.items()
    ]


def _objects(text: str) -> Iterator[tuple[int, Object | None]]:
    """A list's, a document's, or one on each line."""
    whole = value_of(text)
    if isinstance(whole, dict) and not _is_message(whole):
        for each in list_in(whole, "conversations"):
            if isinstance(each, dict):
                yield 0, {"conversation": each}
        whole = next((found for key in ("messages", "messsages", "items") if (found := list_in(whole, key))), [])
    elif isinstance(whole, dict):
        whole = [whole]
    if isinstance(whole, list):
        yield from ((number, each if isinstance(each, dict) else None) for number, each in enumerate(whole, 1))
    else:
        yield from objects_of(text)


def _is_message(value: Object) -> bool:
    return any(key in value for key in ("envelope", "params", "chatItem", "sender", "version", "backupTimeMs"))


def _take(found: _Chats, people: dict[str, str], each: Object) -> bool:
    """Whether it is understood, also where nothing of it is kept."""
    envelope = object_in(each, "envelope") or object_in(object_in(each, "params"), "envelope")
    if envelope:
        return _take_envelope(found, envelope, text_in(each, "account") or text_in(each.get("params"), "account"))
    if "recipient" in each or "chat" in each or "account" in each or "conversation" in each:
        _take_name(found, people, each)
        return True
    if item := object_in(each, "chatItem"):
        return _take_item(found, people, item)
    if "sender" in each and "date" in each:
        return _take_exported(found, each)
    if "sent_at" in each or "conversationId" in each:
        return _take_row(found, people, each)
    return "version" in each or "backupTimeMs" in each or any(isinstance(value, dict) for value in each.values())


def _take_envelope(found: _Chats, envelope: Object, account: str) -> bool:
    """signal-cli's: what somebody sent, or what the owner sent from another device."""
    own = object_in(object_in(envelope, "syncMessage"), "sentMessage")
    message = own or object_in(envelope, "dataMessage")
    edit = object_in(message, "editMessage") or object_in(envelope, "editMessage")
    if edit:
        message = object_in(edit, "dataMessage")
    if not message:
        found.notices += 1  # a receipt, or that somebody types
        return True
    sender = text_in(envelope, "sourceName", "sourceNumber", "source", "sourceUuid") or account
    group = text_in(object_in(message, "groupInfo"), "groupId") or text_in(object_in(own, "groupInfo"), "groupId")
    with_whom = own or envelope
    chat = (
        group
        or text_in(with_whom, "destinationNumber", "destination", "destinationUuid")
        or text_in(envelope, "sourceNumber", "source", "sourceUuid")
    )
    if not own and not group:
        found.names.setdefault(chat, sender)
    if group:
        found.names.setdefault(chat, text_in(object_in(message, "groupInfo"), "groupName", "name"))
    sent = message.get("timestamp") or envelope.get("timestamp")
    kind = Kind.MEDIA if message.get("attachments") or message.get("sticker") else Kind.OTHER
    if deleted := object_in(message, "remoteDelete"):
        return found.add(chat, sender, deleted.get("timestamp"), _millis(deleted.get("timestamp")), "", Kind.DELETED)
    if edit:
        sent = edit.get("targetSentTimestamp") or sent
    said = text_in(message, "message")
    if not said and kind is Kind.OTHER:
        found.notices += 1  # a reaction
        return True
    return found.add(chat, sender, sent, _millis(sent), said, kind)


def _take_name(found: _Chats, people: dict[str, str], each: Object) -> None:
    """Signal Desktop's: who somebody is, and whose chat is which."""
    if account := object_in(each, "account"):
        people["self"] = " ".join(filter(None, (text_in(account, "givenName"), text_in(account, "familyName"))))
    if recipient := object_in(each, "recipient"):
        about = object_in(recipient, "contact")
        name = " ".join(
            part for part in (text_in(about, "systemGivenName", "profileGivenName"),
                              text_in(about, "systemFamilyName", "profileFamilyName")) if part
        )  # fmt: skip
        title = object_in(object_in(object_in(recipient, "group"), "snapshot"), "title")
        own = people.get("self") or ME if "self" in recipient else ""
        people[str(recipient.get("id"))] = own or name or text_in(title, "title") or text_in(about, "e164", "aci")
    if chat := object_in(each, "chat"):
        found.names[str(chat.get("id"))] = people.get(str(chat.get("recipientId")), "")
    if conversation := object_in(each, "conversation"):
        name = text_in(conversation, "name", "profileFullName", "profileName", "e164")
        identity = text_in(conversation, "id")
        found.names[identity] = name
        for key in ("serviceId", "uuid", "e164"):
            people[text_in(conversation, key)] = name


def _take_item(found: _Chats, people: dict[str, str], item: Object) -> bool:
    if "directionless" in item or "updateMessage" in item:
        found.notices += 1
        return True
    chat = str(item.get("chatId"))
    speaker = people.get(str(item.get("authorId")), "") or (ME if "outgoing" in item else found.names.get(chat, ""))
    message = object_in(item, "standardMessage")
    kind = next((kind for key, kind in _CHAT_ITEMS.items() if key in item), Kind.MEDIA if message else Kind.OTHER)
    sent = item.get("dateSent")
    return found.add(chat, speaker, sent, _millis(sent), text_in(object_in(message, "text"), "body"), kind)


def _take_exported(found: _Chats, each: Object) -> bool:
    """signal-export's, which has one chat in a file."""
    kind = Kind.DELETED if each.get("deleted") else Kind.CALL if each.get("call") else Kind.MEDIA
    said = "" if each.get("deleted") or each.get("call") else text_in(each, "body")
    at = moment_of(each.get("date"))
    return found.add("", text_in(each, "sender"), f"{each.get('date')} {len(found.lines)}", at, said, kind)


def _take_row(found: _Chats, people: dict[str, str], row: Object) -> bool:
    """A row of Signal Desktop's table of messages."""
    kind = row.get("type")
    if kind not in ("incoming", "outgoing"):
        found.notices += 1
        return True
    chat = text_in(row, "conversationId")
    source = text_in(row, "sourceName", "source", "sourceServiceId", "sourceUuid")
    name = people.get(source) or found.names.get(chat) or text_in(row, "conversationName") or source or chat
    sent = row.get("sent_at") or row.get("timestamp")
    erased = row.get("isErased") or row.get("deletedForEveryone")
    said = "" if erased else text_in(row, "body")
    speaker = ME if kind == "outgoing" else name
    return found.add(chat, speaker, sent, _millis(sent), said, Kind.DELETED if erased else Kind.MEDIA)


def _millis(value: Any) -> datetime | None:
    return moment_of(value, per_second=1000)
