"""For tests of account safety: time in the test's hand, and what a bot says of its safety."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from chatbot_manager import ChatbotInstance
from imposter.contracts.status import SafetyLevel, SafetyStatus
from tests.house import HASTE, House, Platform

LOOPS: dict[str, Any] = {**HASTE, "automatic_turns": 3}


class HandClock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        sleeper = (self.seconds + seconds, asyncio.Event())
        self._sleepers.append(sleeper)
        try:
            await sleeper[1].wait()
        finally:
            self._sleepers.remove(sleeper)

    @property
    def jump(self) -> float:
        return 0.0

    def heard(self, moment: datetime) -> None: ...

    def look(self) -> None: ...

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds
        for due, woken in self._sleepers:
            if due <= self.seconds:
                woken.set()

    @property
    def next_in(self) -> float | None:
        """Seconds until the next sleeper wakes up; None where nobody sleeps, or somebody is just waking up."""
        if not self._sleepers or any(woken.is_set() for _, woken in self._sleepers):
            return None
        return max(0.0, min(due for due, _ in self._sleepers) - self.seconds)

    @property
    def sleepers(self) -> int:
        """How many sleep on."""
        return sum(not woken.is_set() for _, woken in self._sleepers)


async def safety(bot: ChatbotInstance) -> SafetyStatus:
    return (await bot.status()).safety


async def reasons(house: House, bot: ChatbotInstance) -> dict[str, str | None]:
    """Why each message of this bot is as it is."""
    return {row.content: row.reason for row in await house.bot_service.messages(bot.instance_id)}


def has_sent(platform: Platform, answers: int) -> Callable[[], bool]:
    return lambda: len(platform.sent) == answers


def asleep(clock: HandClock, sleepers: int) -> Callable[[], bool]:
    return lambda: clock.sleepers == sleepers


async def has_reason(house: House, bot: ChatbotInstance, text: str, reason: str) -> bool:
    return (await reasons(house, bot)).get(text) == reason


async def has_level(bot: ChatbotInstance, level: SafetyLevel) -> bool:
    return (await safety(bot)).level is level
