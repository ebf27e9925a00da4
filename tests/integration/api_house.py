"""The whole web application on a running house, and clients to it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI

from imposter.clock import DoubtedClock
from imposter.contracts.chat import ChatContext
from imposter.contracts.errors import InvalidState, Refused
from imposter.contracts.status import LinkState, LinkStatus
from imposter.logs import configure_logs
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind, discover_all
from imposter.service.bots import BotService
from imposter.settings import Settings
from imposter.web.app import create_app
from imposter.web.peers import UncheckedPeers
from tests.house import AT_ONCE, House, open_house, until

ROOT = Path(__file__).parents[2]
KEY = "a-key-of-the-tests-0123456789"
QR = "2@abcdef,ghijkl,mnopqr,stuvwx"


class LinkingPlatform:
    """Never gets further than its code; a phone number that ends in 0 is refused, one that ends in 9 comes too soon."""

    def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None:
        self._qr = config.get("qr", QR)

    def attach(self, context: ChatContext) -> None:
        self._context = context

    async def start_listening(self) -> None:
        self._context.report(LinkStatus(status=LinkState.LINKING, qr=self._qr))

    async def sendMessage(self, recipient: str, message: str) -> None:  # noqa: N802 - the contract's name
        raise AssertionError("nothing is ever sent here")

    async def request_pairing_code(self, phone: str) -> str:
        if phone.endswith("0"):
            raise Refused("The platform does not know this number.")
        if phone.endswith("9"):
            raise InvalidState("Not ready to link yet.")
        return f"CODE{phone[-4:]}"


@dataclass
class Api:
    """A running application; `client` is a program on the same machine."""

    app: FastAPI
    house: House
    client: httpx2.AsyncClient

    def reach(self, address: str = "127.0.0.1", host: str = "http://127.0.0.1:8000") -> httpx2.AsyncClient:
        """A client that connects from `address` to `host`."""
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(self.app, client=(address, 50_000)), base_url=host)

    async def put(self, *items: Any) -> httpx2.Response:
        return await self.client.put("/chatbot", json=list(items))

    async def create(self, user_id: str = "anna", **more: Any) -> str:
        """A bot of this user; its instance_id."""
        response = await self.put(config(user_id, **more))
        assert response.status_code == 200, response.text
        return str(response.json()[0]["instance_id"])


def config(user_id: str = "anna", *, chat: str = "dummy", model: str = "fakeLlm", **more: Any) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "chat_provider_config": {"provider_name": chat, "provider_config": {"messages": []} if chat == "dummy" else {}},
        "llm_provider_config": {"provider_name": model, "provider_config": {}},
        "behaviour_config": AT_ONCE,
        **more,
    }


@asynccontextmanager
async def open_api(
    folder: Path,
    *extra: ProviderFile,
    key: str | None = None,
    spoil: Callable[[House], None] = lambda house: None,
    clock: DoubtedClock | None = None,
) -> AsyncIterator[Api]:
    """The application with the shipped providers, of which none reaches a network, and one that cannot be used."""
    shipped = discover_all(ROOT)
    files = [_without_network(file) for kind in ProviderKind for file in shipped.all(kind)]
    files.append(ProviderFile(ProviderKind.CHAT, "linking", provider=LinkingPlatform))
    files.append(ProviderFile(ProviderKind.CHAT, "broken", error="SyntaxError: invalid syntax (line 1)"))
    async with open_house(folder, *files, *extra, clock=clock) as house:
        spoil(house)

        @asynccontextmanager
        async def open_server(settings: Settings) -> AsyncIterator[BotService]:
            configure_logs("info", "json")
            yield house.bot_service

        settings = {} if key is None else {"IMPOSTER_API_KEY": key}
        app = create_app(lambda: Settings.read(settings), open_server, UncheckedPeers())
        async with app.router.lifespan_context(app):
            api = Api(app, house, httpx2.AsyncClient())
            async with api.reach() as api.client:
                yield api


@asynccontextmanager
async def serving(api: Api) -> AsyncIterator[int]:
    """The application behind a real socket; its port."""
    server = uvicorn.Server(uvicorn.Config(api.app, port=0, lifespan="off", log_config=None))
    running = asyncio.create_task(server.serve(), name="uvicorn")
    try:
        await until(lambda: server.started or running.done())
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


def _without_network(file: ProviderFile) -> ProviderFile:
    return replace(file, provider=LinkingPlatform) if file.name == "whatsAppBaileyes" else file
