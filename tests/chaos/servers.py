"""The servers of one installation from outside: one on SQLite, or several on a database of PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx2

from tests.durability.victim import Victim
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork

KEY = "a key that all of the servers have in common"
LEASE = "8"
"""Seconds. On a machine that is busy with other things a shorter one is lost again and again."""
PATIENCE = 120.0
"""Seconds for a fact to come true, on a machine that is busy with other things."""
POLL = 0.1
LOG_SHOWN = 4000


class Servers:
    def __init__(self, all_: tuple[Victim, ...], database: str | None, chance: Random) -> None:
        self.all = all_
        self.database = database
        self._chance = chance

    @property
    def running(self) -> list[Victim]:
        return [server for server in self.all if server.running]

    def at(self, index: int) -> Victim:
        return self.all[index % len(self.all)]

    async def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Ask any of those that run until one gives an answer that is not 503: what was asked may be asked twice."""
        deadline = time.monotonic() + PATIENCE
        while True:
            for server in self._chance.sample(self.running, len(self.running)):
                try:
                    answer = await server.api.request(method, path, **options)
                except httpx2.TransportError:
                    continue  # it was killed, or is not there yet
                if answer.status_code != httpx2.codes.SERVICE_UNAVAILABLE:
                    return answer
            if time.monotonic() > deadline:
                raise AssertionError(f"no server answers {method} {path}\n{self.logs()}")
            await asyncio.sleep(POLL)

    async def get(self, path: str, **params: Any) -> Any:
        """Raises: AssertionError, where the answer is none of 200."""
        answer = await self.ask("GET", path, params=params)
        assert answer.status_code == httpx2.codes.OK, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def pages(self, path: str, key: str) -> AsyncIterator[list[dict[str, Any]]]:
        """Rows, newest first."""
        asked: dict[str, Any] = {"limit": 200}
        while asked:
            page = await self.get(path, **asked)
            yield page[key]
            asked = asked | {"before": page["before"]} if page["before"] else {}

    def logs(self) -> str:
        return "\n".join(f"{server.data}\n{tail(server)}" for server in self.all)


def tail(server: Victim) -> str:
    lines = server.output.read_text(errors="replace").splitlines()
    return "\n".join(line for line in lines if '"level": "debug"' not in line)[-LOG_SHOWN:]


@asynccontextmanager
async def serving(
    folder: Path,
    network: WhatsAppNetwork,
    model: ModelServer,
    database: str | None,
    chance: Random,
    environment: Mapping[str, str],
) -> AsyncIterator[Servers]:
    """One server, or two where there is a `database` for them to share; left, they are gone."""
    common = {
        "NODE_OPTIONS": network.node_options,
        "OPENAI_BASE_URL": model.base_url,
        "OPENAI_API_KEY": "sk-not-a-real-key-of-anyone",
        "IMPOSTER_SECRET_KEY": KEY,
        **environment,
    }
    names = ["one"]
    if database is not None:
        names.append("two")
        common |= {"IMPOSTER_DATABASE_URL": database, "IMPOSTER_LEASE_SECONDS": LEASE}
    servers = []
    for name in names:
        (folder / name).mkdir()
        servers.append(Victim(folder / name, common | {"IMPOSTER_NODE_NAME": name}))
        servers[-1].ready_deadline = PATIENCE
    try:
        await asyncio.gather(*(server.start() for server in servers))
        yield Servers(tuple(servers), database, chance)
    finally:
        for server in servers:
            await server.kill()
            await server.api.aclose()
