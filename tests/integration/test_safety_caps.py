"""No more answers in a span of time than the limits say, whoever waits meanwhile."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from imposter.contracts.status import SafetyLevel, SafetyStatus
from tests.house import HASTE, open_house, until
from tests.integration.safety_house import HandClock, asleep, has_reason, has_sent, safety


async def test_what_is_over_the_accounts_cap_waits_and_is_answered_together(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot(limits_config={**HASTE, "answers_per_minute": 3})
        platform = house.platforms["anna"]
        for place in range(3):
            await platform.hear(f"friend {place}", "hi")
        await until(has_sent(platform, 3))
        clock.pass_by(20)
        await platform.hear("late", "first")
        await until(asleep(clock, 1))
        await platform.hear("late", "second")
        status = await safety(bot)
        assert (status.level, status.reasons) == (
            SafetyLevel.SLOWED,
            ["1 chat is waiting for its turn: limits_config.answers_per_minute is 3."],
        )
        clock.pass_by(39)
        assert len(platform.sent) == 3
        clock.pass_by(1)
        await until(lambda: platform.texts("late") == ["re: second"])
        assert await safety(bot) == SafetyStatus()


async def test_what_is_held_goes_a_little_later_by_chance(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock, chance=lambda: 0.5) as house:
        await house.bot(limits_config={**HASTE, "answers_per_minute": 1})
        platform = house.platforms["anna"]
        await platform.hear("bob", "one")
        await until(has_sent(platform, 1))
        clock.pass_by(10)
        await platform.hear("bob", "two")
        await until(asleep(clock, 1))
        clock.pass_by(55)
        assert clock.sleepers == 1
        clock.pass_by(5)
        await until(has_sent(platform, 2))


async def test_a_cap_counts_answers_in_the_making_and_lets_nobody_overtake(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        await house.bot(limits_config={**HASTE, "answers_per_minute": 1})
        platform, model = house.platforms["anna"], house.models["anna"]
        model.hold["slow"] = asyncio.Event()
        await platform.hear("bob", "slow")
        await until(lambda: len(model.asked) == 1)
        for place in range(3):
            await platform.hear(f"friend {place}", "hi")
            await until(asleep(clock, place + 1))
        clock.pass_by(50)
        model.hold["slow"].set()
        await until(has_sent(platform, 1))
        for place in range(3):
            for _ in range(6):
                await until(asleep(clock, 3 - place))
                assert len(platform.sent) == place + 1
                clock.pass_by(10)
            await until(has_sent(platform, place + 2))
        assert [sent.recipient for sent in platform.sent] == ["bob", "friend 0", "friend 1", "friend 2"]


async def test_a_contacts_cap_holds_up_nobody_else(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot(limits_config={**HASTE, "answers_per_contact_per_minute": 1})
        platform = house.platforms["anna"]
        for text in ("one", "two"):
            await platform.hear("bob", text)
            await until(has_sent(platform, 1))
        await until(asleep(clock, 1))
        await platform.hear("eve", "hi")
        await until(lambda: platform.texts("eve") == ["re: hi"])
        assert "answers_per_contact_per_minute is 1" in (await safety(bot)).reasons[0]
        clock.pass_by(60)
        await until(lambda: platform.texts("bob") == ["re: one", "re: two"])


@pytest.mark.parametrize("seed", range(3))
async def test_caps_hold_in_every_span_and_everybody_is_answered_in_order(tmp_path: Path, seed: int) -> None:
    clock, random = HandClock(), Random(seed)
    limits = {**HASTE, "answers_per_minute": 5, "answers_per_contact_per_minute": 2, "answer_within_minutes": None}
    async with open_house(tmp_path, clock=clock, chance=random.random) as house:
        bot = await house.bot(limits_config=limits)
        platform = house.platforms["anna"]
        for place in range(40):
            await platform.hear(f"friend {random.randrange(6)}", f"{place:02}")
            clock.pass_by(random.choice((0.0, 0.5, 5.0)))

        async def all_answered() -> bool:
            clock.pass_by(1.0)
            return (await bot.status()).waiting == 0

        await until(all_answered)
        answers = await house.store.outbox.answered(bot.instance_id, clock.now() - timedelta(days=1), 100)
        assert answers[-1][1] - answers[0][1] > timedelta(minutes=1)
        _at_most(5, [time for _, time in answers])
        for friend in {friend for friend, _ in answers}:
            _at_most(2, [time for name, time in answers if name == friend])
            assert platform.texts(friend) == sorted(platform.texts(friend))


def _at_most(count: int, times: list[datetime]) -> None:
    for first, beyond in zip(times, times[count:], strict=False):
        assert beyond - first >= timedelta(minutes=1)


async def test_what_is_held_for_too_long_is_no_longer_answered(tmp_path: Path) -> None:
    clock = HandClock()
    limits = {**HASTE, "answers_per_hour": 1, "answer_within_minutes": 2}
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot(limits_config=limits)
        platform = house.platforms["anna"]
        await platform.hear("bob", "one")
        await until(has_sent(platform, 1))
        await platform.hear("bob", "two")
        for _ in range(3):
            await until(asleep(clock, 1))
            clock.pass_by(60)
        await until(lambda: has_reason(house, bot, "two", "too_old"))
        assert await safety(bot) == SafetyStatus()


async def test_new_limits_hold_at_once(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot(limits_config={**HASTE, "answers_per_hour": 1})
        platform = house.platforms["anna"]
        for text in ("one", "two"):
            await platform.hear("bob", text)
            await until(has_sent(platform, 1))
        await until(asleep(clock, 1))
        assert await house.bot(limits_config={**HASTE, "answers_per_hour": 2}) is bot
        await until(lambda: platform.texts() == ["re: one", "re: two"])
        assert house.platforms["anna"] is platform


async def test_answers_count_over_a_restart(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        await house.bot(limits_config={**HASTE, "answers_per_hour": 1, "answer_within_minutes": None})
        await house.platforms["anna"].hear("bob", "one")
        await until(lambda: len(house.platforms["anna"].sent) == 1)
    clock.pass_by(1800)
    async with open_house(tmp_path, clock=clock) as house:
        await until(lambda: "anna" in house.platforms and house.platforms["anna"].listening)
        await house.platforms["anna"].hear("bob", "two")
        await until(asleep(clock, 1))
        clock.pass_by(1800)
        await until(lambda: house.platforms["anna"].texts() == ["re: two"])
