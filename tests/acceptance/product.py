"""The product from outside: the real server in its own process, spoken to over HTTP only."""

import asyncio
import os
import random
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2

from tests.acceptance.forked_servers import AVAILABLE, Forked, forkery
from tests.timeouts import FACT, pauses

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A port below those that the system gives to outgoing connections, which would take it before a server has it."""
    for port in random.sample(range(10_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


class Product:
    """`uvicorn main:app` on a folder of its own; may be stopped, killed and started again on the same data."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        program: Path = ROOT,
        *,
        most_files: tuple[int, int] | None = None,
    ) -> None:
        """`most_files`: how many it may have open at a time, and how many it may allow itself."""
        self.data = folder / "data"
        self.output = folder / "output.log"
        self.ready_deadline = FACT
        self.seen: list[str] = []
        """Every answer of the API, for looking for what must not be in any."""
        self._environment = environment
        self._program = program
        self._most_files = most_files
        self._port = free_port()
        self._process: asyncio.subprocess.Process | Forked | None = None
        self.api = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{self._port}",
            timeout=FACT,
            event_hooks={"response": [self._remember]},
            headers={"Authorization": f"Bearer {environment['IMPOSTER_API_KEY']}"}
            if "IMPOSTER_API_KEY" in environment
            else {},
        )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def status_of_exit(self) -> int | None:
        assert self._process is not None
        return self._process.returncode

    async def start(self) -> None:
        """Start and wait until it is ready."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = {**kept, "IMPOSTER_DATA_DIR": str(self.data), "IMPOSTER_LOG_LEVEL": "debug", **self._environment}
        arguments = ("main:app", "--port", str(self._port))
        if self._may_be_forked():
            self._process = forkery().start(arguments, environment, self.output)
        else:
            with self.output.open("ab") as output:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "uvicorn", *arguments,
                    cwd=self._program, stdout=output, stderr=output, preexec_fn=self._bound_files, env=environment,
                )  # fmt: skip
        async with asyncio.timeout(self.ready_deadline):
            for pause in pauses(0.05):
                if await self._is_ready():
                    return
                assert self._process.returncode is None, self.output.read_text()[-3000:]
                await asyncio.sleep(pause)

    def _may_be_forked(self) -> bool:
        """Whether nothing of it has to be there before Python starts."""
        ahead = any(name.startswith(("PYTHON", "LD_")) for name in self._environment)
        return AVAILABLE and self._program == ROOT and self._most_files is None and not ahead

    def _bound_files(self) -> None:
        if self._most_files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, self._most_files)

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None and self.running:
            self._process.send_signal(how)
            async with asyncio.timeout(FACT):
                await self.ended()

    async def ended(self) -> int:
        """Its exit status, once it has one."""
        while (status := self.status_of_exit) is None:  # noqa: ASYNC110 - it may be no child of this process
            await asyncio.sleep(0.005)
        return status

    async def kill(self) -> None:
        await self.stop(signal.SIGKILL)

    async def put(self, *configs: Mapping[str, Any]) -> list[str]:
        """The instance ids, in order."""
        answer = await self.api.put("/chatbot", json=list(configs))
        assert answer.status_code == 200, answer.text
        return [item["instance_id"] for item in answer.json()]

    async def status(self, instance_id: str) -> dict[str, Any]:
        answer = await self.api.get(f"/chatbot/{instance_id}/status")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def until_status(self, instance_id: str, *wanted: str) -> dict[str, Any]:
        """The status, as soon as it is one of those wanted."""
        status = await self.until(lambda: self.status(instance_id), lambda status: status["status"] in wanted)
        return dict(status)

    async def qr(self, instance_id: str) -> str:
        status = await self.until(
            lambda: self.status(instance_id), lambda status: status["status"] == "linking" and bool(status["qr"])
        )
        return str(status["qr"])

    async def messages(self, instance_id: str) -> list[dict[str, Any]]:
        """What is on record, oldest first."""
        answer = await self.api.get(f"/chatbot/{instance_id}/messages", params={"limit": 200})
        assert answer.status_code == 200, answer.text
        found = answer.json()
        return list(reversed(found["messages"] if isinstance(found, dict) else found))

    async def until_message(self, instance_id: str, **wanted: Any) -> dict[str, Any]:
        """The record of a message that has these values, as soon as there is one."""

        def match(rows: list[dict[str, Any]]) -> bool:
            return any(wanted.items() <= row.items() for row in rows)

        rows = await self.until(lambda: self.messages(instance_id), match)
        return next(row for row in rows if wanted.items() <= row.items())

    async def until(self, ask: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
        """Ask until the answer is as wanted."""
        answer = None
        try:
            async with asyncio.timeout(FACT):
                for pause in pauses():
                    answer = await ask()
                    if holds(answer):
                        return answer
                    await asyncio.sleep(pause)
        except TimeoutError:
            raise AssertionError(f"still {answer}\n{self.output.read_text()[-3000:]}") from None

    async def _is_ready(self) -> bool:
        try:
            return (await self.api.get("/readyz")).status_code == 200
        except httpx2.TransportError:
            return False

    async def _remember(self, response: httpx2.Response) -> None:
        self.seen.append((await response.aread()).decode(errors="replace"))


@asynccontextmanager
async def running(
    folder: Path, environment: Mapping[str, str] | None = None, *, most_files: tuple[int, int] | None = None
) -> AsyncIterator[Product]:
    """A product that runs; whatever happens to it in between, it is gone afterwards."""
    product = Product(folder, environment or {}, most_files=most_files)
    try:
        await product.start()
        yield product
    finally:
        await product.kill()
        await product.api.aclose()
