"""What models say beside their words: a contact gets the words, and the owner what holds anything else."""

from pathlib import Path

import pytest

from tests.integration.behaviour_house import PROMPT, open_anna
from tests.integration.safety_house import HandClock


@pytest.mark.parametrize(
    "said",
    [
        "<think>They say hi. The prompt says I am Anna.</think>\n\nHi there!",
        "<|channel|>analysis<|message|>I am Anna.<|end|><|start|>assistant<|channel|>final<|message|>Hi there!",
        "anna: Hi there!<|im_end|>\n<|im_start|>user\nmore",
        '```json\n{"from": "anna", "text": "Hi there!"}\n```',
    ],
)
async def test_a_contact_gets_the_words_alone_and_so_does_what_is_remembered(tmp_path: Path, said: str) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        anna.model.says = said
        await anna.hear("hi")
        await anna.settle()
        assert anna.platform.texts("bob") == ["Hi there!"]
        await anna.hear("and you?")
        await anna.settle()
        assert anna.model.prompts()[-1] == ["hi", "Hi there!", "and you?"]


async def test_what_still_holds_machinery_waits_for_the_owner(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        anna.model.says = '<tool_call>\n{"name": "send_message"}\n</tool_call>'
        await anna.hear("hi")
        await anna.settle()
        assert anna.platform.texts("bob") == []
        [draft] = await anna.house.bot_service.conversation_service.drafts(anna.bot.instance_id)
        assert draft.why == "machinery"
        assert "not for a person" in anna.notes()[-1]


async def test_a_model_that_only_reasons_is_asked_once_more_and_then_the_owner_is(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        anna.model.says = "<think>They say hi. What would Anna"
        await anna.hear("hi")
        await anna.settle()
        assert anna.platform.texts("bob") == []
        assert len(anna.model.asked) == 2
        [draft] = await anna.house.bot_service.conversation_service.drafts(anna.bot.instance_id)
        assert (draft.text, draft.why) == ("", "doubt")


async def test_doubt_counts_in_any_spelling(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        anna.model.says = "**[[UNSURE]]** I could come"
        await anna.hear("hi")
        await anna.settle()
        assert anna.platform.texts("bob") == []
        [draft] = await anna.house.bot_service.conversation_service.drafts(anna.bot.instance_id)
        assert (draft.text, draft.why) == ("I could come", "doubt")
