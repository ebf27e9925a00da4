"""Chats as Telegram Desktop exports them in its machine-readable form, `result.json`: one chat, or all of them."""

import re
from collections.abc import Iterator
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
from imposter.voice.exports._json import Object, list_in, moment_of, object_in, text_in, value_of
from imposter.voice.files import Text
from imposter.voice.system_messages import Kind

APP = "Telegram"
_HEAD = 4000
"""Characters in which one of its words stands."""
_WORDS = re.compile(r'"(?:about|chats|messages|personal_information|name|type)"\s{0,9}:')
_PAGE = re.compile(r"\s{0,99}<!DOCTYPE html>(?s:.){0,2000}(?:Exported Data|tgme|telegram)", re.IGNORECASE)
_KINDS = {"location_information": Kind.LOCATION, "live_location_period_seconds": Kind.LOCATION, "poll": Kind.POLL}
_MEDIA = ("file", "photo", "media_type", "sticker_emoji", "contact_information", "game_title", "invoice_information")


def chats(text: Text) -> list[Export]:
    """The chats in a text; none where it is not Telegram's. Raises: UnreadableExport, for a page in HTML."""
    head = text.text[:_HEAD]
    if _PAGE.match(head):
        raise UnreadableExport(
            "This is Telegram's export for reading: export the chat once more and choose JSON, `machine-readable`."
        )
    if not head.lstrip().startswith("{") or not _WORDS.search(head):
        return []
    value = value_of(text.text)
    if not isinstance(value, dict):
        return []
    found = [chat for part in ("chats", "left_chats") for chat in list_in(object_in(value, part), "list")]
    return [_chat(chat, text) for chat in (found or [value]) if _is_chat(chat)]


def _is_chat(value: Any) -> bool:
    messages = list_in(value, "messages")
    return any(isinstance(each, dict) and "date" in each and ("from" in each or "actor" in each) for each in messages)


def _chat(chat: Object, text: Text) -> Export:
    messages = list_in(chat, "messages")
    if len(messages) > MOST_MESSAGES:
        raise UnreadableExport(f"It holds more than {MOST_MESSAGES} messages: export a shorter time.")
    lines, notices, unread = [], 0, []
    for number, message in enumerate(messages, 1):
        if isinstance(message, dict) and message.get("type") == "service":
            notices += 1
        elif line := _line(message):
            lines.append(line)
        else:
            unread.append(Unread(number, str(message)[:LONGEST_SHOWN], text.name))
    return Export(
        lines=tuple(lines),
        app=APP,
        name=text_in(chat, "name"),
        notices=notices,
        unread=tuple(unread[:MOST_SHOWN]),
        unread_lines=len(unread),
        damaged=text.damaged,
    )


def _line(message: Any) -> ExportLine | None:
    if not isinstance(message, dict):
        return None
    at = moment_of(message.get("date_unixtime") or message.get("date"))
    speaker = clean_name(text_in(message, "from", "from_id"))
    if at is None or not speaker:
        return None
    said = "".join(_texts(message)).strip()[:LONGEST_MESSAGE]
    if "forwarded_from" in message or "via_bot" in message:
        return ExportLine(at, speaker, "", Kind.FORWARDED)
    if said:
        return ExportLine(at, speaker, said)
    kind = next((kind for key, kind in _KINDS.items() if key in message), None)
    return ExportLine(at, speaker, "", kind or (Kind.MEDIA if any(key in message for key in _MEDIA) else Kind.OTHER))


def _texts(message: Object) -> Iterator[str]:
    """A text is one, or a list of texts and of objects with one."""
    said = message.get("text")
    if not said:
        said = message.get("text_entities")
    for part in said if isinstance(said, list) else [said]:
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            yield part["text"]
