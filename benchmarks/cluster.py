"""One, two and three servers on one PostgreSQL with its own defaults, all of them on this machine.

They share its cores with the database and with one another, so that two do not do twice of what one does here: what a
server and the database use of a core for a message is what counts elsewhere. The servers run with the product's own
defaults; but where there are 10,000 bots they link them as fast as they can, unless it says otherwise.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from benchmarks.database import Database, Load, database
from benchmarks.figures import Figure, percentile
from benchmarks.house import Stopwatch, dummy_bot, folder, until
from benchmarks.machine import cpu_seconds, memory
from tests.acceptance.product import Product

KEY = "a key that all of the servers have in common"
LEASE = 10.0
"""Seconds, the product's default."""
NAMES = ("one", "two", "three")
LOOK_EVERY = 0.02
ROOM = {"max_messages": 100_000, "max_characters": 10_000_000}
CONTEXT = {"max_messages": 10, "max_characters": 1000}

ROUNDS = 3
MESSAGES = 1000
"""For each server in a round."""
CONVERSATIONS = 50
WARM_UP = 100
IN_HASTE = 10_000
"""Messages a second: more than are answered."""

SLOWLY = 20
"""Messages a second, so that each is alone in its commits."""
SLOW_MESSAGES = 400
QUIET = 10.0
COMMANDS = 300

FEW = 30
"""Bots, shared by three servers, of which one ends."""
KILLS = 12
STOPS = 12

MANY = 10_000
PUT_AT_ONCE = 1000
AT_ONCE = {"IMPOSTER_LINKS_PER_SECOND": "10000"}
QUIET_MINUTE = 60.0

# Each message and each answer takes the next.
_NEWEST = "SELECT coalesce(max(seq), 0) FROM messages"
_SHARES = "SELECT node_id, count(instance_id) FROM nodes LEFT JOIN bots ON owner = node_id GROUP BY node_id"
_FREE = "SELECT count(*) FROM bots WHERE owner IS NULL OR owner NOT IN (SELECT node_id FROM nodes)"
_LEFT = "SELECT extract(epoch FROM until - clock_timestamp())::float FROM nodes WHERE name = %s"
_IS_NODE = "SELECT count(*) FROM nodes WHERE node_id = %s"
_EPOCHS = "SELECT coalesce(sum(epoch), 0)::bigint FROM bots"
# Whoever starts a bot raises its epoch, and says how it is under the new one.
_STARTS = """
    SELECT coalesce(sum(statuses.epoch), 0)::bigint FROM bots JOIN nodes ON node_id = owner
    JOIN statuses USING (instance_id) WHERE statuses.epoch = bots.epoch
"""


async def run() -> list[Figure]:
    figures = []
    for count in range(1, len(NAMES) + 1):
        figures += await _answers(NAMES[:count])
    async with database() as data, servers(data, NAMES) as nodes:
        figures += await _load_of_a_message(data, nodes[0])
        figures += await _commands(nodes)
        figures += await _ends(data, nodes)
    return figures + await _many()


@asynccontextmanager
async def servers(
    data: Database, names: Sequence[str], environment: Mapping[str, str] | None = None
) -> AsyncIterator[list[Product]]:
    """Ready, on this database."""
    common = {
        "IMPOSTER_DATABASE_URL": data.url,
        "IMPOSTER_SECRET_KEY": KEY,
        "IMPOSTER_LOG_LEVEL": "info",
        **(environment or {}),
    }
    async with folder() as place, AsyncExitStack() as stack:
        nodes = [Product(place / name, common | {"IMPOSTER_NODE_NAME": name}) for name in names]
        for node in nodes:
            node.data.parent.mkdir()
            stack.push_async_callback(_end, node)
        await asyncio.gather(*(node.start() for node in nodes))
        yield nodes


async def _end(node: Product) -> None:
    await node.kill()
    await node.api.aclose()


# Answers


async def _answers(names: Sequence[str]) -> list[Figure]:
    """As many as these servers give, each to contacts of a bot of its own who wait for an answer and write again."""
    async with database() as data, servers(data, names) as nodes:
        await _answer_all(data, nodes, "warm-up", WARM_UP)
        rounds = [await _answer_all(data, nodes, f"round {number}", MESSAGES) for number in range(ROUNDS)]
    of = f"{len(names)} server" + ("s" if len(names) > 1 else "")
    each, unit = MESSAGES * len(names), "messages/s"
    return [
        Figure(f"{of}: answers a second in all", unit, [each / seconds for seconds, _, _ in rounds]),
        Figure(f"{of}: answers a second, each", unit, [MESSAGES / seconds for seconds, _, _ in rounds]),
        Figure(f"{of}: answers a second and core of the server", unit, [each / used for _, used, _ in rounds]),
        Figure(f"{of}: answers a second and core of the database", unit, [each / load.cpu for _, _, load in rounds]),
        *_of_load(f"{of}, full speed, a message", [load / each for _, _, load in rounds]),
    ]


async def _answer_all(data: Database, nodes: Sequence[Product], who: str, messages: int) -> tuple[float, float, Load]:
    """Seconds, seconds of the servers' cores, and what the database did."""
    configs = [_talking(f"{who} of {index}", messages, IN_HASTE) for index in range(len(nodes))]
    wanted = await data.one(_NEWEST) + 2 * messages * len(nodes)
    before, used, watch = await data.load(), _cpu(nodes), Stopwatch()
    await asyncio.gather(*(node.put(config) for node, config in zip(nodes, configs, strict=True)))
    await until(lambda: data.one(_NEWEST), lambda seq: seq >= wanted, LOOK_EVERY)
    return watch.seconds, _cpu(nodes) - used, await data.load() - before


def _talking(user_id: str, messages: int, rate: float) -> dict[str, Any]:
    load = {"rate": rate, "count": messages, "conversations": CONVERSATIONS, "patient": True}
    return dummy_bot(user_id, load, queue_config=ROOM, context_config=CONTEXT)


def _cpu(nodes: Sequence[Product]) -> float:
    return sum(cpu_seconds(node.pid) for node in nodes)


async def _load_of_a_message(data: Database, node: Product) -> list[Figure]:
    """Of one that comes alone; what the servers ask when nothing happens is taken off."""
    before, watch = await data.load(), Stopwatch()
    await asyncio.sleep(QUIET)
    idle = (await data.load() - before) / watch.seconds
    before, watch = await data.load(), Stopwatch()
    wanted = await data.one(_NEWEST) + 2 * SLOW_MESSAGES
    await node.put(_talking("slow", SLOW_MESSAGES, SLOWLY))
    await until(lambda: data.one(_NEWEST), lambda seq: seq >= wanted, LOOK_EVERY * 25)
    each = (await data.load() - before - idle * watch.seconds) / SLOW_MESSAGES
    return [
        *_of_load(f"3 servers, {SLOWLY} messages a second, a message", [each]),
        *_of_load("3 servers with no bots, a second", [idle]),
    ]


def _of_load(what: str, loads: Sequence[Load]) -> list[Figure]:
    return [
        Figure(f"{what}: transactions", "", [load.transactions for load in loads]),
        Figure(f"{what}: rows read", "", [load.read for load in loads]),
        Figure(f"{what}: rows written", "", [load.written for load in loads]),
        Figure(f"{what}: WAL", "KB", [load.wal / 1024 for load in loads]),
        Figure(f"{what}: time of a core of the database", "ms", [load.cpu * 1000 for load in loads]),
    ]


# Commands


async def _commands(nodes: Sequence[Product]) -> list[Figure]:
    """One after the other, of a bot on the first server: asked there, and asked on the second."""
    owner, other, *_ = nodes
    [instance_id] = await owner.put(dummy_bot("commanded", {"messages": []}))
    await owner.until_status(instance_id, "connected")
    pairs = [(await _command(owner, instance_id), await _command(other, instance_id)) for _ in range(COMMANDS)]
    here, there = map(list, zip(*pairs, strict=True))
    note = "asked where the bot lives"
    return [
        Figure("a command, asked on another server", "ms", there, here, "100", note),
        Figure("a command, asked on another server, p99", "ms", [percentile(there, 99)], [percentile(here, 99)], "",
               note),
    ]  # fmt: skip


async def _command(node: Product, instance_id: str) -> float:
    """Milliseconds."""
    watch = Stopwatch()
    answer = await node.api.post(f"/chatbot/{instance_id}/resume")
    assert answer.status_code == 200, answer.text
    return watch.seconds * 1000


# Ends


@dataclass(frozen=True, slots=True)
class Takeover:
    """Seconds from the end of a server until its bots, all of them, were further on."""

    lease: float
    """What was left of it at the end."""
    noticed: float
    taken: float
    connected: float
    gone: float
    """Until its process had ended."""


async def _ends(data: Database, nodes: Sequence[Product]) -> list[Figure]:
    await _put(nodes, [dummy_bot(f"bot {number}", {"messages": []}) for number in range(FEW)])
    chance = Random(1)
    kills = [await _end_one(data, nodes, signal.SIGKILL, chance) for _ in range(KILLS)]
    stops = [await _end_one(data, nodes, signal.SIGTERM, chance) for _ in range(STOPS)]
    part = "after kill -9, part:"
    return [
        *_p50_and_p99("after kill -9: its bots connected elsewhere", [end.connected for end in kills], "20"),
        Figure(f"{part} what was left of its lease", "s", [end.lease for end in kills]),
        Figure(f"{part} until another noticed that it had ended", "s", [end.noticed - end.lease for end in kills]),
        Figure(f"{part} until all bots had a new owner", "s", [end.taken - end.noticed for end in kills]),
        Figure(f"{part} until the last was connected", "s", [end.connected - end.taken for end in kills]),
        *_p50_and_p99("after SIGTERM: its bots connected elsewhere", [end.connected for end in stops], "5"),
        *_p50_and_p99("after SIGTERM: the process gone", [end.gone for end in stops], "10"),
    ]


def _p50_and_p99(what: str, samples: list[float], target: str) -> list[Figure]:
    worst = Figure(f"{what}, p99", "s", [percentile(samples, 99)])
    return [Figure(what, "s", samples, (), target), worst]


async def _end_one(data: Database, nodes: Sequence[Product], how: signal.Signals, chance: Random) -> Takeover:
    """End a server at any moment of its lease, and start it again when its bots are elsewhere."""
    await _shared_out(data, len(nodes))
    index = chance.randrange(len(nodes))
    victim, survivor = nodes[index], nodes[index - 1]
    [[node_id]] = await data.rows("SELECT node_id FROM nodes WHERE name = %s", NAMES[index])
    [[all_bots, its_bots]] = await data.rows("SELECT count(*), count(*) FILTER (WHERE owner = %s) FROM bots", node_id)
    wanted = await data.one(_EPOCHS) + its_bots
    await asyncio.sleep(chance.random() * LEASE / 5)
    left, watch = await data.one(_LEFT, NAMES[index]), Stopwatch()
    ending = asyncio.create_task(_stop(victim, how), name="ending")
    await until(lambda: data.one(_IS_NODE, node_id) if how is signal.SIGKILL else data.one(_FREE), _is_nothing)
    noticed = watch.seconds
    await until(lambda: _owned_by_others(data, node_id), lambda count: count == all_bots, LOOK_EVERY)
    taken = watch.seconds
    await until(lambda: data.one(_STARTS), lambda starts: starts >= wanted, LOOK_EVERY)
    await until(lambda: _connected(survivor), lambda count: count == all_bots, LOOK_EVERY)
    connected = watch.seconds
    gone = await ending
    await victim.start()
    return Takeover(left, noticed, taken, connected, gone)


async def _stop(node: Product, how: signal.Signals) -> float:
    watch = Stopwatch()
    await node.stop(how)
    return watch.seconds


def _is_nothing(count: int) -> bool:
    return count == 0


async def _owned_by_others(data: Database, node_id: str) -> int:
    return int(await data.one("SELECT count(*) FROM bots JOIN nodes ON node_id = owner WHERE owner <> %s", node_id))


async def _connected(node: Product) -> int:
    answer = await node.api.get("/chatbot")
    node.seen.clear()
    return sum(status["status"] == "connected" for status in answer.json())


async def _put(nodes: Sequence[Product], configs: Sequence[Mapping[str, Any]]) -> list[float]:
    """Make them in portions, on one server after the other; the seconds that each portion took."""
    size = min(PUT_AT_ONCE, -(-len(configs) // len(nodes)))
    seconds = []
    for place, first in enumerate(range(0, len(configs), size)):
        watch = Stopwatch()
        await nodes[place % len(nodes)].put(*configs[first : first + size])
        seconds.append(watch.seconds)
    return seconds


async def _shared_out(data: Database, nodes: int) -> None:
    """Returns when each server has as many as any other, and all have been started."""

    async def at_rest() -> bool:
        shares = [bots for _, bots in await data.rows(_SHARES)]
        all_run = await data.one(_STARTS) == await data.one(_EPOCHS)
        return len(shares) == nodes and max(shares) - min(shares) <= 1 and all_run

    await until(at_rest, bool, LOOK_EVERY)


# Ten thousand


async def _many() -> list[Figure]:
    async with database() as data, servers(data, NAMES, AT_ONCE) as nodes:
        empty = [memory(node.pid).rss for node in nodes]
        configs = [dummy_bot(f"bot {number}", {"messages": []}) for number in range(MANY)]
        made = await _put(nodes, configs)
        await _shared_out(data, len(nodes))
        full = [memory(node.pid).rss for node in nodes]
        share = MANY / len(nodes)
        before, used, watch = await data.load(), _cpu(nodes), Stopwatch()
        await asyncio.sleep(QUIET_MINUTE)
        idle, busy = (await data.load() - before) / watch.seconds, (_cpu(nodes) - used) / watch.seconds / len(nodes)
        watch = Stopwatch()
        asked = await _connected(nodes[0])
        listed = watch.seconds
        assert asked == MANY, f"{asked} of {MANY} bots are connected"
        lost, shared_again = await _lose_a_third(data, nodes)
        wanted = await data.one(_EPOCHS) + MANY
        stopped = await asyncio.gather(*(_stop(node, signal.SIGTERM) for node in nodes))
        watch = Stopwatch()
        await asyncio.gather(*(node.start() for node in nodes))
        await until(lambda: data.one(_STARTS), lambda starts: starts >= wanted, LOOK_EVERY * 5)
        back = watch.seconds
    return [
        Figure(f"PUT of {PUT_AT_ONCE} bots", "s", made),
        Figure(f"memory of a server, no bots, then a third of {MANY}", "MB", full, empty, "", "no bots"),
        Figure("memory, one idle bot more", "KB", [
            (after - before) * 1024 / share for before, after in zip(empty, full, strict=True)
        ]),
        *_of_load(f"3 servers with {MANY} idle bots, a second", [idle]),
        Figure("of that, for each idle bot: rows read", "", [idle.read / MANY]),
        Figure(f"3 servers with {MANY} idle bots: of a core, each", "%", [busy * 100]),
        Figure(f"GET /chatbot of {MANY}", "s", [listed]),
        Figure("after kill -9 of one of three: its third connected, past its lease", "s", [lost]),
        Figure("that one back, until it has its share again", "s", [shared_again]),
        Figure(f"SIGTERM of all three with {MANY}: gone", "s", stopped, [], "10"),
        Figure(f"start of all three: {MANY} taken and started", "s", [back]),
    ]  # fmt: skip


async def _lose_a_third(data: Database, nodes: Sequence[Product]) -> tuple[float, float]:
    """Seconds from the end of its lease until its bots run elsewhere, and from its return until it has its share."""
    its_bots = await data.one("SELECT count(*) FROM bots JOIN nodes ON node_id = owner WHERE name = %s", NAMES[-1])
    wanted = await data.one(_EPOCHS) + its_bots
    left, watch = await data.one(_LEFT, NAMES[-1]), Stopwatch()
    await nodes[-1].kill()
    await until(lambda: data.one(_STARTS), lambda starts: starts >= wanted, LOOK_EVERY * 5)
    past = watch.seconds - left
    await nodes[-1].start()
    watch = Stopwatch()
    await _shared_out(data, len(nodes))
    return past, watch.seconds
