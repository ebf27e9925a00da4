"""Output to the terminal. Names and texts of contacts are hostile: none may control the terminal."""

import sys
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

from imposter.contracts.errors import ImposterError
from imposter.contracts.status import BotStatus, LinkState

STATES = {
    LinkState.STARTING: "is starting",
    LinkState.LINKING: "waits for its phone (link)",
    LinkState.PASSKEY_REQUIRED: "needs a passkey",
    LinkState.CONNECTING: "is connecting",
    LinkState.CONNECTED: "is connected",
    LinkState.RECONNECTING: "is connecting again",
    LinkState.LOGGED_OUT: "is unlinked",
    LinkState.REPLACED: "was replaced by another program",
    LinkState.STOPPED: "is stopped",
    LinkState.ERROR: "cannot work",
}
_JOINERS = "\u200c\u200d"
"""Scripts and emoji need them, and they are harmless."""


class CommandError(ImposterError):
    """An error for the user of the command line: one sentence with the fix."""


def harmless(character: str) -> bool:
    """Return whether a terminal shows this character: no control or direction character, and no lone surrogate."""
    return character in _JOINERS or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def plain(text: str) -> str:
    """Return the text on one line, with \ufffd in place of characters that would control the terminal."""
    return "".join(
        " " if character in "\r\n\t" else character if harmless(character) else "\ufffd" for character in text
    )


def say(text: str = "") -> None:
    """Print one line."""
    sys.stdout.write(f"{plain(text)}\n")
    sys.stdout.flush()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [list(head), *([plain(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def state_of(bot: BotStatus) -> str:
    """Return the words that follow the bot's name in a sentence."""
    return STATES[bot.status]


def moment(time: datetime) -> str:
    there = time.astimezone(UTC)
    return f"{there:%Y-%m-%d %H:%M:%S}.{there.microsecond // 100_000}"
