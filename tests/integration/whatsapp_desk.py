"""A WhatsApp provider with the real sidecar on the fake network, and what it would find around it in the product."""

import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chat_providers.whatsAppBaileyes import WhatsAppBaileyesProvider
from imposter.contracts.chat import ChatContext, ProviderState, SentMessage
from imposter.contracts.errors import StorageError
from imposter.contracts.status import LinkState, LinkStatus
from imposter.runtime.providers.shared_resources import SharedResources
from tests.fakes.whatsapp_network import NODE, WhatsAppNetwork
from tests.house import until

BOT = "4910000001"
ANN = "4920000001"
BOB = "4920000002"
SIDECAR = "whatsapp_baileys_server/src/main.ts"


class MemoryState(ProviderState):
    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], bytes] = {}
        self.locked: set[str] = set()
        """Of `read` and `write`: what fails now; a kind of entry: so do writes of that kind."""
        self.refused = 0

    async def read(self, kind: str, keys: Sequence[str] | None = None) -> dict[str, bytes]:
        self._try("read")
        return {key: value for (of, key), value in self.entries.items() if of == kind and (keys is None or key in keys)}

    async def write(self, changes: Sequence[tuple[str, str, bytes | None]]) -> None:
        self._try("write", *(kind for kind, _, _ in changes))
        for kind, key, value in changes:
            if value is None:
                self.entries.pop((kind, key), None)
            else:
                self.entries[kind, key] = value

    async def clear(self) -> None:
        self.entries.clear()

    def _try(self, *what: str) -> None:
        if self.locked.intersection(what):
            self.refused += 1
            raise StorageError("locked")


class Inbox:
    """Takes messages as a UserQueue does, and keeps what it was given."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.trouble: list[Exception] = []
        """What the next message meets instead of being taken, one each time that it is given."""
        self._troubled: str | None = None

    async def add_message(self, **message: Any) -> None:
        if not self.trouble:
            self._troubled = None
        elif self._troubled in (None, message["message_id"]):
            self._troubled = message["message_id"]
            raise self.trouble.pop(0)
        self.messages.append(message)

    @property
    def texts(self) -> list[str]:
        return [message["content"] for message in self.messages]


@dataclass
class Desk:
    """One account of a server."""

    provider: WhatsAppBaileyesProvider
    inbox: Inbox
    state: MemoryState
    sent: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By message id: to whom, and what."""
    reports: list[LinkStatus] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    typing: list[tuple[str, bool]] = field(default_factory=list)
    """What was told of chats in which somebody types."""

    async def status(self) -> LinkStatus:
        return await self.provider.get_status()

    async def becomes(self, state: LinkState, fact: Callable[[LinkStatus], bool] = lambda _: True) -> LinkStatus:
        async def holds() -> bool:
            status = await self.status()
            return status.status is state and fact(status)

        await until(holds)
        return await self.status()

    async def hears(self, count: int) -> list[dict[str, Any]]:
        await until(lambda: len(self.inbox.messages) >= count)
        return self.inbox.messages

    async def hears_all(self, texts: set[str]) -> None:
        await until(lambda: texts <= set(self.inbox.texts))

    async def send(self, to: str, text: str) -> str:
        message_id = self.provider.message_id(secrets.token_hex(32))
        self.sent[message_id] = (to, text)
        await self.provider.send_with_id(to, text, message_id)
        return message_id

    async def link(self, network: WhatsAppNetwork, phone: str = BOT) -> None:
        await self.provider.start_listening()
        status = await self.becomes(LinkState.LINKING)
        assert status.qr is not None
        await network.scan(status.qr, phone)
        await self.becomes(LinkState.CONNECTED)


class Server:
    """What accounts have in common."""

    def __init__(self, shared: SharedResources) -> None:
        self.shared = shared

    def desk(self, instance_id: str = "i1", before: Desk | None = None) -> Desk:
        """An account; `before` is the same account of an earlier run, whose stored state it finds."""
        inbox = before.inbox if before else Inbox()
        state = before.state if before else MemoryState()
        desk = Desk(WhatsAppBaileyesProvider("anna", {}, {"anna": inbox}), inbox, state)
        desk.sent = before.sent if before else {}

        async def sent_message(message_id: str, chat: Sequence[str]) -> SentMessage | None:
            to, text = desk.sent.get(message_id, ("", ""))
            return SentMessage(text) if to in chat else None

        context = ChatContext(
            instance_id,
            state,
            self.shared,
            desk.reports.append,
            sent_message,
            lambda: datetime.now(UTC),
            lambda message_id, chat=(): desk.confirmed.append(message_id),
            lambda chat, on: desk.typing.append((chat, on)),
        )
        desk.provider.attach(context)
        return desk


@asynccontextmanager
async def open_server(network: WhatsAppNetwork, *, accounts_per_process: int = 100) -> AsyncIterator[Server]:
    environment = {"PATH": os.environ["PATH"], "NODE_OPTIONS": network.node_options}
    shared = SharedResources(
        environment=environment, node=str(NODE), secret=lambda name: None, accounts_per_process=accounts_per_process
    )
    try:
        yield Server(shared)
    finally:
        await shared.aclose()


def sidecars() -> list[int]:
    """Process ids of the sidecars that this process started."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _is_ours(entry)]


def _is_ours(process: Path) -> bool:
    try:
        parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
        return int(parent) == os.getpid() and SIDECAR in (process / "cmdline").read_text()
    except (OSError, IndexError):
        return False


async def sidecar_process() -> int:
    found: list[int] = []

    def one() -> bool:
        found[:] = sidecars()
        return len(found) == 1

    await until(one)
    return found[0]


async def kill_sidecar() -> None:
    """Kill it, and wait until it is gone: a dying process is still found."""
    process = await sidecar_process()
    os.kill(process, signal.SIGKILL)
    await until(lambda: process not in sidecars())


NOT_NOW = StorageError("the disk is full")
