"""Servers that share a database, put together in this process, with a platform that a test holds in its hand."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import psycopg
from anyio.from_thread import start_blocking_portal

from imposter.contracts.status import LinkState, LinkStatus
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind, discover_all
from imposter.service.bots import BotService
from imposter.settings import Settings
from imposter.web.app import create_app
from imposter.web.peers import UncheckedPeers
from tests.acceptance.product import ROOT
from tests.durability.wire import Line, Seen, open_line
from tests.house import AT_ONCE, House, Platform, open_house, until
from tests.timeouts import FACT

LEASE = timedelta(seconds=5)
PATIENCE = FACT
"""Seconds that a line is held at most, so that a test that fails ends."""
SHIPPED = ((ProviderKind.CHAT, "dummy"), (ProviderKind.MODEL, "fakeLlm"))


class Link(Platform):
    """One run's; `listening` is the connection that an account may have one of."""

    world: "World"
    server: str

    def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None:
        super().__init__(user_id, config, user_queues)
        self.user_id = user_id
        self.stopped = False
        """Somebody said that it is to stop."""
        self.world.links.append(self)

    async def stop_listening(self) -> None:
        self.stopped = True
        if self.world.no_stop is not None:
            await self.world.no_stop.wait()
        await super().stop_listening()

    async def logout(self) -> None:
        self.world.logging_out.append(self)
        if self.world.no_logout is not None:
            await self.world.no_logout.wait()

    async def get_status(self) -> LinkStatus:
        self.world.asked.append(self)
        if self.world.no_status is not None:
            await self.world.no_status.wait()
        return LinkStatus(status=LinkState.CONNECTED if self.listening else LinkState.STOPPED)


@dataclass
class World:
    """The platform of all servers; a call that is held waits for the event that its `hold_` gave."""

    links: list[Link] = field(default_factory=list)
    logging_out: list[Link] = field(default_factory=list)
    asked: list[Link] = field(default_factory=list)
    no_logout: asyncio.Event | None = None
    no_status: asyncio.Event | None = None
    no_stop: asyncio.Event | None = None

    def linked(self, user_id: str) -> list[str]:
        """The servers that have a connection of this user, one entry a connection."""
        return [link.server for link in self.links if link.user_id == user_id and link.listening]

    def hold_logouts(self) -> asyncio.Event:
        self.no_logout = asyncio.Event()
        return self.no_logout

    def hold_status(self) -> asyncio.Event:
        self.no_status = asyncio.Event()
        return self.no_status

    def hold_stops(self) -> asyncio.Event:
        self.no_stop = asyncio.Event()
        return self.no_stop


@dataclass
class Server:
    name: str
    house: House
    line: Line
    """To the database."""
    api: httpx2.AsyncClient

    def lose_commit(self, behind: str, *, after: bool = True, hold: threading.Event | None = None) -> threading.Event:
        """See the function of this name."""
        return lose_commit(self.line, behind, after=after, hold=hold)

    async def put(self, user_id: str) -> str:
        answer = await self.api.put("/chatbot", json=[config(user_id)])
        assert answer.status_code == 200, answer.text
        return str(answer.json()[0]["instance_id"])

    async def status(self, instance_id: str) -> str:
        return str((await self.api.get(f"/chatbot/{instance_id}/status")).json().get("status"))

    async def users(self) -> list[str]:
        return [status["user_id"] for status in (await self.api.get("/chatbot")).json()]


def lose_commit(line: Line, behind: str, *, after: bool = True, hold: threading.Event | None = None) -> threading.Event:
    """The line breaks at the next commit of a transaction with such a statement: when it is done, or before it.

    It is held until `hold` is set. Gives what is set when it is there.
    """
    reached = threading.Event()

    def strike() -> None:
        reached.set()
        if hold is not None:
            hold.wait(PATIENCE)

    line.trap(Seen("COMMIT", after=after, behind=(behind.upper(),)), strike)
    return reached


@dataclass
class Servers:
    """Of one database."""

    url: str
    folder: Path
    stack: AsyncExitStack
    world: World = field(default_factory=World)
    running: list[Server] = field(default_factory=list)

    async def start(self, name: str, on_line: Callable[[Line], object] = lambda line: None) -> Server:
        """`on_line` gets its line to the database before it says anything there."""
        world, called = self.world, name

        class OwnLink(Link):
            def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None:
                self.world, self.server = world, called
                super().__init__(user_id, config, user_queues)

        # The server opens its database on this thread, and waits for it.
        portal = self.stack.enter_context(start_blocking_portal())
        line = self.stack.enter_context(portal.wrap_async_context_manager(open_line(self.url)))
        on_line(line)
        house = await self.stack.enter_async_context(
            open_house(
                self.folder / name,
                *(discover_all(ROOT).find(kind, name) for kind, name in SHIPPED),
                ProviderFile(ProviderKind.CHAT, "held", provider=OwnLink),
                database=line.url.render_as_string(hide_password=False),
                lease=LEASE,
                name=name,
            )
        )
        api = await self.stack.enter_async_context(_api(house))
        self.running.append(server := Server(name, house, line, api))
        return server

    async def ask(self, query: str) -> list[Any]:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            rows = await connection.execute(query.encode())
            return await rows.fetchall() if rows.description else []

    async def expire(self, server: Server) -> None:
        """Its lease is over before it knows."""
        assert server.house.node is not None
        node = server.house.node.node_id
        await self.ask(f"UPDATE nodes SET until = clock_timestamp() - interval '1 hour' WHERE node_id = '{node}'")

    async def run_once_each(self, *users: str) -> None:
        """Returns when each of these users' bots runs on the one server whose it is, and nowhere else."""

        async def fact() -> bool:
            owners = dict(await self.ask("SELECT user_id, name FROM bots JOIN nodes ON node_id = owner"))
            at = {user: [s.name for s in self.running if s.house.bots.has_user(user)] for user in users}
            return all(at[user] == self.world.linked(user) == [owners.get(user)] for user in users)

        await until(fact, f"one connection each: {users}")


@asynccontextmanager
async def open_servers(url: str, folder: Path) -> AsyncIterator[Servers]:
    """None runs yet; left, all have stopped."""
    async with AsyncExitStack() as stack:
        yield Servers(url, folder, stack)


@asynccontextmanager
async def _api(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    @asynccontextmanager
    async def open_server(settings: Settings) -> AsyncIterator[BotService]:
        yield house.bot_service

    app = create_app(lambda: Settings.read({}), open_server, UncheckedPeers())
    async with app.router.lifespan_context(app):
        way = httpx2.ASGITransport(app, client=("127.0.0.1", 50_000))
        async with httpx2.AsyncClient(transport=way, base_url="http://127.0.0.1:8000", timeout=60) as api:
            yield api


def config(user_id: str, chat_config: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "chat_provider_config": {"provider_name": "held", "provider_config": chat_config or {}},
        "llm_provider_config": {"provider_name": "model", "provider_config": {}},
        "behaviour_config": AT_ONCE,
    }
