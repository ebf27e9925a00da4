"""The bots of one run with their owners and contacts, and how they are spoken to from outside."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.chaos.ledger import BROUGHT, TOKEN, Ledger, Mode
from tests.chaos.servers import PATIENCE, POLL, Servers
from tests.durability.driver import config
from tests.durability.journal import Account, Conversation, Token, tokens_in
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import Delivery, NetworkRefused, WhatsAppNetwork
from tests.storage.traces import traces

MODES: dict[Mode, dict[str, Any]] = {
    Mode.HUMAN: {"autonomy": "auto", "pace": "human", "debounce_seconds": 1, "debounce_max_seconds": 3},
    Mode.PROMPT: {"autonomy": "auto"},
    Mode.DRAFT: {"autonomy": "draft"},
    Mode.OBSERVE: {"autonomy": "observe"},
}
AT_FIRST = (Mode.HUMAN, Mode.PROMPT, Mode.DRAFT, Mode.DRAFT)
"""Of the people of an account who write to it alone."""
EXCHANGES = 24
"""Exchanges of a chat that is imported."""


@dataclass
class Bot:
    account: Account
    instance_id: str = ""
    conversations: list[Conversation] = field(default_factory=list)
    """The last one is a group."""
    version: int = 0
    linked: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever needs that it is, or sees to it."""
    notes: list[Delivery] = field(default_factory=list)
    """What it wrote to its owner."""
    imported: bool = False

    @property
    def phone(self) -> str:
        return self.account.phone

    @property
    def path(self) -> str:
        return f"/chatbot/{self.instance_id}"

    @property
    def direct(self) -> list[Conversation]:
        return self.conversations[:-1]


class Broken(AssertionError):
    """The product did not keep its promise; the text says how to see it again."""


@dataclass
class World:
    servers: Servers
    network: WhatsAppNetwork
    model: ModelServer
    seed: int
    phone: Callable[[], str]
    ledger: Ledger = field(default_factory=Ledger)
    bots: list[Bot] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.model.reply = self.ledger.reply
        self._chance = Random(f"{self.seed} of the messages")
        self._listening = asyncio.Lock()
        self._speaking: dict[int, asyncio.Lock] = {}

    async def begin(self) -> None:
        """Link the accounts; nobody has said anything."""
        for bot in await self.servers.get("/chatbot"):  # of another run on this database
            await self.servers.ask("DELETE", f"/chatbot/{bot['instance_id']}")
        for name in ("anna", "otto"):
            bot = Bot(Account(f"{name} {self.seed}", self.phone()))
            for mode in AT_FIRST:
                bot.conversations.append(self.ledger.open_in(bot.account, [self.phone()], mode))
            group, people = f"120363{self.phone()}@g.us", [self.phone(), self.phone()]
            bot.conversations.append(self.ledger.open_in(bot.account, people, Mode.PROMPT, group))
            await self.network.make_group(group, "Friends", [bot.phone, *people])
            self.bots.append(bot)
        await asyncio.gather(*map(self.link, self.bots))

    async def link(self, bot: Bot) -> None:
        """Make it, and link it to its owner's phone."""
        await self.put(bot)

        async def is_scanned() -> bool:
            status = await self.servers.get(f"{bot.path}/status")
            if status["status"] == "linking" and status["qr"]:
                with suppress(NetworkRefused):  # the code is of a server that was killed since
                    await self.network.scan(status["qr"], bot.phone)
                    return True
            return bool(status["status"] == "connected")

        await self.until(is_scanned, "a code to scan")
        await self.connected(bot)

    async def put(self, bot: Bot) -> None:
        answer = await self.servers.ask("PUT", "/chatbot", json=[self._config(bot)])
        assert answer.status_code == 200, answer.text
        bot.instance_id = answer.json()[0]["instance_id"]

    async def connected(self, bot: Bot) -> None:
        async def is_connected() -> bool:
            answer = await self.servers.ask("GET", f"{bot.path}/status")
            return answer.status_code == 200 and answer.json()["status"] == "connected"

        await self.until(is_connected, f"{bot.account} connected")

    def bot_of(self, conversation: Conversation) -> Bot:
        return next(bot for bot in self.bots if bot.account == conversation.account)

    # Saying

    async def say(self, conversation: Conversation, count: int = 1) -> list[str]:
        """So many messages in a row; gives their ids."""
        ids = []
        bot = self.bot_of(conversation)
        for _ in range(count):
            async with bot.linked, self._speaking.setdefault(conversation.index, asyncio.Lock()):
                message_id = self.new_id()
                text = self.ledger.say(conversation, message_id, time.time())
                sender = self._chance.choice(conversation.people)
                envelope: dict[str, Any] = {"group": conversation.group} if conversation.group else {}
                await self.network.say(bot.phone, sender, text, id=message_id, **envelope)
            ids.append(message_id)
        return ids

    async def received(self, *ids: str) -> None:
        """Returns when the network has the account's receipts for these."""

        async def all_are() -> bool:
            await self.listen()
            return all(message_id in self.ledger.receipted for message_id in ids)

        await self.until(all_are, f"receipts for {ids}")

    async def offline(self, bot: Bot) -> bool:
        return not (await self.network.phones())[bot.phone].online

    def new_id(self) -> str:
        return f"3EB0{self._chance.randbytes(9).hex().upper()}"

    # Looking

    async def listen(self) -> None:
        """Take over what phones and the network have since the last time."""
        ledger = self.ledger
        async with self._listening:
            for person, heard in ledger.heard.items():
                ledger.hear(person, await self.network.inbox(person, len(heard)))
            for bot in self.bots:
                bot.notes += await self.network.inbox(bot.phone, len(bot.notes))
            ledger.events += await self.network.log(after=len(ledger.events))
            ledger.read_events()

    async def heard(self, conversation: Conversation, text: str) -> None:
        """Returns when whoever is in it got this text."""

        async def is_there() -> bool:
            await self.listen()
            inboxes = [self.ledger.heard[person] for person in conversation.people]
            return all(any(got.text == text for got in inbox) for inbox in inboxes)

        await self.until(is_there, f"{text!r} in conversation {conversation.index}")

    async def draft(self, bot: Bot, tokens: set[Token]) -> dict[str, Any] | None:
        """The newest draft of an answer to one of these."""
        async for page in self.servers.pages(f"{bot.path}/drafts", "drafts"):
            for draft in page:
                if tokens & set(tokens_in(draft["text"])):
                    return draft
        return None

    def nothing_is_kept(self, tokens: Iterable[Token], conversations: Iterable[int]) -> None:
        """Of these messages, and of what was imported into these conversations and is forgotten. Raises: Broken."""
        ledger, database = self.ledger, self.servers.database
        words = [TOKEN.format(*token) for token in tokens if token[0] not in ledger.unscrubbed]
        words += [BROUGHT.format(index) for index in conversations if ledger.import_forgotten(index)]
        if not words:
            return
        for server in self.servers.all:
            if traces(database, server.data, *words):
                found = {word: where for word in words if (where := traces(database, server.data, word))}
                raise Broken(f"this was forgotten, and is still there: {found}")

    async def until(self, ask: Callable[[], Awaitable[Any]], what: str) -> Any:
        """The first answer that is not empty."""
        deadline = time.monotonic() + PATIENCE
        while not (answer := await ask()):
            if time.monotonic() > deadline:
                raise Broken(f"waited {PATIENCE} s for {what}")
            await asyncio.sleep(POLL)
        return answer

    def _config(self, bot: Bot) -> dict[str, Any]:
        whole = config(bot.account.user_id)
        modes = {each: MODES[self.ledger.mode(each)] for each in bot.direct}
        whole["behaviour_config"] |= {"takeover_minutes": 30}
        whole["contacts"] = [{"id": f"+{each.people[0]}", **mode} for each, mode in modes.items()]
        whole["llm_provider_config"]["provider_config"]["system"] += f" This is version {bot.version}."
        return whole


def export(conversation: Conversation) -> str:
    """A chat as a phone exports it, in which the owner answers like nobody else."""
    mark = BROUGHT.format(conversation.index)
    return "".join(
        f"[{1 + number % 28:02}.{1 + number // 28:02}.24, 10:00:00] Friend: {mark}{number}e what about it?\n"
        f"[{1 + number % 28:02}.{1 + number // 28:02}.24, 10:05:00] Owner: {mark}{number}e is fine by me\n"
        for number in range(EXCHANGES)
    )
