"""The brief for an owner who returns to a chat: the messages that the bot sent for them, and open questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from imposter.behaviour.quoted_text import name_of, one_line

LONGEST_LINE = 240
"""Maximum number of characters per message."""
MOST_LINES = 12
"""Maximum number of messages. The newest are shown."""
UNDO = "undo"
"""The owner's reply to a brief that takes its messages back."""


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One message of the chat. `mine` is True if the bot wrote it, in the owner's name."""

    mine: bool
    text: str


def told(name: str, talk: Sequence[SummaryLine], promised: Sequence[str], *, undoable: bool) -> str:
    """Return the text of the brief.

    `talk` is in order and has at least one line of the bot's; `promised` are passages of those.
    """
    said = sum(line.mine for line in talk)
    sent = "1 message was" if said == 1 else f"{said} messages were"
    parts = [f"While you were away, {sent} sent to {name_of(name)} for you:"]
    shown = talk[-MOST_LINES:]
    if len(shown) < len(talk):
        parts.append(f"({len(talk) - len(shown)} earlier ones are not shown)")
    parts += [f"{'You' if line.mine else 'They'}: {one_line(line.text, LONGEST_LINE)}" for line in shown]
    if promised:
        parts.append(f"Promised: {_listed(list(dict.fromkeys(promised)))}")
    if unanswered := open_lines(talk):
        parts.append(f"Not answered yet: {_listed(unanswered)}")
    if undoable:
        parts.append(f'Reply "{UNDO}" to this message to take back what was sent.')
    return "\n".join(parts)


def open_lines(talk: Sequence[SummaryLine]) -> list[str]:
    """Return the contact's messages after the bot's last one."""
    *_, (mine, last) = [(mine, list(lines)) for mine, lines in groupby(talk, lambda line: line.mine)]
    return [] if mine else [line.text for line in last]


def _listed(texts: Sequence[str]) -> str:
    shown = "; ".join(one_line(text, LONGEST_LINE) for text in texts[:MOST_LINES])
    return shown if len(texts) <= MOST_LINES else f"{shown}; and {len(texts) - MOST_LINES} more"
