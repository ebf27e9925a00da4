"""The product put together in-process, as main.py does it, with providers that a test holds in its hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from chatbot_manager import ChatbotInstance
from imposter.clock import DoubtedClock, SharedClock, SystemClock
from imposter.cluster.node import Node, open_node
from imposter.contracts.chat import ChatContext
from imposter.contracts.config import BotConfig
from imposter.contracts.errors import NotConnected
from imposter.contracts.messages import Sender, Turn
from imposter.contracts.status import LinkState, LinkStatus
from imposter.contracts.url_guard import AddressGuard
from imposter.runtime.metrics import ServerMetrics
from imposter.runtime.providers.discovery import Catalog, ProviderFile, ProviderKind
from imposter.runtime.providers.shared_resources import SharedResources
from imposter.runtime.supervisor import Supervisor
from imposter.secrets import Cipher
from imposter.service.bots import BotService
from imposter.storage import Store, open_store
from imposter.storage.database.listener import NotificationListener
from imposter.storage.database.notifications import NodeIdentity
from tests.databases import put_tables
from tests.timeouts import FACT, pauses

HASTE = dict.fromkeys(
    (
        "answers_per_minute",
        "answers_per_hour",
        "answers_per_day",
        "answers_per_contact_per_minute",
        "answers_per_contact_per_hour",
        "automatic_turns",
    )
)
"""A limits_config for tests whose contacts answer at once, as no person does."""
AT_ONCE = {"debounce_seconds": 0, "pace": "off", "takeover_minutes": 0, "group_trigger": "always", "guard": "off"}
"""A behaviour_config for tests of everything else: each message is answered, and nothing waits."""
KEY = b"k" * 32


async def until(fact: Callable[[], bool | Awaitable[bool]], what: str = "") -> None:
    """Wait for a fact."""
    async with asyncio.timeout(FACT):
        for pause in pauses(0.02):
            holds = fact()
            if await holds if isinstance(holds, Awaitable) else holds:
                return
            await asyncio.sleep(pause)


@dataclass
class Sent:
    recipient: str
    text: str
    message_id: str


OWN_CHAT = "anna"
"""Where the owner talks to themselves: only Anna does, for whom the tests of that are."""


class Platform:
    """A chat platform in memory that takes every send under its id, as WhatsApp does."""

    def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None:
        self.config = config
        self.queue = user_queues[user_id]
        self.sent: list[Sent] = []
        self.attempts: list[Sent] = []
        self.listening = False
        self.trouble: list[Exception] = []
        """Raised by the next sends, one each."""
        self.hold: asyncio.Event | None = None
        """A send in the making waits for it."""
        self.seen: list[tuple[datetime, str, str]] = []
        """What each contact sees: when, who, and one of `typing`, `idle`, `read <id>`, `sent <text>`, `watched`."""

    def attach(self, context: ChatContext) -> None:
        self.context = context

    async def start_listening(self) -> None:
        self.listening = True
        self.context.report(LinkStatus(status=LinkState.CONNECTED))

    async def stop_listening(self) -> None:
        self.listening = False

    async def sendMessage(self, recipient: str, message: str) -> None:  # noqa: N802 - the contract's name
        raise AssertionError("a platform that can send with an id is asked to")

    async def send_with_id(self, recipient: str, message: str, message_id: str) -> None:
        sent = Sent(recipient, message, message_id)
        self.attempts.append(sent)
        if not self.listening:
            raise NotConnected
        if self.hold is not None:
            await self.hold.wait()
        if self.trouble:
            raise self.trouble.pop(0)
        if message_id not in [known.message_id for known in self.sent]:
            self.sent.append(sent)
            self._is_seen(recipient, f"sent {message}")

    async def show_typing(self, recipient: str, on: bool) -> None:
        self._is_seen(recipient, "typing" if on else "idle")

    async def mark_read(self, recipient: str, messages: Sequence[tuple[str, str]]) -> None:
        for message_id, _ in messages:
            self._is_seen(recipient, f"read {message_id}")

    async def watch_typing(self, recipient: str) -> None:
        self._is_seen(recipient, "watched")

    async def delete_for_everyone(self, recipient: str, message_id: str) -> None:
        self._is_seen(recipient, f"deleted {message_id}")

    def own_chat(self) -> str | None:
        return OWN_CHAT

    def _is_seen(self, recipient: str, what: str) -> None:
        self.seen.append((self.context.now(), recipient, what))

    async def hear(self, sender: str, text: str, **more: Any) -> None:
        """A contact writes; returns when the message is durable."""
        await self.queue.add_message(text, Sender(sender), **more)

    def texts(self, recipient: str | None = None) -> list[str]:
        return [sent.text for sent in self.sent if recipient in (None, sent.recipient)]


class Model:
    """A model that answers `re: <last turn>`, and remembers what it was asked."""

    def __init__(self, user_id: str, config: dict[str, Any]) -> None:
        self.config = config
        self.asked: list[list[Turn]] = []
        self.trouble: list[Exception] = []
        self.hold: dict[str, asyncio.Event] = {}
        """Answering this text waits for the event."""
        self.says: str | None = None
        """In place of that, whatever it is asked."""

    async def reply(self, turns: Sequence[Turn]) -> str:
        self.asked.append(list(turns))
        if (event := self.hold.get(turns[-1].content)) is not None:
            await event.wait()
        if self.trouble:
            raise self.trouble.pop(0)
        if self.says is not None:
            return self.says
        return str(self.config.get("prefix", "re: ")) + turns[-1].content

    def prompts(self) -> list[list[str]]:
        return [[turn.content for turn in turns] for turns in self.asked]


@dataclass
class House:
    """A running server without its web part."""

    bots: Supervisor
    bot_service: BotService
    store: Store
    platforms: dict[str, Platform] = field(default_factory=dict)
    """The newest provider of each user."""
    models: dict[str, Model] = field(default_factory=dict)
    node: Node | None = None
    """Where it is one of several servers on a database."""

    async def bot(self, user_id: str = "anna", **config: Any) -> ChatbotInstance:
        """A running bot of this user."""
        bot = await self.bots.put(config_of(user_id, **config))
        assert isinstance(bot, ChatbotInstance)
        await until(lambda: user_id in self.platforms and self.platforms[user_id].listening)
        return bot


class NoWaiting(SystemClock):
    """The real time, with sleeps that take none: back-off is not what these tests are about."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Calendar(NoWaiting):
    """As `NoWaiting`, with a time of day that a test turns forward."""

    def __init__(self) -> None:
        self._passed = timedelta()

    def now(self) -> datetime:
        return super().now() + self._passed

    def pass_by(self, **span: float) -> None:
        self._passed += timedelta(**span)


def config_of(user_id: str = "anna", *, chat: str = "platform", model: str = "model", **more: Any) -> BotConfig:
    """A config with big limits and no caps; `chat_config` and `model_config` are the providers' own."""
    return BotConfig.model_validate(
        {
            "user_id": user_id,
            "chat_provider_config": {"provider_name": chat, "provider_config": more.pop("chat_config", {})},
            "llm_provider_config": {"provider_name": model, "provider_config": more.pop("model_config", {})},
            "queue_config": {"max_messages": 1000, "max_characters": 100_000},
            "limits_config": HASTE,
            "behaviour_config": AT_ONCE,
            **more,
        }
    )


@asynccontextmanager
async def open_house(
    folder: Path,
    *extra: ProviderFile,
    database: str | None = None,
    clock: DoubtedClock | None = None,
    chance: Callable[[], float] = lambda: 0.0,
    lease: timedelta | None = None,
    name: str = "house",
    addresses: AddressGuard = AddressGuard(),  # noqa: B008 - frozen
) -> AsyncIterator[House]:
    """A server on the data in `folder`, or in the database of this URL; left, it has stopped and all is closed.

    With a `lease` it is one of the servers that share the database, and lives by the machine's clock.
    """
    shared_clock = SharedClock()
    clock = clock or (NoWaiting() if lease is None else shared_clock)
    identity = None if lease is None else NodeIdentity()
    if database is None:
        put_tables(folder)
    async with open_store(database, folder, Cipher(KEY), now=clock.now, identity=identity) as store:
        shared = SharedResources(
            environment={}, node="node", secret=lambda name: SecretStr("test"), addresses=addresses
        )
        platforms: dict[str, Platform] = {}
        models: dict[str, Model] = {}

        class KeptPlatform(Platform):
            def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None:
                super().__init__(user_id, config, user_queues)
                platforms[user_id] = self

        class KeptModel(Model):
            def __init__(self, user_id: str, config: dict[str, Any]) -> None:
                super().__init__(user_id, config)
                models[user_id] = self

        files = [
            ProviderFile(ProviderKind.CHAT, "platform", provider=KeptPlatform),
            ProviderFile(ProviderKind.MODEL, "model", provider=KeptModel),
        ]
        catalog = Catalog([*files, *extra])
        make_bot = partial(
            ChatbotInstance,
            store=store,
            catalog=catalog,
            shared=shared,
            clock=clock,
            chance=chance,
            model_calls_at_once=8,
        )
        bots = Supervisor(store=store, catalog=catalog, shared=shared, make_bot=make_bot, now=clock.now)
        server_metrics = ServerMetrics(name, clock)
        try:
            if identity is None or lease is None or database is None:
                await bots.load()
                yield House(bots, BotService(bots, store, server_metrics), store, platforms, models)
                return
            node = Node(
                identity,
                server_metrics=server_metrics,
                place=None,
                lease=lease,
                links_per_second=50,
                here=bots,
                store=store,
                clock=shared_clock,
            )
            shared.hold = node.lease_left
            bot_service = bots.elsewhere = BotService(bots, store, server_metrics, node)
            async with open_node(node, NotificationListener(database, identity.channel)):
                yield House(bots, bot_service, store, platforms, models, node)
        finally:
            await bots.close()
            await shared.aclose()
