"""One conversation's trouble is its own; the whole server's trouble passes, and nothing is lost or doubled by it."""

import resource
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from imposter.contracts.chat import ChatContext
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from imposter.storage.queue.dead_letters import DeadLetter
from tests.durability.driver import config
from tests.durability.victim import Victim
from tests.durability.wire import open_line
from tests.fakes.model_server import Chat, Failure, ModelServer, echo, words
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import Platform, config_of, open_house, until

Phone = Callable[[], str]


@dataclass
class Scene:
    """One linked account with two contacts."""

    victim: Victim
    network: WhatsAppNetwork
    model: ModelServer
    me: str
    ann: str
    ben: str
    instance_id: str = ""

    async def say(self, contact: str, text: str) -> None:
        await self.network.say(self.me, contact, text)

    async def is_answered(self, contact: str, *texts: str) -> None:
        """Everything that this contact got so far is the answers to these, once each."""

        async def shown() -> list[str | None]:
            return [answer.text for answer in await self.network.inbox(contact) if not answer.duplicate]

        got = await self.victim.until(shown, lambda got: len(got) >= len(texts))
        assert got == [f"re: {text}" for text in texts]

    async def is_not_ready(self) -> str:
        """Returns once the server says that it cannot work, with what it says."""
        answer = await self.victim.until(
            lambda: self.victim.api.get("/readyz"), lambda answer: answer.status_code != 200
        )
        return str(answer.text)


@asynccontextmanager
async def scene(
    folder: Path, network: WhatsAppNetwork, phone: Phone, database: str | None = None, **settings: str
) -> AsyncIterator[Scene]:
    async with ModelServer() as model:
        environment = {
            "NODE_OPTIONS": network.node_options,
            "OPENAI_BASE_URL": model.base_url,
            "OPENAI_API_KEY": "sk-not-a-real-key-of-anyone",
            **settings,
        }
        if database:
            environment["IMPOSTER_DATABASE_URL"] = database
        victim = Victim(folder, environment)
        try:
            await victim.start()
            made = Scene(victim, network, model, phone(), phone(), phone())
            [made.instance_id] = await victim.put(config(f"user of {made.me}"))
            await network.scan(await victim.qr(made.instance_id), made.me)
            await victim.until_status(made.instance_id, "connected")
            for contact in (made.ann, made.ben):
                await made.say(contact, "hello")
                await made.is_answered(contact, "hello")
            yield made
        finally:
            await victim.kill()
            await victim.api.aclose()


def last(chat: Chat) -> str:
    return words(chat["messages"][-1])[-1]


async def test_a_poison_message_fails_alone(
    tmp_path: Path, network: WhatsAppNetwork, phone: Phone, database: str | None
) -> None:
    async with scene(tmp_path, network, phone, database) as here:
        here.model.reply = lambda chat: Failure(400) if last(chat) == "poison" else echo(chat)
        await here.say(here.ann, "poison")
        failed = await here.victim.until_message(here.instance_id, content="poison", state="failed")
        assert failed["reason"]
        status = await here.victim.status(here.instance_id)
        assert status["last_error"], status
        await here.say(here.ben, "and I?")
        await here.is_answered(here.ben, "hello", "and I?")
        await here.say(here.ann, "never mind")
        await here.is_answered(here.ann, "hello", "never mind")


async def test_a_model_that_hangs_holds_up_one_conversation(
    tmp_path: Path, network: WhatsAppNetwork, phone: Phone, database: str | None
) -> None:
    async with scene(tmp_path, network, phone, database) as here:
        asked = len(here.model.requests)
        here.model.hang(lambda chat: last(chat) == "think")
        await here.say(here.ann, "think")
        await here.model.wait_requests(asked + 1)
        await here.say(here.ben, "hurry")
        await here.is_answered(here.ben, "hello", "hurry")
        here.model.release()
        await here.is_answered(here.ann, "hello", "think")


async def test_a_full_disk_loses_nothing(tmp_path: Path, network: WhatsAppNetwork, phone: Phone) -> None:
    """The limit on file size is as near as one process can bring another to it: every write of a new page fails."""
    async with scene(tmp_path, network, phone) as here:
        unlimited = resource.prlimit(here.victim.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(here.victim.pid, resource.RLIMIT_FSIZE, (1, unlimited[1]))
        await here.say(here.ann, "is there room?")
        assert await here.is_not_ready()
        await here.say(here.ben, "and for me?")
        resource.prlimit(here.victim.pid, resource.RLIMIT_FSIZE, unlimited)
        await here.is_answered(here.ann, "hello", "is there room?")
        await here.is_answered(here.ben, "hello", "and for me?")


async def test_a_locked_database_is_waited_for(tmp_path: Path, network: WhatsAppNetwork, phone: Phone) -> None:
    """For longer than the server is patient with a single commit."""
    async with scene(tmp_path, network, phone) as here:
        with closing(sqlite3.connect(here.victim.data / "imposter.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            await here.say(here.ann, "are you busy?")
            assert await here.is_not_ready()
            other.execute("ROLLBACK")
        await here.say(here.ben, "and now?")
        await here.is_answered(here.ann, "hello", "are you busy?")
        await here.is_answered(here.ben, "hello", "and now?")


async def test_a_database_server_that_is_away_comes_back(
    tmp_path: Path, network: WhatsAppNetwork, phone: Phone, postgres_database: str
) -> None:
    async with (
        open_line(postgres_database) as line,
        scene(tmp_path, network, phone, line.url.render_as_string(hide_password=False)) as here,
    ):
        line.away = True
        line.drop_all()
        await here.say(here.ann, "is anybody there?")
        assert await here.is_not_ready()
        await here.say(here.ben, "me, too")
        line.away = False
        await here.is_answered(here.ann, "hello", "is anybody there?")
        await here.is_answered(here.ben, "hello", "me, too")


async def test_a_provider_that_raises_fails_one_answer(tmp_path: Path, database: str | None) -> None:
    made: list[Platform] = []

    class Fragile(Platform):
        def attach(self, context: ChatContext) -> None:
            super().attach(context)
            made.append(self)

        async def send_with_id(self, recipient: str, message: str, message_id: str) -> None:
            if recipient == "ann":
                raise ZeroDivisionError("a secret of the provider's")
            await super().send_with_id(recipient, message, message_id)

    async with open_house(
        tmp_path, ProviderFile(ProviderKind.CHAT, "fragile", provider=Fragile), database=database
    ) as house:
        bot = await house.bots.put(config_of(chat="fragile"))
        await until(lambda: bool(made) and made[-1].listening)
        platform = made[-1]
        await platform.hear("ann", "one")
        await platform.hear("ben", "two")
        await until(lambda: platform.texts("ben") == ["re: two"])

        async def letters() -> list[DeadLetter]:
            return await house.store.dead_letters.page(bot.instance_id)

        async def has_failed() -> bool:
            return len(await letters()) == 1

        await until(has_failed)
        [letter] = await letters()
        assert (letter.conversation, letter.reason) == ("ann", "ZeroDivisionError")
        status = await bot.status()
        assert "secret" not in str(status)
