"""What the page says of states, times and sums. Pure."""

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
    """`tone`: good, busy, bad or off. `next`: what to do; empty: nothing."""

    label: str
    tone: str
    next: str = ""


STATES: Mapping[LinkState, StatusText] = {
    LinkState.STARTING: StatusText("Starting", "busy", "One moment."),
    LinkState.LINKING: StatusText("Waiting to be linked", "busy", "Scan the code with the phone."),
    LinkState.PASSKEY_REQUIRED: StatusText(
        "WhatsApp wants a passkey", "bad", "Linked devices cannot give one. Try the pairing code, or link another day."
    ),
    LinkState.CONNECTING: StatusText("Connecting", "busy", "One moment."),
    LinkState.CONNECTED: StatusText("Connected", "good"),
    LinkState.RECONNECTING: StatusText(
        "Reconnecting", "busy", "It goes on trying by itself; nothing is lost meanwhile."
    ),
    LinkState.LOGGED_OUT: StatusText("Not linked", "bad", "Start it, and link the account again."),
    LinkState.REPLACED: StatusText(
        "Taken over by another program", "bad", "Close the other one that uses this link, then start the bot."
    ),
    LinkState.STOPPED: StatusText("Stopped", "off", "Start it when it is to answer."),
    LinkState.ERROR: StatusText("Cannot run", "bad", "Mend what is said here, then start it again."),
}

DONE: Mapping[str, str] = {
    "made": "The bot is made.",
    "changed": "The settings are in force.",
    "started": "The bot is started.",
    "stopped": "The bot is stopped. The account stays linked.",
    "paused": "The bot is silent now.",
    "resumed": "The bot answers again.",
    "unlinked": "The account is unlinked.",
    "unlinked_still_listed": "The account is unlinked here, but the phone still lists the link: remove it there.",
    "deleted": "The bot is deleted, with everything it had stored.",
    "deleted_still_listed": (
        "The bot is deleted, with everything it had stored. WhatsApp could not be told: the phone still lists the "
        "link, so remove it there (Settings, Linked devices)."
    ),
    "chat_paused": "The bot is silent in this chat until you end that.",
    "chat_resumed": "The bot answers in this chat again.",
    "noted": "From now on the model is told this of what was said before.",
    "treated": "From now on the bot goes that far with them.",
    "draft_sent": "It is on its way.",
    "draft_dropped": "The draft is dropped; they get no answer.",
    "retried": "It is tried again.",
    "retried_some": "It is tried again, where today's rules allow it; the rest stays here.",
    "letter_removed": "It is let go.",
    "imported": "The chat is imported; the bot learns from it.",
    "imported_nothing": "The chat is imported, but nothing of yours in it answers anybody.",
    "unlearned": "All imported chats are deleted.",
    "signed_out": "You are signed out.",
    "signed_out_all": "Everybody is signed out, on every device.",
}
"""By the code that an address bears: a link can have the page say nothing else."""


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
    MessageState.WAITING: "waits for an answer",
    MessageState.ANSWERED: "",
    MessageState.CONTEXT: "not answered",
    MessageState.IGNORED: "not answered",
    MessageState.EVICTED: "fell out of the queue",
    MessageState.FAILED: "the model failed",
}
AUTONOMY: Mapping[Autonomy, str] = {
    Autonomy.AUTO: "answer by itself",
    Autonomy.AUTO_IN_HOURS: "answer by itself within my hours, else ask me",
    Autonomy.DRAFT: "ask me first",
    Autonomy.OBSERVE: "only read along",
    Autonomy.OFF: "leave them alone",
}
GATES: Mapping[Gate, str] = {
    Gate.AUTHOR: "Who wrote it",
    Gate.KIND: "What it is",
    Gate.GROUPS: "Groups",
    Gate.WHITELIST: "Whether they are answered",
    Gate.AUTONOMY: "How far the bot goes with them",
    Gate.LINKED: "When the account was linked",
    Gate.GROUP_TRIGGER: "Whether it is for you",
    Gate.HOURS: "Your active hours",
    Gate.AGE: "How old it is",
    Gate.QUEUE: "The queue",
    Gate.BURST: "Whether they had finished",
    Gate.PAUSE: "Pauses",
    Gate.CAPS: "The account's safety",
    Gate.BUDGET: "The budget",
    Gate.MODEL: "The model",
    Gate.RELEASE: "Whether you are asked first",
    Gate.DELIVERY: "Delivery",
}
OUTCOMES: Mapping[GateOutcome, str] = {
    GateOutcome.PASSED: "passed",
    GateOutcome.WAITED: "waited",
    GateOutcome.WAITING: "waits here",
    GateOutcome.STOPPED: "ended here",
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


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Such as `1 message`, `2,000 messages`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def money(sums: Mapping[str, float]) -> str:
    """Such as `0.12 USD`; empty where nothing is known."""
    return ", ".join(f"{_rounded(amount)} {currency}" for currency, amount in sorted(sums.items()) if currency)


def _rounded(amount: float) -> str:
    return f"{amount:,.2f}" if amount >= 0.01 or amount == 0 else "under 0.01"


def plain(name: str) -> str:
    """What somebody calls themselves, without what would have it read otherwise than it is written.

    https://www.unicode.org/reports/tr9/ : marks, embeddings, overrides and isolates.
    """
    return _DIRECTIONS.sub("", name).strip()


def shown_of(message: StoredMessage) -> str:
    """A message in one text, which is never empty."""
    is_deleted = message.deleted_at is not None
    if is_reaction(message):
        return "took a reaction back" if is_blank(message.content) else f"reacted {message.content}"
    if message.kind is MessageKind.UNREADABLE and not message.content:
        return UNREADABLE
    shown = shown_text(message.content, message.kind, message.details, is_deleted=is_deleted, unseen=message.unseen)
    return "[empty message]" if is_blank(shown) else shown


def is_reaction(message: StoredMessage) -> bool:
    """Whether it is one, as some providers tell by what it reacts to alone."""
    is_one = message.kind is MessageKind.REACTION or message.reacts_to is not None
    return is_one and message.deleted_at is None


def capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def said_of(message: StoredMessage) -> str:
    """What became of a message, in a few words; empty where it went as one expects."""
    if message.delivery is not None:
        return DELIVERED.get(message.delivery, "")
    if message.source is not Source.CONTACT or message.deleted_at is not None:  # which is shown in place of its words
        return ""
    return "waits for your word" if message.reason == DRAFTED else BECAME.get(message.state, "")
