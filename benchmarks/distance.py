"""One server whose PostgreSQL is far away: a line between them delays every byte.

Bots are `dummy` with `fakeLlm`; each contact waits for an answer and writes again. The floor is the same server on the
socket of its database. What an answer takes beyond that, divided by the delay, is how often it waits for the line.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from statistics import median

from sqlalchemy.engine import make_url

from benchmarks.cluster import AT_ONCE, servers
from benchmarks.database import Database, database
from benchmarks.figures import Figure
from benchmarks.house import Stopwatch, dummy_bot, until
from tests.acceptance.product import Product

DELAYS = (1, 10, 40, 200)
"""Milliseconds that a question and its answer take longer together."""
BOTS = 60
CONVERSATIONS = 5
"""Of each bot."""
ROUNDS = 2
MESSAGES = 50
"""Of each bot in a round."""
LOOK_EVERY = 0.02
ALONE = 12
"""Messages that come one by one."""
CHUNK = 1 << 16
ROOM = {"max_messages": 100_000, "max_characters": 10_000_000}
CONTEXT = {"max_messages": 10, "max_characters": 1000}

# Each message and each answer takes the next.
_NEWEST = "SELECT coalesce(max(seq), 0) FROM messages"
_ANSWER_TIMES = """
    SELECT extract(epoch FROM outbox.sent_at - question.received_at)::float FROM outbox
    JOIN messages answer ON answer.seq = outbox.seq JOIN messages question ON question.seq = answer.answers
    WHERE outbox.state = 'sent' AND outbox.instance_id = %s
"""


async def run() -> list[Figure]:
    floor, alone = await _measure(0)
    figures = []
    for delay in DELAYS:
        many, one = await _measure(delay)
        target = {1: "300", 10: "100"}.get(delay, "")
        what = f"database {delay} ms away"
        trips = [(each - median(alone)) * 1000 / delay for each in one]
        figures += [
            Figure(f"{what}: answers a second, {BOTS} bots", "messages/s", many, floor, target, "on its socket"),
            Figure(f"{what}: one answer alone", "ms", [each * 1000 for each in one], [each * 1000 for each in alone]),
            Figure(f"{what}: of that, waits for the line", "", trips, [], "4"),
        ]
    return figures


async def _measure(delay: float) -> tuple[list[float], list[float]]:
    """Answers a second in each round; the seconds from accepting a message that comes alone to its answer's sending."""
    async with database() as data, delayed(data, delay / 1000) as far, servers(far, ["far"], AT_ONCE) as [node]:
        await _talk(data, node, "warm-up", CONVERSATIONS)
        await data.analyze()
        many = [await _talk(data, node, f"round {number}", MESSAGES) for number in range(ROUNDS)]
        slowly = {"rate": 2, "count": ALONE, "conversations": 1}
        [alone] = await node.put(dummy_bot("alone", slowly, queue_config=ROOM, context_config=CONTEXT))
        rows = await until(lambda: data.rows(_ANSWER_TIMES, alone), lambda rows: len(rows) >= ALONE)
        lost = [
            line
            for line in (await node.api.get("/metrics")).text.splitlines()
            if line.startswith("imposter_leases_lost_total")
        ]
        assert all(float(line.split()[-1]) == 0 for line in lost), f"{delay} ms: {lost}"
    return many, [seconds for (seconds,) in rows]


async def _talk(data: Database, node: Product, who: str, each: int) -> float:
    """Answers a second while bots say so many each: of all, the middle eight tenths."""
    load = {"rate": 10_000, "count": each, "conversations": CONVERSATIONS, "patient": True}
    configs = [
        dummy_bot(f"{who} of {number}", load, queue_config=ROOM, context_config=CONTEXT) for number in range(BOTS)
    ]
    began, total = await data.one(_NEWEST), 2 * BOTS * each
    await asyncio.gather(*(node.put(config) for config in configs))  # one request would make them one by one
    first = await until(lambda: data.one(_NEWEST), lambda seq: seq >= began + total / 10, LOOK_EVERY)
    watch = Stopwatch()
    last = await until(lambda: data.one(_NEWEST), lambda seq: seq >= began + total * 9 / 10, LOOK_EVERY)
    seconds = watch.seconds
    await until(lambda: data.one(_NEWEST), lambda seq: seq >= began + total, LOOK_EVERY)
    return float(last - first) / 2 / seconds


@asynccontextmanager
async def delayed(data: Database, seconds: float) -> AsyncIterator[Database]:
    """The same database behind a line on which there and back takes so many seconds; 0: its own socket."""
    if not seconds:
        yield data
        return
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        socket = make_url(data.url).query["host"]
        there, onward = await asyncio.open_unix_connection(f"{socket}/.s.PGSQL.5432")
        for way in (_carry(reader, onward, seconds / 2), _carry(there, writer, seconds / 2)):
            task = asyncio.create_task(way, name="line")
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    url = make_url(data.url).set(host="127.0.0.1", port=port, query={"sslmode": "disable"})
    try:
        yield data.at(url.render_as_string(hide_password=False))
    finally:
        listening.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Each byte comes out so much later as it came in, however many are on their way."""
    loop, under_way = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]]()

    async def put_out() -> None:
        while True:
            at, data = await under_way.get()
            await asyncio.sleep(at - loop.time())
            if not data:
                writer.close()
                return
            writer.write(data)

    async with asyncio.TaskGroup() as ways:
        ways.create_task(put_out(), name="line-out")
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                under_way.put_nowait((loop.time() + seconds, data))
        under_way.put_nowait((loop.time() + seconds, b""))
