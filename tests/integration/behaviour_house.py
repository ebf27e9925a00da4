"""For tests of how a bot behaves: time passes as fast as everybody waits for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from chatbot_manager import ChatbotInstance
from imposter.contracts.messages import Sender, Source
from tests.house import OWN_CHAT, House, Model, Platform, config_of, open_house, until
from tests.integration.safety_house import HandClock
from tests.timeouts import FACT

PROMPT: dict[str, Any] = {"debounce_seconds": 0, "pace": "off"}
HUMAN: dict[str, Any] = {"debounce_seconds": 0, "pace": "human"}


class Anna:
    """One bot, at home in a house whose clock is in the test's hand."""

    def __init__(self, house: House, bot: ChatbotInstance, clock: HandClock) -> None:
        self.house = house
        self.bot = bot
        self.clock = clock

    @property
    def platform(self) -> Platform:
        return self.house.platforms["anna"]

    @property
    def model(self) -> Model:
        return self.house.models["anna"]

    async def hear(self, text: str, sender: str = "bob", **more: Any) -> None:
        await self.platform.hear(sender, text, **more)

    async def write_herself(self, text: str, to: str = "bob", **more: Any) -> None:
        await self.platform.hear("anna", text, source=Source.OWNER, to=Sender(to), **more)

    def notes(self) -> list[str]:
        """What stands in her own chat, of the bot."""
        return self.platform.texts(OWN_CHAT)

    async def say_to_herself(self, text: str, **more: Any) -> None:
        await self.write_herself(text, to=OWN_CHAT, **more)

    async def react(self, emoji: str, to: str, chat: str = OWN_CHAT) -> None:
        await self.write_herself(emoji, to=chat, reacts_to=to, answerable=False, note="reaction")

    def note_id(self, place: int = -1) -> str:
        """Of one of the bot's messages in her own chat."""
        return [sent for sent in self.platform.sent if sent.recipient == OWN_CHAT][place].message_id

    async def configure(self, behaviour: dict[str, Any], **config: Any) -> None:
        await self.house.bots.put(config_of(behaviour_config=behaviour, **config))

    async def live_until(self, fact: Callable[[], bool | Awaitable[bool]]) -> None:
        """Let time pass, from one thing that somebody waits for to the next."""
        async with asyncio.timeout(FACT):
            while True:
                await self.settle()
                holds = fact()
                if await holds if isinstance(holds, Awaitable) else holds:
                    return
                if self.clock.next_in is not None:
                    self.clock.pass_by(self.clock.next_in)

    async def pass_by(self, seconds: float) -> None:
        """Let so much time pass, step by step."""
        end = self.clock.seconds + seconds
        while True:
            await self.settle()
            step = self.clock.next_in
            if step is None or self.clock.seconds + step > end:
                break
            self.clock.pass_by(step)
        self.clock.pass_by(end - self.clock.seconds)
        await self.settle()

    async def settle(self) -> None:
        """Returns when whatever could be done now is done: nothing is under way but what waits for time."""
        store, quiet = self.house.store, 0
        while quiet < 20:
            await store.messages.waiting_count(self.bot.instance_id)
            await asyncio.sleep(0)
            quiet = 0 if store.activity().reading else quiet + 1

    async def reasons(self) -> dict[str, tuple[str, str | None]]:
        """State and reason of each message."""
        rows = await self.house.bot_service.messages(self.bot.instance_id, limit=200)
        return {row.content: (row.state.value, row.reason) for row in rows}

    def shown(self, recipient: str = "bob") -> list[str]:
        return [what for _, who, what in self.platform.seen if who == recipient]


@asynccontextmanager
async def open_anna(folder: Path, clock: HandClock, behaviour: dict[str, Any], **config: Any) -> AsyncIterator[Anna]:
    """Her bot, made or brought back; left, it has stopped."""
    async with open_house(folder, clock=clock, chance=lambda: 0.5) as house:
        bot = await house.bots.put(config_of(behaviour_config=behaviour, **config))
        assert isinstance(bot, ChatbotInstance)
        await until(lambda: "anna" in house.platforms and house.platforms["anna"].listening)
        await until(lambda: bot.state == "connected")
        yield Anna(house, bot, clock)
