"""An answer as it is stored and sent: its bubbles, and the time of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from imposter.behaviour import typing_simulation
from imposter.contracts.behaviour import Behaviour, Pace
from imposter.domain.deliveries import Part
from imposter.domain.messages import Work


@dataclass(frozen=True, slots=True)
class IncomingText:
    """What is looked at before the answer is typed."""

    at: datetime
    messages: Sequence[tuple[str, str]]
    """Message id and sender's id of each."""


@dataclass(frozen=True, slots=True)
class AnswerParts:
    parts: tuple[Part, ...]
    reading: IncomingText | None
    """None: it goes out at once."""
    typing: tuple[float, ...] = ()
    """For how many seconds before each part it is seen to be typed."""


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
    """`new_id` makes the id of each part, counted from 0. `by_line`: each line is a message of its own.

    Reading and thinking begin when the last message came: what the model took is part of them, what is typed is not.
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
