"""What the server does with others' words, by name: each is to take time in proportion to them.

As a program it takes the one that is named through texts that make such things slow, as `pumps` does with a pattern.
"""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping

from chat_providers._whatsapp.ids import canonical_id
from imposter.behaviour.blocked_topics import blocked
from imposter.behaviour.bot_suspicion import asks_if_bot
from imposter.behaviour.guard.agreement import binding
from imposter.behaviour.guard.commitments import Named, objections
from imposter.behaviour.guard.encoded_text import decoded
from imposter.behaviour.guard.leaks import Leaks
from imposter.behaviour.guard.unreadable_text import is_unreadable
from imposter.behaviour.mentions import calls
from imposter.behaviour.sentence_boundaries import seams
from imposter.contracts.messages import Source, Turn
from imposter.contracts.model import Private
from imposter.contracts.untrusted_text import as_data
from imposter.phone_numbers import plain_id, problem, simple
from imposter.voice.emoji import before_last_emoji
from imposter.voice.export import UnreadableExport
from imposter.voice.exports import ExportReader, imessage, read, signal_json, signal_text, telegram
from imposter.voice.files import ExportFile, Text
from imposter.voice.language_detection import language_of, terms
from imposter.voice.system_messages import typed
from tests.attacks.pumps import GENERIC, look_through

LEAKS = Leaks(Private(("You are Anna. The heron sleeps beside the old water mill of Grimma.",), ("sk-0123456789abcd",)))
WORDS = (
    "the heron sleeps ", "i'll pay ", "ich komme um 8 ", "te te ", "8 pm ", "50 \u20ac ", "QUJD", "%41", "&#65;",
    "\\u0041", "01000001", "[01/05/2024, 09:07:00] Tom: hi\n", "<edited>", "image omitted\n", "a_", "_a",
    "1. a\n", "- a\n", "Anna", "\u043a\u043e\u0442 ", "\u0131", "i ",
    "(\u2026) ", "\u201ea", "1,", "a.b.", "http://a.b ", "aB3", "x" * 50,
)  # fmt: skip


def exported(text: str) -> None:
    with contextlib.suppress(UnreadableExport):
        read([ExportFile("chat.txt", text.encode("utf-8", "replace"))])


def read_by(reader: ExportReader, name: str, begin: str, end: str = "") -> Callable[[str], object]:
    def read_it(text: str) -> None:
        with contextlib.suppress(UnreadableExport):
            reader.chats(Text(name, f"{begin}{text}{end}"))

    return read_it


def as_json(reader: ExportReader, message: Mapping[str, object]) -> Callable[[str], object]:
    def read_it(text: str) -> None:
        chat = {"name": text, "type": "personal_chat", "messages": [{**message, "body": text, "text": [text, text]}]}
        reader.chats(Text("chat.json", json.dumps(chat)))

    return read_it


READERS: Mapping[str, Callable[[str], object]] = {
    "export": exported,
    "an export of iMessage": read_by(imessage, "", "Mar 12, 2024  3:05:33 PM\nMe\n"),
    "an export of Signal in Markdown": read_by(signal_text, "chat.md", "[2024-03-12 15:05:33] Mia: "),
    "an export of sigtop": read_by(signal_text, "", "From: Mia (1)\nType: incoming\nSent: x\n\n"),
    "a short export of sigtop": read_by(signal_text, "", "2024-03-12 15:05 Mia: "),
    "an export of Signal in JSON": as_json(signal_json, {"sent_at": 1710255933000, "type": "incoming"}),
    "an export of Telegram": as_json(telegram, {"date": "2024-03-12T15:05:33", "from": "Mia"}),
    "notices": typed,
    "emoji": before_last_emoji,
    "words": lambda text: list(terms(text)),
    "language": language_of,
    "commitments": lambda text: objections(text, Named([text]), Named([])),
    "assent": lambda text: binding(text, [Turn(Source.CONTACT, text)], Named([text])),
    "assent to a request": lambda text: binding(text, [Turn(Source.CONTACT, "can you lend me 500?")]),
    "leaks": lambda text: LEAKS.of(text, [text[:500]] * 40),
    "encodings": lambda text: list(decoded(text)),
    "unreadable": is_unreadable,
    "blocked": lambda text: blocked([text], ["wedding", "a b"]),
    "complaints": asks_if_bot,
    "mentions": lambda text: calls(text, ["Anna", "_", "a_", "\u0301"]),
    "seams": seams,
    "quoting": as_data,
    "id": plain_id,
    "phone number": problem,
    "phone number's characters": simple,
    "whatsapp id": canonical_id,
}


def pumped() -> Iterator[tuple[str, str]]:
    for piece in (*GENERIC, *WORDS):
        yield "", piece
    for piece in (" ", "a", "_", "\u2764\ufe0f", "\n"):
        yield "[01/05/2024, 09:07:00] Tom: ", piece


if __name__ == "__main__":
    look_through(READERS[sys.argv[1]], pumped())
