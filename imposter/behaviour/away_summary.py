"""What an owner who comes back to a chat is told: what was said there in their name, and what is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from imposter.behaviour.quoted_text import name_of, one_line

LONGEST_LINE = 240
"""Characters of one message that are shown."""
MOST_LINES = 12
"""Messages that are shown, the newest."""
UNDO = "undo"
"""The owner's answer to a brief that takes back what it tells of."""


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One message of the talk. `mine` says that the bot wrote it, in its owner's name."""

    mine: bool
    text: str


def told(name: str, talk: Sequence[SummaryLine], promised: Sequence[str], *, undoable: bool) -> str:
    """`talk` is in order and holds at least one line of the bot's; `promised` are words out of those."""
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
    """What they wrote after the bot's last line."""
    *_, (mine, last) = [(mine, list(lines)) for mine, lines in groupby(talk, lambda line: line.mine)]
    return [] if mine else [line.text for line in last]


def _listed(texts: Sequence[str]) -> str:
    shown = "; ".join(one_line(text, LONGEST_LINE) for text in texts[:MOST_LINES])
    return shown if len(texts) <= MOST_LINES else f"{shown}; and {len(texts) - MOST_LINES} more"
