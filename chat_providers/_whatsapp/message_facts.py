"""Facts of a WhatsApp message besides its words, in the core's form."""

from base64 import b64decode

from chat_providers._whatsapp.protocol import InboundMessage
from chat_providers._whatsapp.protocol import Quoted as QuotedMessage
from imposter.contracts.messages import UNREADABLE, Mention, MessageFacts, MessageKind, Quote

LIVES = (0, 86_400, 604_800, 7_776_000)
"""Lifetimes of messages that WhatsApp offers, in seconds; 0 is unlimited. Senders cannot choose other ones."""


def facts_of(message: InboundMessage, *, before_linking: bool) -> MessageFacts:
    changes = message.changes
    kind = message.kind
    if changes is not None:
        kind = MessageKind.EDIT if changes.how == "edit" else MessageKind.DELETION
    return {
        "kind": kind,
        "details": message.details,
        "offline": message.offline,
        "answerable": message.answerable and not before_linking,
        "note": _note(message, before_linking=before_linking),
        "addressed": message.addressed,
        "quotes": message.quotes,
        "quoted": _quote(message.quoted) if message.quoted is not None else None,
        "reacts_to": message.reacts_to,
        "unseen": message.unseen,
        "mentions": tuple(
            Mention((each.id, *([each.alt] if each.alt else [])), is_owner=each.me) for each in message.mentions
        ),
        "changes": changes.message_id if changes is not None else None,
        "by_admin": changes is not None and changes.by_admin,
        "changes_of": changes.author if changes is not None else None,
        "forwarded": message.forwarded,
        "disappears_after": message.expiration if message.expiration in LIVES else None,
        "secret": b64decode(message.secret) if message.secret else None,
    }


def _note(message: InboundMessage, *, before_linking: bool) -> str | None:
    if message.changes is not None:
        return UNREADABLE if message.kind is MessageKind.UNREADABLE else message.note
    if before_linking:
        return "before_linking"
    return "missed_call" if (message.note or "").startswith("event:CALL_MISSED") else message.note


def _quote(quoted: QuotedMessage) -> Quote:
    return Quote(quoted.text, quoted.kind, quoted.details, quoted.sender)
