"""The parts of an answer as they are stored and sent, each with its time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from imposter.behaviour import typing_simulation
from imposter.contracts.behaviour import Behaviour, Pace
from imposter.domain.deliveries import Part
from imposter.domain.messages import Work


@dataclass(frozen=True, slots=True)
class IncomingText:
    """The messages that are marked as read before the answer is typed."""

    at: datetime
    messages: Sequence[tuple[str, str]]
    """The message id and the sender's id of each message."""


@dataclass(frozen=True, slots=True)
class AnswerParts:
    parts: tuple[Part, ...]
    reading: IncomingText | None
    """None: the answer goes out at once."""
    typing: tuple[float, ...] = ()
    """Seconds for which the typing indicator is shown before each part."""


def paced(
    text: str,
    work: Work,
    behaviour: Behaviour,
    now: datetime,
    chance: typing_simulation.Chance,
    new_id: Callable[[int], str],
    *,
    by_line: bool = False,
) -> AnswerParts:
    """Split an answer into parts, and give each a time according to the contact's pace.

    `new_id` makes the id of each part, counted from 0. With `by_line` each line is a message of its own.

    Reading and thinking time start when the last message was received. The time that the model took counts as part of
    them, but not as part of the typing time.
    """
    heard_characters = sum(len(message.content) for message in work.messages)
    plan = typing_simulation.plan(text, heard_characters, behaviour, chance, by_line=by_line)
    if behaviour.pace is Pace.OFF or not plan.bubbles:
        return AnswerParts((Part(text, new_id(0)),), None)
    read_at = min(work.message.received_at, now) + timedelta(seconds=plan.read_after)
    parts: list[Part] = []
    free_at = read_at
    for number, bubble in enumerate(plan.bubbles):
        begun = max(now, free_at + timedelta(seconds=bubble.pause))
        free_at = begun + timedelta(seconds=bubble.typing)
        parts.append(Part(bubble.text, new_id(number), free_at))
    heard = [(message.message_id, message.sender_id) for message in work.messages]
    return AnswerParts(tuple(parts), IncomingText(read_at, heard), tuple(bubble.typing for bubble in plan.bubbles))
