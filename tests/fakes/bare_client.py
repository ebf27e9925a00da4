"""Runs `tests/fakes/whatsapp/bare_client.ts`: unmodified Baileys that answers `re: ...` to every text."""

import asyncio
import json
import os
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from tests.fakes.whatsapp_network import FOLDER, NODE, WhatsAppNetwork
from tests.timeouts import FACT

Said = dict[str, Any]
"""A line of the client: `account`, `event` and what belongs to that event."""


class BareClient:
    """One process with `accounts` accounts, numbered from 0; `pairing_phone` asks for a code in place of a QR.

    `flags` are Node's.
    """

    def __init__(
        self,
        network: WhatsAppNetwork,
        accounts: int = 1,
        *,
        pairing_phone: str | None = None,
        flags: Sequence[str] = (),
    ) -> None:
        self._flags = flags
        self._environment = {**os.environ, "NODE_OPTIONS": network.node_options}
        self._arguments = [str(accounts), *([pairing_phone] if pairing_phone else [])]
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._said: list[Said] = []
        self._news = asyncio.Condition()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            str(NODE),
            *self._flags,
            str(FOLDER / "bare_client.ts"),
            *self._arguments,
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self._listening = asyncio.create_task(self._listen(self._process.stdout), name="bare-client")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        if self._listening is not None:
            await self._listening

    async def wait(self, event: str, account: int = 0, *, count: int = 1, timeout: float = FACT) -> list[Said]:  # noqa: ASYNC109
        """What the account said of this event so far, once it is at least `count` times. Raises TimeoutError."""

        def found() -> list[Said]:
            return [line for line in self._said if line["event"] == event and line["account"] == account]

        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(lambda: len(found()) >= count)
        return found()

    async def _listen(self, lines: asyncio.StreamReader) -> None:
        async for line in lines:
            async with self._news:
                self._said.append(json.loads(line))
                self._news.notify_all()
