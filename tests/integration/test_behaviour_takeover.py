"""The owner writes in a chat themselves, or asks for silence: then the bot is silent there."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

from imposter.contracts.errors import ContactNotFound
from imposter.contracts.status import SafetyLevel, SafetyStatus
from imposter.domain.deliveries import DeliveryState
from tests.integration.behaviour_house import HUMAN, PROMPT, open_anna
from tests.integration.records import rows
from tests.integration.safety_house import HandClock, safety

TAKES_OVER: dict[str, Any] = {**PROMPT, "takeover_minutes": 30}
MINUTE = 60.0


async def test_where_the_owner_writes_the_bot_is_silent_for_half_an_hour_from_their_last_word(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), TAKES_OVER) as anna:
        await anna.write_herself("It is me")
        await anna.pass_by(20 * MINUTE)
        await anna.write_herself("Still me")
        await anna.pass_by(29 * MINUTE)
        await anna.hear("really you?")
        await anna.hear("hello", "eve")
        await anna.settle()
        assert anna.platform.texts() == ["re: hello"]
        assert (await anna.reasons())["really you?"] == ("context", "takeover")
        await anna.pass_by(1 * MINUTE)
        await anna.hear("and now?")
        await anna.settle()
        assert anna.platform.texts("bob") == ["re: and now?"]
        assert anna.model.prompts()[-1] == ["It is me", "Still me", "really you?", "and now?"]


async def test_an_answer_in_the_making_is_dropped(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), TAKES_OVER) as anna:
        anna.model.hold["who is there?"] = asyncio.Event()
        await anna.hear("who is there?")
        await anna.settle()
        assert len(anna.model.asked) == 1
        await anna.write_herself("Me")
        await anna.settle()
        anna.model.hold["who is there?"].set()
        await anna.pass_by(60 * MINUTE)
        assert anna.platform.attempts == []
        assert (await anna.reasons())["who is there?"] == ("context", "takeover")


async def test_what_waits_for_more_is_dropped(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), {"pace": "off"}) as anna:
        await anna.hear("who is there?")
        await anna.pass_by(1)
        await anna.write_herself("Me")
        await anna.pass_by(60 * MINUTE)
        assert anna.platform.attempts == []
        assert anna.model.asked == []


async def test_an_answer_of_which_half_is_out_stops_there(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), HUMAN) as anna:
        await anna.hear("One thing.\n\nAnother thing.\n\nA third thing.")
        await anna.live_until(lambda: anna.shown()[-2:] == ["sent re: One thing.", "typing"])
        await anna.write_herself("Let me")
        await anna.settle()
        assert anna.shown()[-1] == "idle"
        await anna.pass_by(60 * MINUTE)
        assert anna.platform.texts("bob") == ["re: One thing."]
        states = [(row.delivery, row.delivery_reason) for row in await rows(anna.house, anna.bot.instance_id)]
        assert states.count((DeliveryState.WITHDRAWN, "takeover")) == 2


async def test_a_restart_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, TAKES_OVER) as anna:
        await anna.write_herself("It is me")
        await anna.pass_by(20 * MINUTE)
    async with open_anna(tmp_path, clock, TAKES_OVER) as anna:
        await anna.hear("really?")
        await anna.pass_by(10 * MINUTE)
        assert anna.platform.attempts == []
        await anna.hear("hello?")
        await anna.settle()
        assert anna.platform.texts() == ["re: hello?"]


async def test_a_crash_right_behind_the_owners_word_changes_nothing(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, TAKES_OVER) as anna:
        anna.model.hold["who?"] = asyncio.Event()
        await anna.hear("who?")
        await anna.settle()
        await anna.write_herself("Me")  # nothing else of this run is heard of
    async with open_anna(tmp_path, clock, TAKES_OVER) as anna:
        await anna.pass_by(60 * MINUTE)
        assert anna.platform.attempts == []


async def test_what_the_owner_says_in_a_group_or_by_a_thumb_takes_over_nothing(tmp_path: Path) -> None:
    config = {"chat_config": {"allow_group_messages": True}}
    behaviour = {**TAKES_OVER, "group_trigger": "always"}
    async with open_anna(tmp_path, HandClock(), behaviour, **config) as anna:
        await anna.write_herself("hi all", group="G")
        await anna.write_herself("\N{THUMBS UP SIGN}", reacts_to="m0", answerable=False, note="reaction")
        await anna.hear("hi Anna", group="G")
        await anna.hear("thanks")
        await anna.settle()
        assert sorted(anna.platform.texts()) == ["re: hi Anna", "re: thanks"]


async def test_what_the_owner_wrote_long_ago_takes_over_nothing(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, TAKES_OVER) as anna:
        await anna.write_herself("it was me", sent_at=clock.now() - timedelta(hours=2), offline=True)
        await anna.hear("hello")
        await anna.settle()
        assert anna.platform.texts() == ["re: hello"]


async def test_how_long_is_the_owners_choice_for_each_contact(tmp_path: Path) -> None:
    contacts = [{"id": "eve", "takeover_minutes": 0}, {"id": "bob", "takeover_minutes": 5}]
    async with open_anna(tmp_path, HandClock(), TAKES_OVER, contacts=contacts) as anna:
        for friend in ("eve", "bob"):
            await anna.write_herself("me", to=friend)
        await anna.hear("hello", "eve")
        await anna.settle()
        assert anna.platform.texts() == ["re: hello"]
        await anna.pass_by(5 * MINUTE)
        await anna.hear("hello", "bob")
        await anna.settle()
        assert len(anna.platform.sent) == 2


async def test_the_status_says_so_and_the_owner_ends_it(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, TAKES_OVER) as anna:
        await anna.write_herself("me", to="+49 bob")
        await anna.settle()
        status = await safety(anna.bot)
        assert (status.level, status.until) == (SafetyLevel.SLOWED, clock.now() + timedelta(minutes=30))
        assert "you wrote there yourself" in status.reasons[0]
        await anna.house.bot_service.resume(anna.bot.instance_id, "+49 bob")
        assert await safety(anna.bot) == SafetyStatus()
        await anna.hear("hello", "+49 bob")
        await anna.settle()
        assert anna.platform.texts() == ["re: hello"]


async def test_a_chat_paused_for_an_hour(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, HUMAN) as anna:
        await anna.hear("one")
        await anna.live_until(lambda: anna.shown()[-1:] == ["typing"])
        await anna.house.bot_service.pause(anna.bot.instance_id, "bob", 60)
        await anna.hear("two")
        await anna.hear("hello", "eve")
        await anna.live_until(lambda: bool(anna.platform.sent))
        assert anna.platform.texts() == ["re: hello"]
        assert "you paused it" in (await safety(anna.bot)).reasons[0]
        assert (await anna.reasons())["two"] == ("context", "paused")
        await anna.pass_by(20 * MINUTE)
        await anna.write_herself("me")
    async with open_anna(tmp_path, clock, HUMAN) as anna:
        await anna.pass_by(39 * MINUTE)
        await anna.hear("three")
        await anna.pass_by(2 * MINUTE)
        assert anna.platform.attempts == []
        await anna.hear("four")
        await anna.live_until(lambda: anna.platform.texts() == ["re: four"])


async def test_a_bot_paused_until_it_is_resumed(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, PROMPT) as anna:
        anna.model.hold["one"] = asyncio.Event()
        await anna.hear("one")
        await anna.settle()
        status = await anna.house.bot_service.pause(anna.bot.instance_id)
        assert (status.safety.level, status.safety.until) == (SafetyLevel.PAUSED, None)
        assert "until you resume it" in status.safety.reasons[0]
        await anna.pass_by(24 * 60 * MINUTE)
    async with open_anna(tmp_path, clock, PROMPT) as anna:
        await anna.hear("two")
        await anna.pass_by(10 * MINUTE)
        assert (await anna.reasons())["two"] == ("context", "paused")
        await anna.house.bot_service.resume(anna.bot.instance_id)
        await anna.hear("three")
        await anna.settle()
        assert anna.platform.texts() == ["re: three"]
        assert anna.model.prompts() == [["one", "two", "three"]]


async def test_a_bot_that_does_not_run_is_paused_too(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        await anna.hear("one")
        await anna.settle()
        await anna.bot.stop()
        await anna.house.bot_service.pause(anna.bot.instance_id, "bob")
        first = anna.platform
        await anna.bot.start()
        await anna.live_until(lambda: anna.platform is not first and anna.platform.listening)
        await anna.hear("two")
        await anna.settle()
        assert anna.platform.attempts == []


async def test_nobody_unknown_is_paused(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        for ask in (anna.house.bot_service.pause, anna.house.bot_service.resume):
            try:
                await ask(anna.bot.instance_id, "stranger")
            except ContactNotFound:
                continue
            raise AssertionError
