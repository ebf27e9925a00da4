"""The tests' chaos for a night: everything at once while servers are killed, in chapters that each begin anew.

`script/bench soak --chaos 10000 --seed 7 --database URL`. A chapter has a seed of its own, which brings it back
by the tests: `CHAOS_SEED=<seed> CHAOS_ROUNDS=<rounds>`.
"""

import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from benchmarks.figures import Figure
from benchmarks.house import folder, phone
from tests.chaos.driver import Driver, chaos
from tests.chaos.plan import until_killed
from tests.chaos.world import Broken
from tests.fakes.whatsapp_network import WhatsAppNetwork

CHAPTER = 50
"""Kills. What is said in a chapter stays in the driver's memory until its end."""


@dataclass
class Tally:
    kills: Counter[str] = field(default_factory=Counter)
    fates: Counter[str] = field(default_factory=Counter)
    deeds: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    answered: int = 0
    violations: int = 0
    """Chapters that broke."""
    rounds: list[float] = field(default_factory=list)

    def add(self, driver: Driver) -> None:
        result = driver.result
        self.kills += result.kills
        self.fates += result.fates
        self.deeds += result.deeds
        self.rounds += result.rounds
        self.answered += result.answered
        self.messages += sum(map(len, driver.world.ledger.said))

    def __str__(self) -> str:
        return f"{self.kills.total()} kills, {self.messages} messages, {self.violations} violations"


async def mix(wanted: int, seed: int, database: str | None = None) -> Tally:
    """Kill at least so often, and tell after each chapter how it stands; a chapter that breaks is told in full."""
    tally = Tally()
    while tally.kills.total() < wanted:
        rounds = until_killed(seed, min(CHAPTER, wanted - tally.kills.total()))
        _tell(f"CHAOS_SEED={seed} CHAOS_ROUNDS={len(rounds)}")
        async with AsyncExitStack() as stack:
            place = await stack.enter_async_context(folder())
            network = await stack.enter_async_context(WhatsAppNetwork())
            quiet = {"IMPOSTER_LOG_LEVEL": "info"}
            run = chaos(place, network, seed, phone, database=database, environment=quiet)
            driver = await stack.enter_async_context(run)
            try:
                await driver.play(rounds)
            except Broken as broken:
                tally.violations += 1
                _tell(str(broken))
            tally.add(driver)
        _tell(str(tally))
        seed += 1
    return tally


def figures_of(tally: Tally) -> list[Figure]:
    killed = ", ".join(f"{who} {times}" for who, times in sorted(tally.kills.items()))
    left = ", ".join(f"{why} {times}" for why, times in sorted(tally.fates.items()))
    counts = {
        f"kills ({killed})": tally.kills.total(),
        "deeds of owners": tally.deeds.total(),
        "messages": tally.messages,
        "answered": tally.answered,
        f"not answered, as it should be ({left})": tally.fates.total(),
        "chapters in which the promise was broken": tally.violations,
    }
    return [
        *(Figure(f"chaos: {what}", "", [number], [], "") for what, number in counts.items()),
        Figure("chaos: a round, until everything was answered", "s", tally.rounds, [], ""),
    ]


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
