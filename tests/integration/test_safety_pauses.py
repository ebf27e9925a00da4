"""What a platform's refusals come to: an account that is slowed or paused, until time or its owner ends it."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatbot_manager import ChatbotInstance
from imposter.contracts.chat import ChatContext
from imposter.contracts.errors import Refused
from imposter.contracts.messages import Sender
from imposter.contracts.status import LinkState, LinkStatus, SafetyLevel, SafetyStatus
from imposter.domain.pauses import Pause
from imposter.runtime.commands import EraseContact, ResumeBot
from tests.house import House, open_house, until
from tests.integration.api_house import config, open_api
from tests.integration.safety_house import LOOPS, HandClock, asleep, has_level, has_reason, has_sent, safety


async def test_a_463_rests_its_chat_and_slows_the_account_and_a_second_pauses_it(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        await _refuse(house, bot, "bob", 463)
        await until(lambda: has_level(bot, SafetyLevel.SLOWED))
        status = await safety(bot)
        assert len(status.reasons) == 2
        assert all("463" in reason for reason in status.reasons)
        await platform.hear("bob", "again")
        await until(lambda: has_reason(house, bot, "again", "reach_out_locked"))
        for place in range(5):
            await platform.hear(f"friend {place}", "hi")
        await until(has_sent(platform, 5))
        await platform.hear("one too many", "hi")
        await until(asleep(clock, 1))
        clock.pass_by(60)
        await until(has_sent(platform, 6))
        await _refuse(house, bot, "eve", 463)
        await until(lambda: has_level(bot, SafetyLevel.PAUSED))
        status = await safety(bot)
        assert status.until == clock.now() + timedelta(minutes=15)
        assert "no answers until" in ((await bot.status()).last_error or "")
        await platform.hear("friend 1", "still there?")
        await until(asleep(clock, 1))
        assert len(platform.attempts) == 8
    async with open_house(tmp_path, clock=clock) as house:
        await until(lambda: "anna" in house.platforms and house.platforms["anna"].listening)
        [again] = house.bots.all()
        assert (await again.status()).safety.until == status.until
        await until(asleep(clock, 1))
        for _ in range(15):
            assert not house.platforms["anna"].attempts
            await until(asleep(clock, 1))
            clock.pass_by(60)
        await until(lambda: house.platforms["anna"].texts() == ["re: still there?"])
        assert (await again.status()).safety.level is SafetyLevel.SLOWED


async def test_refusals_of_what_was_under_way_make_a_pause_no_longer(tmp_path: Path) -> None:
    clock, gate = HandClock(), asyncio.Event()
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        platform.hold = gate
        platform.trouble += [Refused("The platform refused the message.", code=463) for _ in range(6)]
        for place in range(6):
            await platform.hear(f"friend {place}", "hi")
        await until(lambda: len(platform.attempts) == 6)
        gate.set()
        await until(lambda: _failed(house, bot, 6))
        await until(lambda: has_level(bot, SafetyLevel.PAUSED))
        assert (await safety(bot)).until == clock.now() + timedelta(minutes=15)


async def test_an_owner_ends_every_pause(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        for friend in ("bob", "eve"):
            await _refuse(house, bot, friend, 463)
        await until(lambda: has_level(bot, SafetyLevel.PAUSED))
        await platform.hear("cleo", "hi")
        await until(asleep(clock, 1))
        await house.bots.execute(bot.instance_id, ResumeBot())
        await until(lambda: platform.texts() == ["re: hi"])
        assert await safety(bot) == SafetyStatus()
        assert (await bot.status()).last_error is None, "it told of the pause"
        await bot.stop()
        await bot.start()
        assert await safety(bot) == SafetyStatus()


async def test_server_errors_slow_the_account_and_single_refusals_do_not(tmp_path: Path) -> None:
    async with open_house(tmp_path, clock=HandClock()) as house:
        bot = await house.bot()
        for code in (403, 500):
            await _refuse(house, bot, f"friend {code}", code)
            assert (await safety(bot)).level is SafetyLevel.NORMAL
        await _refuse(house, bot, "friend 503", 503)
        await until(lambda: has_level(bot, SafetyLevel.SLOWED))


async def test_a_link_that_the_platform_ends_again_and_again_slows_the_account(tmp_path: Path) -> None:
    async with open_house(tmp_path, clock=HandClock()) as house:
        bot = await house.bot()
        context: ChatContext = house.platforms["anna"].context
        for _ in range(3):
            assert (await safety(bot)).level is SafetyLevel.NORMAL
            context.report(LinkStatus(status=LinkState.RECONNECTING, code=503))
            context.report(LinkStatus(status=LinkState.CONNECTED))
            await asyncio.sleep(0)
        await until(lambda: has_level(bot, SafetyLevel.SLOWED))
        assert "503" in (await safety(bot)).reasons[0]


async def test_the_pauses_of_an_account_go_with_it(tmp_path: Path) -> None:
    async with open_house(tmp_path, clock=HandClock()) as house:
        bot = await house.bot()
        for friend in ("bob", "eve"):
            await _refuse(house, bot, friend, 463)
        await until(lambda: has_level(bot, SafetyLevel.PAUSED))
        await bot.unlink()
        await bot.start()
        await until(lambda: has_level(bot, SafetyLevel.NORMAL))
        await until(lambda: house.platforms["anna"].listening)
        await house.platforms["anna"].hear("bob", "hello")
        await until(lambda: house.platforms["anna"].texts() == ["re: hello"])


async def test_a_pause_follows_its_contact_into_the_conversation_they_are_known_by(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot(limits_config=LOOPS)
        platform = house.platforms["anna"]
        for name in ("phone", "lid"):
            await platform.hear(name, "hello")
        await until(has_sent(platform, 2))
        await house.bots.stop(bot.instance_id)
        await house.store.pauses.set(bot.instance_id, Pause("lid", "loop", datetime.now(UTC) + timedelta(hours=1)))
        await house.bots.start(bot.instance_id)
        await until(lambda: house.platforms["anna"] is not platform and house.platforms["anna"].listening)
        platform = house.platforms["anna"]
        await platform.queue.add_message("it is me", Sender("lid", "", ("phone",)))
        await until(lambda: has_reason(house, bot, "it is me", "loop"))
        assert platform.texts() == []
        assert len((await safety(bot)).reasons) == 1


async def test_one_member_forgotten_ends_no_pause_of_the_group(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot(limits_config=LOOPS, chat_config={"allow_group_messages": True})
        await house.platforms["anna"].hear("bob", "hello", group="G")
        await until(has_sent(house.platforms["anna"], 1))
        await house.bots.stop(bot.instance_id)
        await house.store.pauses.set(bot.instance_id, Pause("G", "loop", datetime.now(UTC) + timedelta(hours=1)))
        first = house.platforms["anna"]
        await house.bots.start(bot.instance_id)
        await until(lambda: house.platforms["anna"] is not first and house.platforms["anna"].listening)
        await bot.execute(EraseContact(contact="bob"))
        await house.platforms["anna"].hear("ben", "beep", group="G")
        await until(lambda: has_reason(house, bot, "beep", "loop"))
        assert (await safety(bot)).level is SafetyLevel.SLOWED


async def test_limits_and_resuming_over_http(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        limits = {"answers_per_day": 50, "automatic_turns": None}
        instance_id = await api.create(limits_config=limits)
        shown = (await api.client.get(f"/chatbot/{instance_id}")).json()
        assert shown["config"]["limits_config"] == limits
        assert shown["status"]["safety"] == {"level": "normal", "reasons": [], "until": None}
        [refused] = (await api.put({**config("anna"), "limits_config": {"answers_per_dya": 0}})).json()
        assert refused["error"]["field"] == "limits_config.answers_per_dya"
        assert "answers_per_day" in refused["error"]["message"]
        pause = Pause("", "refused", datetime.now(UTC) + timedelta(hours=1))
        await api.house.store.pauses.set(instance_id, pause)
        for call, level in [("stop", "normal"), ("start", "paused"), ("resume", "normal")]:
            await api.client.post(f"/chatbot/{instance_id}/{call}")

            async def stands(level: str = level) -> bool:
                status = (await api.client.get(f"/chatbot/{instance_id}/status")).json()
                return bool(status["safety"]["level"] == level)

            await until(stands)
        assert (await api.client.post("/chatbot/nobody/resume")).status_code == 404


async def _refuse(house: House, bot: ChatbotInstance, friend: str, code: int) -> None:
    """Have the answer to this friend refused; returns when that has had its effect."""
    platform = house.platforms["anna"]
    failed = sum(row.delivery == "failed" for row in await house.bot_service.messages(bot.instance_id))
    platform.trouble.append(Refused("The platform refused the message.", code=code))
    await platform.hear(friend, f"to be refused {code}")
    await until(lambda: _failed(house, bot, failed + 1))


async def _failed(house: House, bot: ChatbotInstance, answers: int) -> bool:
    rows = await house.bot_service.messages(bot.instance_id)
    return sum(row.delivery == "failed" for row in rows) == answers
