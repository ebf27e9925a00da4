"""The commands that list, pause and resume bots."""

import sys
from collections.abc import Sequence

from imposter.cli.client import Server
from imposter.cli.labels import harmless, say, state_of, table
from imposter.contracts.status import BotStatus, LinkState, SafetyLevel

SHORTEST = 8
"""Minimum number of characters shown of an instance_id."""


def show(server: Server) -> None:
    bots = server.bots()
    if not bots:
        say(f"The server has no bots yet. To make the first, open {server.address} in a browser.")
        return
    length = _distinct([bot.instance_id for bot in bots])
    rows = [_row(bot, length) for bot in bots]
    for line in table(("USER", "INSTANCE", "STATE", "SAFETY", "WAITING"), rows):
        say(line)
    notes = [f"{bot.user_id}: {note}" for bot in bots for note in _notes(bot)]
    if notes:
        say()
    for note in notes:
        say(note)


def show_json(server: Server) -> None:
    """Print the server's response. Characters that a terminal would obey are written as equivalent JSON escapes."""
    escaped = (
        character if harmless(character) else _escape(character) for character in server.text("/chatbot").strip()
    )
    sys.stdout.write(f"{''.join(escaped)}\n")


def pause(server: Server, name: str, contact: str | None, minutes: float | None) -> None:
    bot = server.find(name)
    body = {"contact": contact, "minutes": minutes}
    bot = server.post(f"/chatbot/{bot.instance_id}/pause", BotStatus, {k: v for k, v in body.items() if v is not None})
    span = "until you resume it" if minutes is None else f"for {minutes:g} minute{'' if minutes == 1 else 's'}"
    say(f"{bot.user_id} is silent {_where(contact)}, {span}.")


def resume(server: Server, name: str, contact: str | None) -> None:
    bot = server.find(name)
    body = {} if contact is None else {"contact": contact}
    bot = server.post(f"/chatbot/{bot.instance_id}/resume", BotStatus, body)
    say(f"{bot.user_id} answers again {_where(contact)}.")
    if bot.status is not LinkState.CONNECTED:
        say(f"But it {state_of(bot)}.")
    if bot.safety.level is not SafetyLevel.NORMAL:
        for reason in bot.safety.reasons:
            say(f"But: {reason}")


def _row(bot: BotStatus, length: int) -> tuple[str, ...]:
    state = state_of(bot).removeprefix("is ")
    return bot.user_id, bot.instance_id[:length], state, bot.safety.level.value, str(bot.waiting)


def _where(contact: str | None) -> str:
    return "in all chats" if contact is None else f"in the chat with {contact}"


def _notes(bot: BotStatus) -> list[str]:
    budget = [bot.budget.reason] if bot.budget else []
    unreadable = ""
    if bot.unreadable:
        count, it = (f"{bot.unreadable:,} messages", "them") if bot.unreadable > 1 else ("1 message", "it")
        unreadable = f"{count} could not be read here; look at {it} on your phone."
    said = [bot.detail, *bot.safety.reasons, *budget, unreadable, bot.last_error]
    return list(dict.fromkeys(note for note in said if note))


def _distinct(ids: Sequence[str]) -> int:
    """Return the number of characters that make all ids distinct."""
    return next(
        (length for length in range(SHORTEST, 36) if len({each[:length] for each in ids}) == len(ids)),
        max(map(len, ids)),
    )


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
