"""An owner who comes back to a chat is told what was said there for them, and may take it back."""

from pathlib import Path

import pytest

from imposter.contracts.errors import AwaySummaryNotFound, ContactNotFound, InvalidState
from tests.integration.behaviour_house import PROMPT, Anna, open_anna
from tests.integration.safety_house import HandClock

TOLD = """While you were away, 2 messages were sent to “bob” for you:
They: “coming?”
You: “re: coming?”
They: “really?”
You: “re: really?”
Reply "undo" to this message to take back what was sent."""


async def talk(anna: Anna, *texts: str) -> None:
    for text in texts:
        await anna.hear(text)
        await anna.settle()


async def test_who_comes_back_is_told_once(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        await talk(anna, "coming?", "really?")
        assert anna.notes() == []
        await anna.write_herself("I am here")
        await anna.settle()
        assert anna.notes() == [TOLD]
        await anna.write_herself("myself")
        await anna.settle()
        assert anna.notes() == [TOLD]


async def test_of_the_next_time_only_what_was_said_since(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        await talk(anna, "coming?")
        await anna.write_herself("I am here")
        await anna.settle()
        await anna.pass_by(3600)
        await talk(anna, "tomorrow?")
        await anna.write_herself("me again")
        await anna.settle()
        assert anna.notes()[-1].splitlines()[:3] == [
            "While you were away, 1 message was sent to “bob” for you:",
            "They: “tomorrow?”",
            "You: “re: tomorrow?”",
        ]


async def test_who_was_not_spoken_for_is_told_nothing(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        await anna.write_herself("hello bob")
        await anna.settle()
        assert anna.notes() == []


async def test_it_can_be_turned_off(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), {**PROMPT, "brief": False}) as anna:
        await talk(anna, "coming?")
        await anna.write_herself("I am here")
        await anna.settle()
        assert anna.notes() == []


async def test_a_server_that_ends_in_between_tells_it_when_it_is_back(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, {**PROMPT, "brief": False}) as anna:
        await talk(anna, "coming?", "really?")
        await anna.write_herself("I am here")
        await anna.settle()
    async with open_anna(tmp_path, clock, PROMPT) as anna:
        await anna.settle()
        assert anna.notes() == [TOLD]
    async with open_anna(tmp_path, clock, PROMPT) as anna:
        await anna.settle()
        assert anna.notes() == []


async def test_undo_takes_back_what_was_said_on_every_phone_and_from_the_context(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        await talk(anna, "coming?", "really?")
        said = [sent.message_id for sent in anna.platform.sent]
        await anna.write_herself("I am here")
        await anna.settle()
        await anna.say_to_herself(" Undo! ", quotes=anna.note_id())
        await anna.settle()
        assert anna.shown()[-2:] == [f"deleted {message_id}" for message_id in said]
        await anna.pass_by(3600)
        await talk(anna, "so?")
        assert anna.model.prompts()[-1] == ["coming?", "really?", "I am here", "so?"]


async def test_what_was_taken_back_cannot_be_so_again(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        await talk(anna, "coming?")
        await anna.write_herself("I am here")
        await anna.settle()
        for _ in range(2):
            await anna.say_to_herself("undo", quotes=anna.note_id(0))
            await anna.settle()
        assert [what for what in anna.shown() if what.startswith("deleted")] == anna.shown()[-1:]
        assert anna.notes()[-1] == "That is taken back already, or more has been said there since."


async def test_what_was_promised_is_told(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), {**PROMPT, "guard": "off"}) as anna:
        anna.model.says = "Sure. I'll bring 20 euros. Nice weather!"
        await talk(anna, "can you lend me 20 euros?")
        await anna.write_herself("I am here")
        await anna.settle()
        assert "Promised: “20 euros”; “I'll bring 20 euros.”" in anna.notes()[-1].splitlines()


async def test_the_same_by_api_and_only_what_was_seen_is_taken_back(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), {**PROMPT, "guard": "off"}) as anna:
        bot_service, bot = anna.house.bot_service, anna.bot.instance_id
        with pytest.raises(ContactNotFound):
            await bot_service.conversation_service.brief(bot, "bob")
        await talk(anna, "coming?")
        seen = await bot_service.conversation_service.brief(bot, "bob")
        assert [line.text for line in seen.lines] == ["coming?", "re: coming?"]
        await talk(anna, "really?")
        with pytest.raises(InvalidState, match="more has been said"):
            await bot_service.conversation_service.undo_brief(bot, "bob", seen.spell.last)
        newer = await bot_service.conversation_service.brief(bot, "bob")
        assert await bot_service.conversation_service.undo_brief(bot, "bob", newer.spell.last) == 2
        said = [sent.message_id for sent in anna.platform.sent]
        assert anna.shown()[-2:] == [f"deleted {message_id}" for message_id in said]
        with pytest.raises(AwaySummaryNotFound):
            await bot_service.conversation_service.brief(bot, "bob")
