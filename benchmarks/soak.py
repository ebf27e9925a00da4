"""What 300 kills cost, whether memory stays flat over 200,000 messages, and how soon a message is durable.

`script/bench soak` runs all three on SQLite. The kills alone, with other numbers or on PostgreSQL:
`python -m benchmarks.soak --kills 50 --seed 7 --database URL --json FILE`; a seed brings its run back. With
`--chaos 10000` in place of `--kills`, owners do all that they may meanwhile (`benchmarks/chaos.py`).
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, redirect_stderr
from dataclasses import asdict
from pathlib import Path
from random import SystemRandom
from typing import Any, ClassVar

import structlog

from benchmarks import chaos
from benchmarks.figures import Figure, percentile, table
from benchmarks.house import NO_LIMITS, dummy_bot, folder, phone, server
from benchmarks.machine import facts, memory
from imposter.clock import SystemClock
from imposter.contracts.chat import ChatContext
from imposter.contracts.config import Limits
from imposter.contracts.messages import Message, Sender, Source
from imposter.contracts.status import LinkState, LinkStatus
from imposter.domain.messages import Accepted, MessageState, Verdict
from imposter.logs import configure_logs
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from imposter.secrets import Cipher
from imposter.storage import Store, open_store
from imposter.storage.database.jobs import Pending
from llm_providers.fakeLlm import FakeLlmProvider
from queue_manager import UserQueue
from tests.acceptance.product import Product
from tests.durability.driver import Result, driving
from tests.durability.plan import ON_POSTGRESQL, ON_SQLITE, kills, plan
from tests.durability.wire import open_line
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import config_of, open_house, until

KILLS = 300

ROOM = {"max_messages": 100_000, "max_characters": 10_000_000}
CONTEXT = {"max_messages": 10, "max_characters": 1000}

MEMORY_MESSAGES = 200_000
MEMORY_BEGINS = 10_000
MEMORY_CONTACTS = 50
MEMORY_PATIENCE = 3600.0
LOOK_EVERY = 1.0
"""Seconds."""

DURABLE_RATE = 500
DURABLE_SECONDS = 20
DURABLE_CONTACTS = 50


async def run() -> list[Figure]:
    result = await kill(KILLS, SystemRandom().randrange(1_000_000))
    return [*figures_of(result), *await _memory(), *await _durable()]


# Kills


async def kill(wanted: int, seed: int, database: str | None = None) -> Result:
    """Kill until it is `wanted` times. Raises tests.durability.driver.Broken, whose text names the seed."""
    print(f"DURABILITY_SEED={seed}", file=sys.stderr, flush=True)
    steps = ON_SQLITE if database is None else ON_POSTGRESQL
    rounds = plan(seed, steps, 2 * wanted)
    while kills(rounds[:-1]) >= wanted:
        rounds.pop()
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(folder())
        network = await stack.enter_async_context(WhatsAppNetwork())
        line = None if database is None else await stack.enter_async_context(open_line(database))
        quiet = {"IMPOSTER_LOG_LEVEL": "info"}
        driver = await stack.enter_async_context(driving(place, network, seed, phone, line=line, environment=quiet))
        return await driver.play(rounds)


def figures_of(result: Result) -> list[Figure]:
    found = result.findings
    killed = ", ".join(f"{who} {times}" for who, times in sorted(result.kills.items()))
    missed = ", ".join(f"{step} {times}" for step, times in sorted(result.missed.items())) or "none"
    counts = {
        f"kills ({killed})": result.kills.total(),
        f"steps that were planned and never came about, hit at no particular moment instead ({missed})": (
            result.missed.total()
        ),
        "messages accepted": found.accepted,
        "lost": found.lost,
        "answered twice": found.answered_twice,
        "out of order": found.out_of_order,
        "in a wrong conversation": found.strayed,
        "sent again under the same id with another text": found.changed,
        "sent again under the same id with the same text": found.sent_again,
    }
    return [
        *(Figure(f"soak: {what}", "", [number], [], "") for what, number in counts.items()),
        Figure("soak: everything answered after a fault", "s", result.recoveries, [], ""),
        Figure("soak: the longest of these", "s", [max(result.recoveries)], [], ""),
    ]


# Memory


async def _memory() -> list[Figure]:
    """MB that Python holds after the first 10,000 messages to one bot, and after all of them."""
    load = {"rate": 10_000, "count": MEMORY_MESSAGES, "conversations": MEMORY_CONTACTS, "patient": True}
    config = dummy_bot("soak", load, queue_config=ROOM, context_config=CONTEXT, limits_config=NO_LIMITS)
    async with server() as product:
        [instance_id] = await product.put(config)
        early = await _memory_at(product, instance_id, MEMORY_BEGINS)
        late = await _memory_at(product, instance_id, MEMORY_MESSAGES)
    grown = f"growth over {MEMORY_MESSAGES:,} messages to one bot"
    return [
        Figure(f"Python after {MEMORY_MESSAGES:,} messages to one bot", "MB", [late], [early], "", "after 10,000"),
        Figure(grown, "MB", [late - early], [], "20"),
    ]


async def _memory_at(product: Product, instance_id: str, messages: int) -> float:
    """Once so many messages are answered; each message and each answer takes the next seq."""
    async with asyncio.timeout(MEMORY_PATIENCE):
        while True:
            answer = await product.api.get(f"/chatbot/{instance_id}/messages", params={"limit": 1})
            if any(row["seq"] >= 2 * messages for row in answer.json()["messages"]):
                break
            await asyncio.sleep(LOOK_EVERY)
    return memory(product.pid).rss


# How soon a message is durable


class Sink:
    """A platform that keeps nothing: what it had kept would be the server's own load in the end."""

    queues: ClassVar[dict[str, UserQueue]] = {}

    def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, UserQueue]) -> None:
        self.queues[user_id] = user_queues[user_id]

    def attach(self, context: ChatContext) -> None:
        self._context = context

    async def start_listening(self) -> None:
        self._context.report(LinkStatus(status=LinkState.CONNECTED))

    async def stop_listening(self) -> None:
        pass

    async def sendMessage(self, recipient: str, message: str) -> None:  # noqa: N802 - the contract's name
        pass

    async def send_with_id(self, recipient: str, message: str, message_id: str) -> None:
        pass


async def _durable() -> list[Figure]:
    """`add_message` at a steady rate while each message is answered; the floor is the Store alone."""
    async with folder() as place, open_store(None, place, Cipher(b"k" * 32), now=SystemClock().now) as store:
        await store.bots.add("bot", "anna", {})
        floor = await _at_a_steady_rate(lambda number: _add(store, number))
    providers = (
        ProviderFile(ProviderKind.CHAT, "sink", provider=Sink),
        ProviderFile(ProviderKind.MODEL, "fake", provider=FakeLlmProvider),
    )
    config = config_of("anna", chat="sink", model="fake", queue_config=ROOM, context_config=CONTEXT)
    async with folder() as place:
        with _logs_as_served(place):
            async with open_house(place, *providers, clock=SystemClock()) as house:
                await house.bots.put(config)
                await until(lambda: "anna" in Sink.queues)
                hear = Sink.queues["anna"].add_message
                product = await _at_a_steady_rate(lambda number: hear(f"message {number}", _friend(number)))
    return [
        Figure(
            f"durable after add_message, {DURABLE_RATE} messages a second, p99", "ms",
            [percentile(product, 99)], [percentile(floor, 99)], "10", "Store alone, nothing answered",
        )
    ]  # fmt: skip


@contextmanager
def _logs_as_served(place: Path) -> Iterator[None]:
    """JSON lines to a file, from level info on."""
    with (place / "log").open("w") as log, redirect_stderr(log):
        configure_logs("info", "json")
        yield
    structlog.reset_defaults()


async def _at_a_steady_rate(add: Callable[[int], Pending[Accepted]]) -> list[float]:
    """Milliseconds from each call until the task that awaits it goes on."""
    waits: list[float] = []

    async def settled(pending: Pending[Accepted], called: float) -> None:
        await pending
        waits.append((time.monotonic() - called) * 1000)

    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in range(DURABLE_RATE * DURABLE_SECONDS):
            await asyncio.sleep(max(0.0, began + number / DURABLE_RATE - time.monotonic()))
            called = time.monotonic()
            tasks.create_task(settled(add(number), called), name="settled")
    return waits[DURABLE_RATE:]  # without the first second


def _add(store: Store, number: int) -> Pending[Accepted]:
    friend = _friend(number)
    message = Message(
        message_id=f"in-{number}",
        content=f"message {number}",
        sender=Sender(friend),
        source=Source.CONTACT,
        sent_at=SystemClock().now(),
        reply_to=friend,
        chat=(friend,),
    )
    return store.messages.add("bot", message, Limits(**ROOM), lambda *_: Verdict(MessageState.CONTEXT), tuple)


def _friend(number: int) -> str:
    return f"friend {number % DURABLE_CONTACTS}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=kill.__doc__)
    parser.add_argument("--kills", type=int, default=KILLS, metavar="N")
    parser.add_argument("--chaos", type=int, metavar="N", help="so many kills, while owners do all that they may")
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="default: drawn, and printed")
    parser.add_argument("--database", metavar="URL", help="of an empty database in PostgreSQL; default: SQLite")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    asked = parser.parse_args()
    seed = SystemRandom().randrange(1_000_000) if asked.seed is None else asked.seed
    if asked.chaos is not None:
        tally = asyncio.run(chaos.mix(asked.chaos, seed, asked.database))
        print(table(chaos.figures_of(tally)))
        if asked.json is not None:
            asked.json.write_text(json.dumps({"seed": seed, "machine": facts(), **asdict(tally)}, indent=1))
        sys.exit(1 if tally.violations else 0)
    result = asyncio.run(kill(asked.kills, seed, asked.database))
    print(table(figures_of(result)))
    if asked.json is not None:
        counted = {"kills": result.kills, "steps": result.steps, "missed": result.missed}
        told = {"seed": seed, "machine": facts(), "findings": asdict(result.findings), **counted}
        told["recoveries"] = result.recoveries
        asked.json.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
