"""What was said, as far as a voice is to be learned from it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_TEXT = 1000
"""Characters of a question or an answer that are kept."""
SAME_TALK = timedelta(hours=12)
"""What was said longer ago is not what somebody answers to."""


@dataclass(frozen=True, slots=True)
class SaidMessage:
    """One message. `mine` says whether it is the owner's own."""

    at: datetime
    mine: bool
    text: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the owner wrote in one go, and what it answers; `question` is empty where they began."""

    question: str
    bubbles: tuple[str, ...]
    at: datetime
    after: float | None = None
    """Seconds from the question to the first bubble."""

    @property
    def answer(self) -> str:
        return "\n".join(self.bubbles)


def exchanges(messages: Iterable[SaidMessage], one_turn: timedelta = SAME_TALK) -> Iterator[Exchange]:
    """The owner's turns in one conversation, whose messages come oldest first.

    Messages of theirs in a row that are no further apart than `one_turn` are one. What somebody else sent without a
    word, such as a voice message, ends a turn and asks nothing.
    """
    heard: list[SaidMessage] = []
    mine: list[SaidMessage] = []
    for message in messages:
        if not message.text.strip():
            if mine and not message.mine:
                yield _exchange(heard, mine)
                heard, mine = [], []
            continue
        if not message.mine:
            if mine:
                yield _exchange(heard, mine)
                heard, mine = [], []
            heard.append(message)
        elif mine and message.at - mine[-1].at > one_turn:
            yield _exchange(heard, mine)
            heard, mine = [], [message]
        else:
            mine.append(message)
    if mine:
        yield _exchange(heard, mine)


def _exchange(heard: list[SaidMessage], mine: list[SaidMessage]) -> Exchange:
    first = mine[0].at
    asked = [message for message in heard if first - message.at <= SAME_TALK]
    question = "\n".join(message.text.strip() for message in asked)[-LONGEST_TEXT:]
    after = max(0.0, (first - asked[-1].at).total_seconds()) if asked else None
    return Exchange(question, tuple(_bounded(mine)), first, after)


def _bounded(mine: list[SaidMessage]) -> Iterator[str]:
    room = LONGEST_TEXT
    for message in mine:
        text = message.text.strip()[:room]
        if not text:
            return
        yield text
        room -= len(text)
