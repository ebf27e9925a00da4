"""What happens in one run, drawn from a seed alone, so that the seed brings a run back."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tests.durability.plan import Target


class Deed(StrEnum):
    """What contacts and owners do beside talking."""

    DECIDE_BY_API = "a draft decided by API"
    DECIDE_BY_REACTION = "a draft decided by a reaction"
    DECIDE_BY_REPLY = "a reply in the place of a draft"
    DECIDE_TWICE = "a draft decided here and there at once"
    TAKEOVER = "a takeover by hand"
    PAUSE_CHAT = "a pause of one chat"
    PAUSE_ALL = "a pause of all chats"
    IMPORT = "an import of a chat"
    EXAM = "an exam"
    FORGET = "a contact forgotten"
    RECONFIGURE = "another config"
    DELETE = "a bot deleted and made anew"
    STOP = "a bot stopped and started"


STEPS = (
    None,
    None,
    "message handed to us",
    "our receipt for it",
    "our answer, not acknowledged",
    "our answer, acknowledged",
)
"""Where a kill may come: at a moment of its own, or when the network sees one of these."""


@dataclass(frozen=True, slots=True)
class Act:
    """One deed, `delay` seconds after its round began. `choice`, 0 to 1, settles what is open; places wrap around."""

    deed: Deed
    place: int
    delay: float
    messages: int
    choice: float
    lasts: bool
    """A silence is not ended with the act."""


@dataclass(frozen=True, slots=True)
class Talk:
    """Some messages in a row in one conversation."""

    conversation: int
    delay: float
    messages: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A kill. `late`: where there is another server, it is started again when everything is answered without it."""

    target: Target
    server: int
    step: str | None
    account: int
    """Whose step it is."""
    delay: float
    late: bool


@dataclass(frozen=True, slots=True)
class Round:
    acts: tuple[Act, ...]
    conversation_service: tuple[Talk, ...]
    faults: tuple[Fault, ...]
    """One after the other."""


def plan(seed: int, rounds: int) -> list[Round]:
    """Every deed in an order of its own before any comes twice. A longer plan begins with the shorter one."""
    chance = Random(f"{seed} of the chaos")
    deeds: list[Deed] = []
    targets: list[Target] = []
    drawn = []
    for number in range(rounds):
        if len(deeds) < 3:
            deeds += chance.sample(tuple(Deed), len(Deed))
        if len(targets) < 2:
            targets += chance.sample(tuple(Target), len(Target))
        hits = 2 if chance.random() < 0.25 else 1
        drawn.append(
            Round(
                acts=tuple(_act(chance, deeds.pop(0)) for _ in range(2 if number % 2 else 3)),
                conversation_service=tuple(
                    Talk(chance.randrange(100), chance.uniform(0, 1.5), chance.randint(1, 3))
                    for _ in range(chance.randint(2, 4))
                ),
                faults=tuple(_fault(chance, targets.pop(0)) for _ in range(hits)),
            )
        )
    return drawn


def kills(rounds: Iterable[Round]) -> int:
    return sum(len(planned.faults) for planned in rounds)


def until_killed(seed: int, wanted: int) -> list[Round]:
    """As many rounds as it takes to kill at least so often."""
    rounds = plan(seed, wanted)
    while len(rounds) > 1 and kills(rounds[:-1]) >= wanted:
        rounds.pop()
    return rounds


def _act(chance: Random, deed: Deed) -> Act:
    return Act(
        deed,
        place=chance.randrange(100),
        delay=chance.choice((0, chance.uniform(0, 1))),
        messages=chance.randint(1, 2),
        choice=chance.random(),
        lasts=chance.random() < 0.3,
    )


def _fault(chance: Random, target: Target) -> Fault:
    return Fault(
        target,
        server=chance.randrange(100),
        step=chance.choice(STEPS),
        account=chance.randrange(100),
        delay=chance.uniform(0, 2),
        late=chance.random() < 0.3,
    )
