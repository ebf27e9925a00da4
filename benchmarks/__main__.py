"""Runs the benchmarks that are named, or all but the long ones, and prints one table; `--json FILE` keeps samples."""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    backlog,
    cluster,
    crowd,
    distance,
    large,
    latency,
    linking,
    memory,
    pages,
    peers,
    pipeline,
    real_model,
    soak,
    startup,
    thousand,
)
from benchmarks.figures import Figure, table
from benchmarks.machine import facts, watching_others

BENCHMARKS: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "latency": latency.run,
    "backlog": backlog.run,
    "memory": memory.run,
    "linking": linking.run,
    "startup": startup.run,
    "thousand": thousand.run,
    "pipeline": pipeline.run,
    "pages": pages.run,
    "large": large.run,
    "cluster": cluster.run,
    "distance": distance.run,
    "soak": soak.run,
    "real-model": real_model.run,
    "peers": peers.run,
    "crowd": crowd.run,
}
LONG = ("large", "cluster", "distance", "soak", "real-model", "peers", "crowd")
"""Only when named: four minutes, ten, four, half an hour and more, ten and a model, five and another product, ten."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample and the machine's facts here")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    machine, began = facts(), datetime.now(UTC)
    figures, others = asyncio.run(_run(asked.names or [name for name in BENCHMARKS if name not in LONG]))
    print(table(figures))
    print(f"\n{machine['cores']} cores, {machine['cpu']}, {machine['memory_gb']} GB, Node {machine['node']}, ", end="")
    print(f"Python {machine['python']}. Cores that others used meanwhile: {others}.")
    if asked.json is not None:
        result = {"began": began.isoformat(), "machine": machine, "cores_used_by_others": others}
        measured = [asdict(figure) | {"ratio": figure.ratio} for figure in figures]
        asked.json.write_text(json.dumps(result | {"figures": measured}, indent=1))


async def _run(names: list[str]) -> tuple[list[Figure], dict[str, float]]:
    """All figures, and how many cores others used during each benchmark."""
    figures: list[Figure] = []
    others: dict[str, float] = {}
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        with watching_others() as busy:
            figures += await BENCHMARKS[name]()
        others[name] = round(busy.others, 2)
    return figures, others


if __name__ == "__main__":
    main()
