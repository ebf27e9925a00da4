"""Somebody is forgotten while they write and are answered, and while the server goes down: nothing is left."""

import asyncio
import os
import random
import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from imposter.contracts.errors import ContactNotFound, InvalidState
from imposter.contracts.messages import Group, Sender
from imposter.runtime.pipeline import scheduler
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from imposter.storage import Store
from imposter.storage.database.engine import DATABASE_FILE
from tests.house import AT_ONCE, House, Platform, config_of, open_house, until

SEEDS = [int(os.environ["FORGETTING_SEED"])] if "FORGETTING_SEED" in os.environ else range(12)
EVE, BEN = Sender("eve", "Canary Smith", ("eve-too",)), Sender("ben", "Ben")
TEAM = Group("the-team", "The Team")


@dataclass
class World:
    """What goes on beside the server, and outlives it."""

    chance: random.Random
    store: Store | None = None
    platform: Platform | None = None
    """Of the newest run."""
    sent: list[str] = field(default_factory=list)
    """What went out, by whichever run, to whomever."""
    shown: list[str] = field(default_factory=list)
    """What the model was shown."""
    begun: dict[str, tuple[Sender, Group | None]] = field(default_factory=dict)
    """By id, which is its text as well, what was handed over."""
    durable: set[str] = field(default_factory=set)

    async def a_while(self) -> None:
        """As long as some commits take: what is tested is what comes between two of them."""
        assert self.store is not None
        for _ in range(self.chance.choice([0, 0, 1, 2, 5, 12])):
            await self.store.messages.waiting_count("nobody")

    def new_id(self) -> str:
        return f"m{len(self.begun):04}m"

    async def say(self, sender: Sender, group: Group | None = None) -> None:
        message_id = self.new_id()
        self.begun[message_id] = (sender, group)
        await self.hand_over(message_id)

    async def hand_over(self, message_id: str) -> None:
        """The first time, or once more; a platform that is not thanked keeps it."""
        assert self.platform is not None
        sender, group = self.begun[message_id]
        with suppress(InvalidState):
            await self.platform.queue.add_message(message_id, sender, group=group, message_id=message_id)
            self.durable.add(message_id)

    async def talk(self, count: int) -> None:
        for _ in range(count):
            await self.say(*self.chance.choice([(EVE, None), (EVE, None), (EVE, TEAM), (BEN, TEAM), (BEN, None)]))
            await self.a_while()

    def of(self, sender: Sender) -> set[str]:
        return {message_id for message_id, (by, _) in self.begun.items() if by is sender}


@asynccontextmanager
async def open_world(folder: Path, world: World, behaviour: dict[str, Any]) -> AsyncIterator[tuple[House, str]]:
    class Slow(Platform):
        """A send takes its time, and is seen when that is over."""

        def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None:
            super().__init__(user_id, config, user_queues)
            world.platform = self

        async def send_with_id(self, recipient: str, message: str, message_id: str) -> None:
            await world.a_while()
            await super().send_with_id(recipient, message, message_id)
            world.sent.append(message)

    class Thinking:
        def __init__(self, user_id: str, config: dict[str, Any]) -> None:
            pass

        async def reply(self, turns: Any) -> str:
            world.shown.append(" ".join(turn.content for turn in turns))
            await world.a_while()
            return f"re: {turns[-1].content}"

    files = [
        ProviderFile(ProviderKind.CHAT, "slow", provider=Slow),
        ProviderFile(ProviderKind.MODEL, "thinking", provider=Thinking),
    ]
    async with open_house(folder, *files) as house:
        world.store = house.store
        bot = await house.bots.put(config_of(chat="slow", model="thinking", behaviour_config=behaviour))
        await until(lambda: bot.state == "connected")
        yield house, bot.instance_id


def rows_with(folder: Path, words: Iterable[str]) -> list[str]:
    """Those that hold one of these."""
    words = list(words)
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [
            f"{table}: {row}"
            for table in tables
            for row in database.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - our own tables
            if any(word in str(value) for value in row for word in words)
        ]


def among(words: Iterable[str], texts: Iterable[str]) -> list[str]:
    words = list(words)
    return [text for text in texts if any(word in text for word in words)]


async def settled(house: House, bot: str) -> None:
    async def nothing_waits() -> bool:
        rows = await house.bot_service.messages(bot, limit=200)
        return not any(row.state == "waiting" or row.delivery in ("pending", "sending") for row in rows)

    await until(nothing_waits)


@pytest.mark.parametrize("autonomy", ["auto", "draft"])
@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_of_before_is_stored_sent_or_shown_once_they_are_forgotten(
    tmp_path: Path, seed: int, autonomy: str
) -> None:
    world, behaviour = World(random.Random(seed)), AT_ONCE | {"autonomy": autonomy}
    killed = seed % 2 == 1
    if killed:
        async with open_world(tmp_path, world, behaviour) as (house, bot):
            talking = asyncio.create_task(world.talk(15))
            await world.a_while()
            await until(lambda: len(world.durable) > 5)
            forgetting = asyncio.create_task(house.bot_service.forget(bot, "eve"))
            await world.a_while()
            forgetting.cancel()
            await asyncio.gather(forgetting, return_exceptions=True)
            await world.a_while()
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
    async with open_world(tmp_path, world, behaviour) as (house, bot):
        talking = asyncio.create_task(world.talk(15))
        await until(lambda: len(world.durable) > 8)
        await world.a_while()
        before, begun = world.durable & world.of(EVE), set(world.begun)
        with suppress(ContactNotFound):  # the first try was not cut short after all
            await house.bot_service.forget(bot, "eve")
        sent, shown = len(world.sent), len(world.shown)
        assert rows_with(tmp_path, before) == []
        await talking
        for message_id in sorted(before):  # the platform did not hear that it was taken
            await world.hand_over(message_id)
        await settled(house, bot)
        assert among(before, world.sent[sent:]) == []
        assert among(before, world.shown[shown:]) == []
        assert rows_with(tmp_path, before) == []
        for message_id in world.of(EVE) - begun:  # said after it was asked for: gone, or answered as ever
            assert len(among([f"re: {message_id}"], world.sent)) <= 1
        await world.say(EVE)
        await settled(house, bot)
        assert among(before, world.shown[shown:]) == []
    assert rows_with(tmp_path, before) == []


class Forgetful(Platform):
    """Keeps something of people itself, which takes until it is let."""

    forgets = asyncio.Event()
    asked = asyncio.Event()
    newest: "Forgetful"

    async def start_listening(self) -> None:
        Forgetful.newest = self
        await super().start_listening()

    async def forget_contact(self, ids: Sequence[str]) -> None:
        self.asked.set()
        await self.forgets.wait()


async def test_an_answer_that_is_being_sent_arrives_before_it_is_said_that_they_are_forgotten(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        platform.hold = asyncio.Event()
        await platform.hear("eve", "canary")
        await until(lambda: len(platform.attempts) == 1)
        forgetting = asyncio.create_task(house.bot_service.forget(bot.instance_id, "eve"))
        for _ in range(20):
            await house.store.messages.waiting_count(bot.instance_id)
        assert not forgetting.done()
        platform.hold.set()
        await forgetting
        assert platform.texts("eve") == ["re: canary"]


async def test_an_answer_that_is_sent_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "CLOSING_GRACE", 0.05)
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        platform.hold = asyncio.Event()
        await platform.hear("eve", "canary")
        await until(lambda: len(platform.attempts) == 1)
        await house.bot_service.forget(bot.instance_id, "eve")
        platform.hold.set()
        await platform.hear("eve", "who are you?")
        await until(lambda: platform.texts("eve") == ["re: who are you?"])
        assert rows_with(tmp_path, ["canary"]) == []


async def test_what_they_say_while_they_are_being_forgotten_is_forgotten_and_not_answered(tmp_path: Path) -> None:
    Forgetful.forgets, Forgetful.asked = asyncio.Event(), asyncio.Event()
    file = ProviderFile(ProviderKind.CHAT, "forgetful", provider=Forgetful)
    async with open_house(tmp_path, file) as house:
        bot = await house.bots.put(config_of(chat="forgetful"))
        await until(lambda: bot.state == "connected")
        model = house.models["anna"]
        model.hold["canary, before"] = asyncio.Event()
        platform = Forgetful.newest
        await platform.hear("eve", "canary, before")
        await until(lambda: len(model.asked) == 1)
        forgetting = asyncio.create_task(house.bot_service.forget(bot.instance_id, "eve"))
        await Forgetful.asked.wait()
        model.hold["canary, before"].set()
        await platform.hear("eve", "canary, meanwhile")
        await platform.hear("ben", "and I?")
        await until(lambda: platform.texts() == ["re: and I?"])
        Forgetful.forgets.set()
        assert (await forgetting)[0] == 2
        await platform.hear("eve", "who are you?")
        await until(lambda: len(platform.texts()) == 2)
        assert platform.texts() == ["re: and I?", "re: who are you?"]
        assert model.prompts()[1:] == [["and I?"], ["who are you?"]]
        assert rows_with(tmp_path, ["canary"]) == []
