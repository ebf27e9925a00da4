"""An answer that would bind its owner: what the contact gets, and what the owner."""

from pathlib import Path
from typing import Any

from imposter.storage.records import DraftState
from tests.integration.behaviour_house import PROMPT, open_anna
from tests.integration.safety_house import HandClock

CHECK: dict[str, Any] = {**PROMPT, "guard": "let_me_check"}
QUESTION = "are you coming to the party that we have this evening?"
SENTENCE = "let me check and get back to you"


async def test_a_promise_waits_for_its_owner(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        anna.model.says = "sure, I'll be there at 8"
        await anna.hear(QUESTION)
        await anna.settle()
        assert anna.platform.texts("bob") == []
        [draft] = await anna.house.fleet.drafts(anna.bot.instance_id)
        assert (draft.text, draft.why) == ("sure, I'll be there at 8", "guard")
        [note] = anna.notes()
        assert "at 8" in note
        await anna.react("\U0001f44d", anna.note_id())
        await anna.settle()
        assert anna.platform.texts("bob") == ["sure, I'll be there at 8"]


async def test_they_are_told_meanwhile_once_and_then_get_the_answer(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), CHECK) as anna:
        anna.model.says = "sure, I'll be there at 8"
        await anna.hear(QUESTION)
        await anna.settle()
        assert anna.platform.texts("bob") == [SENTENCE]
        assert SENTENCE in anna.notes()[-1]
        await anna.hear("and will you bring the cake?")
        await anna.settle()
        assert anna.platform.texts("bob") == [SENTENCE]
        await anna.react("\U0001f44d", anna.note_id())
        await anna.settle()
        assert anna.platform.texts("bob") == [SENTENCE, "sure, I'll be there at 8"]
        states = [draft.state for draft in await anna.house.fleet.drafts(anna.bot.instance_id)]
        assert states == [DraftState.SENT, DraftState.REPLACED]


async def test_a_restart_says_it_no_second_time(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), CHECK) as anna:
        anna.model.says = "sure, I'll be there at 8"
        await anna.hear(QUESTION)
        await anna.settle()
        assert anna.platform.texts("bob") == [SENTENCE]
    async with open_anna(tmp_path, HandClock(), CHECK) as anna:
        await anna.settle()
        assert anna.platform.texts("bob") == []
        assert len(await anna.house.fleet.drafts(anna.bot.instance_id)) == 1


async def test_nothing_is_said_meanwhile_where_the_bot_may_not_speak(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), {**CHECK, "autonomy": "draft"}) as anna:
        anna.model.says = "sure, I'll be there at 8"
        await anna.hear(QUESTION)
        await anna.settle()
        assert anna.platform.texts("bob") == []
        assert len(anna.notes()) == 1


async def test_what_they_named_themselves_may_be_said_again(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        anna.model.says = "8 pm, that's early"
        await anna.hear("we start at 20:00")
        await anna.settle()
        assert anna.platform.texts("bob") == ["8 pm, that's early"]


async def test_without_a_guard_it_goes_out(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), {**PROMPT, "guard": "off"}) as anna:
        anna.model.says = "sure, I'll be there at 8"
        await anna.hear(QUESTION)
        await anna.settle()
        assert anna.platform.texts("bob") == ["sure, I'll be there at 8"]
