"""Messages that come close together are one turn."""

import asyncio
from pathlib import Path
from typing import Any

from tests.integration.behaviour_house import Anna, open_anna
from tests.integration.safety_house import HandClock

BURSTS: dict[str, Any] = {"pace": "off"}
"""The rest is as it is by default: 2.5 seconds, 10 at most."""


async def test_lines_that_come_one_after_the_other_get_one_answer(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), BURSTS) as anna:
        for text in ("hi", "are you there", "I have a question"):
            await anna.hear(text)
            await anna.pass_by(2.4)
        assert anna.model.asked == []
        await anna.pass_by(0.2)
        assert anna.platform.texts() == ["re: I have a question"]
        assert anna.model.prompts() == [["hi", "are you there", "I have a question"]]


async def test_each_chat_waits_for_itself(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), BURSTS) as anna:
        await anna.hear("hello", "bob")
        await anna.pass_by(2)
        await anna.hear("hello", "eve")
        await anna.pass_by(0.6)
        assert [sent.recipient for sent in anna.platform.sent] == ["bob"]
        await anna.pass_by(2)
        assert [sent.recipient for sent in anna.platform.sent] == ["bob", "eve"]


async def test_who_goes_on_and_on_is_answered_in_the_end(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), BURSTS) as anna:
        for number in range(8):
            await anna.hear(f"line {number}")
            await anna.pass_by(2)
        assert anna.model.prompts()[0] == [f"line {number}" for number in range(5)]


async def test_while_somebody_types_their_message_is_waited_for(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), BURSTS) as anna:
        await anna.hear("wait")
        await anna.pass_by(2)
        assert anna.shown() == ["watched"]
        _types(anna, True)
        await anna.pass_by(5)
        assert anna.model.asked == []
        await anna.hear("here it is")
        _types(anna, False)
        await anna.pass_by(2.4)
        assert anna.model.asked == []
        await anna.pass_by(0.2)
        assert anna.model.prompts() == [["wait", "here it is"]]
        assert anna.shown() == ["watched", "sent re: here it is"]


async def test_who_stops_typing_is_answered_and_who_types_for_too_long_is_too(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), BURSTS) as anna:
        await anna.hear("hello")
        _types(anna, True)
        await anna.pass_by(5)
        assert anna.model.asked == []
        _types(anna, False)
        await anna.settle()
        assert anna.platform.texts() == ["re: hello"]
        await anna.hear("again")
        _types(anna, True)
        await anna.pass_by(9.9)
        assert len(anna.platform.sent) == 1
        await anna.pass_by(0.2)
        assert anna.platform.texts() == ["re: hello", "re: again"]


async def test_what_was_typed_before_a_message_came_is_not_waited_for_once_more(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), BURSTS) as anna:
        _types(anna, True)
        await anna.pass_by(1)
        await anna.hear("hello")
        await anna.pass_by(2.6)
        assert anna.platform.texts() == ["re: hello"]


async def test_what_comes_while_the_model_thinks_has_it_think_again(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), BURSTS) as anna:
        anna.model.hold["dinner?"] = asyncio.Event()
        await anna.hear("dinner?")
        await anna.pass_by(3)
        assert len(anna.model.asked) == 1
        await anna.hear("or lunch?")
        await anna.pass_by(2.6)
        assert anna.model.prompts() == [["dinner?"], ["dinner?", "or lunch?"]]
        anna.model.hold["dinner?"].set()
        await anna.settle()
        assert anna.platform.texts() == ["re: or lunch?"]


async def test_what_comes_later_than_a_burst_lasts_is_the_next_turn(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), BURSTS) as anna:
        anna.model.hold["dinner?"] = asyncio.Event()
        await anna.hear("dinner?")
        await anna.pass_by(11)
        await anna.hear("or lunch?")
        await anna.pass_by(5)
        anna.model.hold["dinner?"].set()
        await anna.live_until(lambda: len(anna.platform.sent) == 2)
        assert anna.platform.texts() == ["re: dinner?", "re: or lunch?"]


async def test_a_restart_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, BURSTS) as anna:
        await anna.hear("hi")
        await anna.pass_by(2)
        await anna.hear("question")
        await anna.pass_by(1)
    async with open_anna(tmp_path, clock, BURSTS) as anna:
        await anna.pass_by(1.4)
        assert anna.model.asked == []
        await anna.pass_by(0.2)
        assert anna.model.prompts() == [["hi", "question"]]
        assert anna.platform.texts() == ["re: question"]


async def test_it_can_be_turned_off_for_all_or_for_one(tmp_path: Path) -> None:
    contacts = [{"id": "eve", "debounce_seconds": 0}]
    async with open_anna(tmp_path, HandClock(), BURSTS, contacts=contacts) as anna:
        await anna.hear("hello", "eve")
        await anna.hear("hello", "bob")
        await anna.settle()
        assert anna.platform.texts("eve") == ["re: hello"]
        assert anna.platform.texts("bob") == []
        await anna.pass_by(2.6)
        assert anna.platform.texts("bob") == ["re: hello"]


async def test_a_clock_that_is_set_back_holds_nobody_up(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, BURSTS) as anna:
        await anna.hear("hello")
        await anna.settle()
    clock.seconds -= 3600
    async with open_anna(tmp_path, clock, BURSTS) as anna:
        await anna.settle()
        assert anna.platform.texts() == ["re: hello"]


def _types(anna: Anna, on: bool) -> None:
    anna.platform.context.typing("bob", on)
