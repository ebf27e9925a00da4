"""What the page says of states, times and sums. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from imposter.contracts.states import LinkState


@dataclass(frozen=True, slots=True)
class Saying:
    """`tone`: good, busy, bad or off. `next`: what to do; empty: nothing."""

    label: str
    tone: str
    next: str = ""


STATES: Mapping[LinkState, Saying] = {
    LinkState.STARTING: Saying("Starting", "busy", "One moment."),
    LinkState.LINKING: Saying("Waiting to be linked", "busy", "Scan the code with the phone."),
    LinkState.PASSKEY_REQUIRED: Saying(
        "WhatsApp wants a passkey", "bad", "Linked devices cannot give one. Try the pairing code, or link another day."
    ),
    LinkState.CONNECTING: Saying("Connecting", "busy", "One moment."),
    LinkState.CONNECTED: Saying("Connected", "good"),
    LinkState.RECONNECTING: Saying("Reconnecting", "busy", "It goes on trying by itself; nothing is lost meanwhile."),
    LinkState.LOGGED_OUT: Saying("Not linked", "bad", "Start it, and link the account again."),
    LinkState.REPLACED: Saying(
        "Taken over by another program", "bad", "Close the other one that uses this link, then start the bot."
    ),
    LinkState.STOPPED: Saying("Stopped", "off", "Start it when it is to answer."),
    LinkState.ERROR: Saying("Cannot run", "bad", "Mend what is said here, then start it again."),
}

DONE: Mapping[str, str] = {
    "made": "The bot is made.",
    "started": "The bot is started.",
    "stopped": "The bot is stopped. The account stays linked.",
    "paused": "The bot is silent now.",
    "resumed": "The bot answers again.",
    "unlinked": "The account is unlinked.",
    "deleted": "The bot is deleted, with everything it had stored.",
    "signed_out": "You are signed out.",
    "signed_out_all": "Everybody is signed out, on every device.",
}
"""By the code that an address bears: a link can have the page say nothing else."""


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


def capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]
