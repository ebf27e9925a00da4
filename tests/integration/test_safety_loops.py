"""Bots that talk to machines stop, and persons are never taken for machines."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from chatbot_manager import ChatbotInstance
from imposter.contracts.status import SafetyLevel, SafetyStatus
from imposter.runtime.account.loop_detection import HASTY_TURNS
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from tests.house import Platform, config_of, open_house, until
from tests.integration.safety_house import LOOPS, HandClock, has_reason, has_sent, reasons, safety

DEFAULTS: dict[str, Any] = {}


class Wire(Platform):
    """A platform whose people are the bots themselves, by user_id."""

    people: dict[str, "Wire"]
    clock: HandClock
    same_ids: bool
    """Whether a message has the same id on both sides, as it has on WhatsApp."""
    pace: float
    """Seconds that pass with each message."""

    def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None:
        super().__init__(user_id, config, user_queues)
        self.user_id = user_id
        self.people[user_id] = self

    async def send_with_id(self, recipient: str, message: str, message_id: str) -> None:
        await super().send_with_id(recipient, message, message_id)
        self.clock.pass_by(self.pace)
        if recipient in self.people:
            heard_as = message_id if self.same_ids else f"heard-{message_id}"
            await self.people[recipient].hear(self.user_id, message, message_id=heard_as)


def wire(clock: HandClock, *, same_ids: bool, pace: float) -> type[Wire]:
    return type("OneWire", (Wire,), {"people": {}, "clock": clock, "same_ids": same_ids, "pace": pace})


@pytest.mark.parametrize(
    ("same_ids", "pace"),
    [pytest.param(True, 30.0, id="known, however slow"), pytest.param(False, 0.0, id="strangers, by their speed")],
)
async def test_two_bots_that_face_each_other_stop(tmp_path: Path, same_ids: bool, pace: float) -> None:
    clock = HandClock()
    kind = wire(clock, same_ids=same_ids, pace=pace)
    async with open_house(tmp_path, ProviderFile(ProviderKind.CHAT, "wire", provider=kind), clock=clock) as house:
        bots = []
        for user_id in ("anna", "ben"):
            bot = await house.bots.put(config_of(user_id, chat="wire", limits_config=DEFAULTS))
            assert isinstance(bot, ChatbotInstance)
            bots.append(bot)
        await until(lambda: len(kind.people) == 2 and all(one.listening for one in kind.people.values()))
        anna, ben = kind.people["anna"], kind.people["ben"]
        await ben.hear("anna", "hello")  # in her own words
        told: list[SafetyStatus] = []

        async def stopped() -> bool:
            told[:] = [status for bot in bots if (status := await safety(bot)).level is SafetyLevel.SLOWED]
            return len(told) == (2 if same_ids else 1)

        await until(stopped)
        assert 4 <= len(anna.sent) + len(ben.sent) <= 6
        assert all("as only a machine does" in " ".join(status.reasons) and status.until for status in told)
        last_errors = [(await bot.status()).last_error or "" for bot in bots]
        assert sum("as only a machine does" in error for error in last_errors) == len(told)

        async def told_why() -> bool:
            return any("loop" in found.values() for found in [await reasons(house, bot) for bot in bots])

        await until(told_why)
        await anna.hear("cleo", "and I?")
        await until(lambda: anna.texts("cleo") == ["re: and I?"])


async def test_two_strangers_that_take_a_persons_time_stop_as_well(tmp_path: Path) -> None:
    clock = HandClock()
    kind = wire(clock, same_ids=False, pace=6.0)
    async with open_house(tmp_path, ProviderFile(ProviderKind.CHAT, "wire", provider=kind), clock=clock) as house:
        bots = []
        for user_id in ("anna", "ben"):
            chatty = config_of(user_id, chat="wire", model_config={"prefix": "word " * 20}, limits_config=LOOPS)
            bot = await house.bots.put(chatty)
            assert isinstance(bot, ChatbotInstance)
            bots.append(bot)
        await until(lambda: len(kind.people) == 2 and all(one.listening for one in kind.people.values()))
        await kind.people["ben"].hear("anna", "hello")

        async def stopped() -> bool:
            return any([(await safety(bot)).level is SafetyLevel.SLOWED for bot in bots])

        await until(stopped)
        sent = sum(len(one.sent) for one in kind.people.values())
        assert 6 < sent <= 2 * HASTY_TURNS + 2


async def test_a_loop_is_forgotten_after_its_pause(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot(limits_config=LOOPS)
        platform = house.platforms["anna"]
        for turn in range(4):
            await until(has_sent(platform, turn))
            await platform.hear("bob", f"beep {turn}")
        await until(lambda: has_reason(house, bot, "beep 3", "loop"))
        clock.pass_by(59 * 60)
        await platform.hear("bob", "too early")
        await until(lambda: has_reason(house, bot, "too early", "loop"))
        clock.pass_by(61)
        assert (await safety(bot)).level is SafetyLevel.NORMAL
        await platform.hear("bob", "good morning")
        await until(lambda: platform.texts()[3:] == ["re: good morning"])


@pytest.mark.parametrize(
    ("pace", "text"),
    [pytest.param(4.0, "so I went there and then I saw", id="writes on"), pytest.param(8.0, "hm?" * 30, id="talks")],
)
async def test_a_person_who_is_answered_at_once_is_never_taken_for_a_machine(
    tmp_path: Path, pace: float, text: str
) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        await house.bot(limits_config=LOOPS)
        platform = house.platforms["anna"]
        for turn in range(10):
            await platform.hear("bob", f"{text} {turn}")
            await until(has_sent(platform, turn + 1))
            clock.pass_by(pace)


async def test_a_person_who_taps_emojis_is_answered_on(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        await house.bot(limits_config=LOOPS)
        platform = house.platforms["anna"]
        for turn, text in enumerate(("ja", "nein", "ok", "gut", "👍", "😂")):
            await platform.hear("bob", text)
            clock.pass_by(0.3)
            await until(has_sent(platform, turn + 1))
            clock.pass_by(0.7)


async def test_several_messages_before_the_answer_are_no_loop(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        await house.bot(limits_config=LOOPS)
        platform, model = house.platforms["anna"], house.models["anna"]
        for turn in range(6):
            model.hold[f"forwarded {turn} 0"] = asyncio.Event()
            for place in range(3):
                await platform.hear("bob", f"forwarded {turn} {place}")
            model.hold[f"forwarded {turn} 0"].set()
            await until(_last(platform, f"re: forwarded {turn} 2"))
            clock.pass_by(12)


def _last(platform: Platform, text: str) -> Callable[[], bool]:
    return lambda: platform.texts()[-1:] == [text]
