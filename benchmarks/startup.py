"""From the command to the first answer of /readyz, with everything installed and no bot yet."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import httpx2

from benchmarks.figures import Figure
from benchmarks.house import Stopwatch, folder, until
from tests.acceptance.product import ROOT, free_port

STARTS = 5
TARGET = "2"
UVICORN = (".venv/bin/uvicorn", "main:app")
SCRIPT = ("script/server",)


async def run() -> list[Figure]:
    await asyncio.to_thread(subprocess.run, [ROOT / "script" / "setup"], check=True)
    async with folder() as place:
        imports = [await _python_alone() for _ in range(STARTS)]
        uvicorn = [await _start(UVICORN, place / f"uvicorn-{number}") for number in range(STARTS)]
        script = [await _start(SCRIPT, place / f"script-{number}") for number in range(STARTS)]
    note = "Python with fastapi, sqlalchemy, pydantic"
    return [
        Figure("ready after uvicorn main:app", "s", uvicorn, imports, TARGET, note),
        Figure("ready after script/server, installed", "s", script, imports, TARGET, note),
    ]


async def _start(command: Sequence[str], data: Path) -> float:
    """Seconds. The server is left as Ctrl-C leaves it."""
    port = free_port()
    watch = Stopwatch()
    process = await asyncio.create_subprocess_exec(
        *command, "--port", str(port), cwd=ROOT, env={**os.environ, "IMPOSTER_DATA_DIR": str(data)},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as api:
            await until(lambda: _is_ready(api), bool)
        return watch.seconds
    finally:
        process.send_signal(signal.SIGINT)
        await process.wait()


async def _is_ready(api: httpx2.AsyncClient) -> bool:
    try:
        return (await api.get("/readyz")).status_code == 200
    except httpx2.TransportError:
        return False


async def _python_alone() -> float:
    """What no server on these libraries can be faster than."""
    watch = Stopwatch()
    process = await asyncio.create_subprocess_exec(
        ".venv/bin/python", "-c", "import fastapi, uvicorn, pydantic, sqlalchemy", cwd=ROOT
    )
    await process.wait()
    return watch.seconds
