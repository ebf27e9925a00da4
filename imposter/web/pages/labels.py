"""Texts for states, times and amounts on the pages. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from imposter.behaviour.message_text import is_blank, shown_text
from imposter.contracts.behaviour import Autonomy
from imposter.contracts.messages import MessageKind, Source
from imposter.contracts.status import LinkState
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import DRAFTED, MessageState, StoredMessage
from imposter.domain.reasons import Gate
from imposter.runtime.explain.explanation import GateOutcome

_DIRECTIONS = re.compile(r"[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class StatusText:
    """The text of a status. `tone` is good, busy, bad or off. `next` says what the owner can do; empty if nothing."""

    label: str
    tone: str
    next: str = ""


STATES: Mapping[LinkState, StatusText] = {
    LinkState.STARTING: StatusText("Starting", "busy", "One moment."),
    LinkState.LINKING: StatusText("Waiting to be linked", "busy", "Scan the code with the phone."),
    LinkState.PASSKEY_REQUIRED: StatusText(
        "WhatsApp wants a passkey", "bad", "Linked devices cannot provide one. Use a pairing code, or try another day."
    ),
    LinkState.CONNECTING: StatusText("Connecting", "busy", "One moment."),
    LinkState.CONNECTED: StatusText("Connected", "good"),
    LinkState.RECONNECTING: StatusText("Reconnecting", "busy", "It retries automatically. No messages are lost."),
    LinkState.LOGGED_OUT: StatusText("Not linked", "bad", "Start the bot and link the account again."),
    LinkState.REPLACED: StatusText(
        "Taken over by another program", "bad", "Close the other program, then start the bot."
    ),
    LinkState.STOPPED: StatusText("Stopped", "off", "Start the bot to reply again."),
    LinkState.ERROR: StatusText("Cannot run", "bad", "Fix the problem below, then start the bot."),
}

DONE: Mapping[str, str] = {
    "made": "Bot created.",
    "changed": "Settings saved.",
    "started": "Bot started.",
    "stopped": "Bot stopped. The account stays linked.",
    "paused": "Bot paused.",
    "resumed": "Bot resumed.",
    "unlinked": "Account unlinked.",
    "unlinked_still_listed": "Account unlinked. Your phone still lists the device: remove it under Linked devices.",
    "deleted": "Bot deleted, with all its data.",
    "deleted_still_listed": (
        "Bot deleted, with all its data. WhatsApp could not be reached: your phone still lists the device. "
        "Remove it there (Settings, Linked devices)."
    ),
    "chat_paused": "Paused in this chat until you resume.",
    "chat_resumed": "Resumed in this chat.",
    "noted": "Notes saved.",
    "treated": "Approval setting saved.",
    "draft_sent": "Sending the answer.",
    "draft_dropped": "Draft discarded. They get no answer.",
    "retried": "Retrying.",
    "retried_some": "Retrying what today's rules allow. The rest stays here.",
    "letter_removed": "Discarded.",
    "unlearned": "Imported chats deleted.",
    "signed_out": "You are signed out.",
    "signed_out_all": "Signed out on every device.",
}
"""Notices by the code in a URL. A link cannot make the page show any other text."""


UNREADABLE = "[message that could not be read here: open it on your phone]"
DELIVERED: Mapping[DeliveryState, str] = {
    DeliveryState.PENDING: "on its way",
    DeliveryState.SENDING: "on its way",
    DeliveryState.SENT: "",
    DeliveryState.FAILED: "not delivered",
    DeliveryState.UNCERTAIN: "perhaps not delivered",
    DeliveryState.WITHDRAWN: "taken back",
}
BECAME: Mapping[MessageState, str] = {
    MessageState.WAITING: "waiting for an answer",
    MessageState.ANSWERED: "",
    MessageState.CONTEXT: "not answered",
    MessageState.IGNORED: "not answered",
    MessageState.EVICTED: "dropped from the queue",
    MessageState.FAILED: "model failed",
}
AUTONOMY: Mapping[Autonomy, str] = {
    Autonomy.AUTO: "reply automatically",
    Autonomy.AUTO_IN_HOURS: "reply automatically in active hours, otherwise ask me",
    Autonomy.DRAFT: "ask me first",
    Autonomy.OBSERVE: "only read",
    Autonomy.OFF: "never reply",
}
GATES: Mapping[Gate, str] = {
    Gate.AUTHOR: "Sender",
    Gate.KIND: "Message type",
    Gate.GROUPS: "Groups",
    Gate.WHITELIST: "Whitelist",
    Gate.AUTONOMY: "Approval setting",
    Gate.LINKED: "Sent after linking",
    Gate.GROUP_TRIGGER: "Group mention",
    Gate.HOURS: "Active hours",
    Gate.AGE: "Message age",
    Gate.QUEUE: "Queue",
    Gate.BURST: "Finished typing",
    Gate.PAUSE: "Pauses",
    Gate.CAPS: "Rate limits",
    Gate.BUDGET: "Budget",
    Gate.MODEL: "Model",
    Gate.RELEASE: "Approval",
    Gate.DELIVERY: "Delivery",
}
OUTCOMES: Mapping[GateOutcome, str] = {
    GateOutcome.PASSED: "passed",
    GateOutcome.WAITED: "waited",
    GateOutcome.WAITING: "waiting",
    GateOutcome.STOPPED: "stopped here",
    GateOutcome.NOT_REACHED: "not reached",
}


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def ago(at: datetime, now: datetime) -> str:
    seconds = max(0, int((now - at).total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return f"{count(seconds // length, unit)} ago"
    return "just now"


LINE_KINDS: Mapping[str, tuple[str, str]] = {
    "text": ("with text", "with text"),
    "media": ("a picture or file", "pictures and files"),
    "location": ("a place", "places"),
    "call": ("a call", "calls"),
    "poll": ("a poll", "polls"),
    "deleted": ("deleted", "deleted"),
    "forwarded": ("forwarded", "forwarded"),
    "other": ("without text", "without text"),
    "notice": ("a notice", "notices"),
    "quoted": ("pasted from elsewhere", "pasted from elsewhere"),
}
"""The kinds of lines in an exported chat, in singular and plural."""


def line_kinds(counts: Mapping[str, int]) -> str:
    """Return counts of lines by kind, such as `1,204 with text, 3 calls`."""
    return ", ".join(f"{number:,} {LINE_KINDS.get(kind, (kind, kind))[number != 1]}" for kind, number in counts.items())


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, such as `1 message` or `2,000 messages`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def money(sums: Mapping[str, float]) -> str:
    """Return amounts such as `0.12 USD`. Empty if none is known."""
    return ", ".join(f"{_rounded(amount)} {currency}" for currency, amount in sorted(sums.items()) if currency)


def _rounded(amount: float) -> str:
    return f"{amount:,.2f}" if amount >= 0.01 or amount == 0 else "under 0.01"


def plain(name: str) -> str:
    """Return a name without characters that change how it is displayed.

    These are the marks, embeddings, overrides and isolates of https://www.unicode.org/reports/tr9/ and control
    characters.
    """
    return _DIRECTIONS.sub("", name).strip()


def shown_of(message: StoredMessage) -> str:
    """Return the text that shows a message. Never empty."""
    is_deleted = message.deleted_at is not None
    if is_reaction(message):
        return "took a reaction back" if is_blank(message.content) else f"reacted {message.content}"
    if message.kind is MessageKind.UNREADABLE and not message.content:
        return UNREADABLE
    shown = shown_text(message.content, message.kind, message.details, is_deleted=is_deleted, unseen=message.unseen)
    return "[empty message]" if is_blank(shown) else shown


def is_reaction(message: StoredMessage) -> bool:
    """Return whether a message is a reaction. Some providers only set the message that it reacts to."""
    is_one = message.kind is MessageKind.REACTION or message.reacts_to is not None
    return is_one and message.deleted_at is None


def capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def said_of(message: StoredMessage) -> str:
    """Return what happened to a message in a few words. Empty if it was handled as usual."""
    if message.delivery is not None:
        return DELIVERED.get(message.delivery, "")
    if message.source is not Source.CONTACT or message.deleted_at is not None:  # shown instead of the text
        return ""
    return "needs approval" if message.reason == DRAFTED else BECAME.get(message.state, "")
