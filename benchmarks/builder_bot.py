"""Runs `benchmarks/peers/builderbot/echo.js`: an app of BuilderBot's that answers `re: ...` to every text."""

import asyncio
import json
import os
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

from benchmarks.house import PATIENCE, folder
from tests.acceptance.product import ROOT, free_port
from tests.fakes.whatsapp_network import NODE, WhatsAppNetwork

PROJECT = ROOT / "benchmarks" / "peers" / "builderbot"


def version() -> str:
    """Of what is installed: BuilderBot's own, and of the Baileys that it brings."""
    packages = json.loads((PROJECT / "package-lock.json").read_text())["packages"]
    own, baileys = (packages[f"node_modules/{name}"]["version"] for name in ("@builderbot/bot", "baileys"))
    return f"BuilderBot {own}, Baileys {baileys}"


class BuilderBot:
    """One process with one account, under Node's own flags, as its users start it; its files go when it does."""

    def __init__(self, network: WhatsAppNetwork) -> None:
        self._environment = {**os.environ, "NODE_OPTIONS": network.node_options}
        self._stack = AsyncExitStack()
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._said: list[dict[str, Any]] = []
        self._news = asyncio.Condition()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            str(NODE),
            str(PROJECT / "echo.js"),
            str(free_port()),
            cwd=await self._stack.enter_async_context(folder()),
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self._listening = asyncio.create_task(self._listen(self._process.stdout), name="builder-bot")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.returncode is None:
            # It does not end by SIGTERM.
            self._process.kill()
            await self._process.wait()
        if self._listening is not None:
            await self._listening
        await self._stack.aclose()

    async def wait(self, event: str) -> dict[str, Any]:
        """The first that it said of this event, as soon as it has. Raises TimeoutError."""

        def found() -> list[dict[str, Any]]:
            return [told for told in self._said if told["event"] == event]

        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(found)
        return found()[0]

    async def _listen(self, lines: asyncio.StreamReader) -> None:
        async for line in lines:
            if not line.startswith(b"{"):
                continue
            async with self._news:
                self._said.append(json.loads(line))
                self._news.notify_all()
