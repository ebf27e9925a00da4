"""What is done to the product in one run: drawn from a seed alone, so that the seed brings a run back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Target(StrEnum):
    PYTHON = "python"
    NODE = "node"
    BOTH = "both"


class Act(StrEnum):
    KILL = "kill"
    STOP = "stop"
    """SIGSTOP, and SIGCONT some time later."""
    DROP = "drop"
    """A connection breaks; no process does."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something in the life of a message that can be seen from outside, and who may be hit there."""

    name: str
    targets: tuple[Target, ...] = tuple(Target)
    acts: tuple[Act, ...] = (Act.KILL,)


NETWORK = (
    Step("message handed to us"),
    Step("our receipt for it"),
    Step("our retry receipt"),
    Step("our keys uploaded"),
    Step("our answer, not acknowledged"),
    Step("our answer, to a phone that is off"),
    Step("our answer, acknowledged"),
)
"""Seen by the fake WhatsApp network."""
MODEL = (
    Step("model asked", (Target.PYTHON, Target.BOTH)),
    Step("model answering", (Target.PYTHON, Target.BOTH)),
    Step("model answered"),
)
MOMENTS = (
    Step("any moment"),
    Step("any moment, both", (Target.BOTH,)),
    Step("a hang of Python", (Target.PYTHON,), (Act.STOP,)),
    Step("a hang of Node", (Target.NODE,), (Act.STOP,)),
    Step("a broken connection to WhatsApp", (Target.NODE,), (Act.DROP,)),
)
DATABASE = (
    Step("before a message is stored", (Target.PYTHON, Target.BOTH)),
    Step("after a message is stored", (Target.PYTHON, Target.BOTH)),
    Step("before an answer is stored", (Target.PYTHON, Target.BOTH)),
    Step("before an answer is ticked off", (Target.PYTHON, Target.BOTH)),
    Step("before a commit", (Target.PYTHON, Target.BOTH)),
    Step("after a commit", (Target.PYTHON, Target.BOTH)),
)
"""Seen on PostgreSQL's line."""
DATABASE_LOST = Step("broken connections to the database", (Target.PYTHON,), (Act.DROP,))

ON_SQLITE = (*NETWORK, *MODEL, *MOMENTS)
ON_POSTGRESQL = (*ON_SQLITE, *DATABASE, DATABASE_LOST)


@dataclass(frozen=True, slots=True)
class Talk:
    """`messages` in a row in one conversation. Indices wrap around."""

    conversation: int
    messages: int


@dataclass(frozen=True, slots=True)
class Round:
    """One fault with the talk around it. Times in seconds."""

    step: Step
    target: Target
    act: Act
    conversation: int
    """The one that reaches the step."""
    delay: float
    """Between the step and the fault."""
    pause: float
    """How long a stopped process stands still."""
    before: tuple[Talk, ...]
    meanwhile: tuple[Talk, ...]
    """While the product is away."""
    again: float | None
    """Python is killed once more, so long after it was there again."""


def plan(seed: int, steps: Sequence[Step], rounds: int, *, again: float = 0.2) -> list[Round]:
    """Every step in an order of its own before any comes twice. `again`: the share of rounds with a second kill.

    A longer plan of the same seed begins with the shorter one.
    """
    chance = Random(seed)
    drawn: list[Round] = []
    while len(drawn) < rounds:
        drawn += [_round(chance, step, again) for step in chance.sample(steps, len(steps))]
    return drawn[:rounds]


def kills(rounds: Iterable[Round]) -> int:
    return sum((planned.act is Act.KILL) + (planned.again is not None) for planned in rounds)


def _round(chance: Random, step: Step, again: float) -> Round:
    return Round(
        step=step,
        target=chance.choice(step.targets),
        act=chance.choice(step.acts),
        conversation=chance.randrange(100),
        delay=chance.choice([0, 0, chance.uniform(0, 0.01), chance.uniform(0, 0.2)]),
        pause=chance.uniform(0.2, 1.5),
        before=_talk(chance, 3),
        meanwhile=_talk(chance, 2),
        again=chance.uniform(0, 1) if chance.random() < again else None,
    )


def _talk(chance: Random, most: int) -> tuple[Talk, ...]:
    return tuple(Talk(chance.randrange(100), chance.randint(1, 3)) for _ in range(chance.randint(0, most)))
