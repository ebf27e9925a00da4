"""A thousand bots: made in one request, and back after a restart."""

from benchmarks.figures import Figure
from benchmarks.house import Stopwatch, dummy_bot, server, until
from benchmarks.machine import memory
from tests.acceptance.product import Product

BOTS = 1000
ROUNDS = 3
LOOK_EVERY = 0.1
"""Seconds. Asking for a thousand states is work, too."""


async def run() -> list[Figure]:
    rounds = [await _round() for _ in range(ROUNDS)]
    made, back, each = map(list, zip(*rounds, strict=True))
    return [
        Figure(f"PUT of {BOTS} dummy bots", "s", made, [], "3"),
        Figure(f"{BOTS} dummy bots connected after a restart", "s", back, [], "5"),
        Figure("Python, one dummy bot more", "MB", each),
    ]


async def _round() -> tuple[float, float, float]:
    """Seconds until all are made, seconds from the new start until all are connected, MB for each."""
    async with server() as product:
        empty = memory(product.pid).rss
        configs = [dummy_bot(f"bot {number}", {"messages": []}) for number in range(BOTS)]
        watch = Stopwatch()
        await product.put(*configs)
        made = watch.seconds
        await until(lambda: _connected(product), lambda count: count == BOTS, LOOK_EVERY)
        each = (memory(product.pid).rss - empty) / BOTS
        await product.stop()
        watch = Stopwatch()
        await product.start()
        await until(lambda: _connected(product), lambda count: count == BOTS, LOOK_EVERY)
        return made, watch.seconds, each


async def _connected(product: Product) -> int:
    answer = await product.api.get("/chatbot")
    return sum(status["status"] == "connected" for status in answer.json())
