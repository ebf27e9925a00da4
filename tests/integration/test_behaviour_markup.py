"""What a platform makes of a model's answer: its own markup, its longest message, and a line for each message."""

from pathlib import Path
from typing import Any

import pytest

from chatbot_manager import ChatbotInstance
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from tests.house import AT_ONCE, OWN_CHAT, House, Platform, config_of, open_house, until
from tests.integration.behaviour_house import HUMAN, PROMPT, open_anna
from tests.integration.safety_house import HandClock

ANSWER = "**Sure**, at __home__"
MARKED: list["Marked"] = []


class Marked(Platform):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        MARKED.append(self)

    @staticmethod
    def in_own_markup(markdown: str) -> str:
        if markdown == "broken":
            raise RuntimeError("a provider may raise anything")
        return {"none": 1, "blank": " "}.get(markdown, markdown.replace("**", "'"))  # type: ignore[return-value]

    @staticmethod
    def longest_message() -> int:
        return 30


FILE = ProviderFile(ProviderKind.CHAT, "marked", provider=Marked)


async def asked(house: House, says: str, **behaviour: Any) -> tuple[ChatbotInstance, Marked]:
    """A bot of that platform that has been asked something, and whose model says this."""
    MARKED.clear()
    bot = await house.bots.put(config_of(chat="marked", behaviour_config={**AT_ONCE, **behaviour}))
    assert isinstance(bot, ChatbotInstance)
    await until(lambda: bool(MARKED) and MARKED[-1].listening)
    house.models["anna"].says = says
    await MARKED[-1].hear("bob", "where?")
    return bot, MARKED[-1]


@pytest.mark.parametrize(
    ("says", "sent"),
    [("**Sure**", "'Sure'"), ("as it is", "as it is"), ("broken", "broken"), ("none", "none"), ("blank", "blank")],
)
async def test_an_answer_is_stored_and_sent_as_the_platform_shows_it(tmp_path: Path, says: str, sent: str) -> None:
    async with open_house(tmp_path, FILE) as house:
        bot, platform = await asked(house, says)
        await until(lambda: platform.texts("bob") == [sent])
        assert sent in [row.content for row in await house.bot_service.messages(bot.instance_id, limit=10)]


async def test_a_draft_shows_what_a_thumb_sends(tmp_path: Path) -> None:
    async with open_house(tmp_path, FILE) as house:
        bot, platform = await asked(house, ANSWER, autonomy="draft")
        await until(lambda: len(platform.texts(OWN_CHAT)) == 1)
        assert "> 'Sure', at __home__\n" in platform.texts(OWN_CHAT)[0]
        [draft] = await house.bot_service.conversation_service.drafts(bot.instance_id)
        await house.bot_service.conversation_service.send_draft(bot.instance_id, draft.number)
        await until(lambda: platform.texts("bob") == ["'Sure', at __home__"])


async def test_what_the_owner_writes_is_never_changed(tmp_path: Path) -> None:
    async with open_house(tmp_path, FILE) as house:
        bot, platform = await asked(house, ANSWER, autonomy="draft")
        await until(lambda: len(platform.texts(OWN_CHAT)) == 1)
        [draft] = await house.bot_service.conversation_service.drafts(bot.instance_id)
        await house.bot_service.conversation_service.send_draft(bot.instance_id, draft.number, "**No**, at work")
        await until(lambda: platform.texts("bob") == ["**No**, at work"])


async def test_what_one_message_cannot_hold_waits_for_the_owner(tmp_path: Path) -> None:
    async with open_house(tmp_path, FILE) as house:
        bot, platform = await asked(house, "a" * 31)
        await until(lambda: len(platform.texts(OWN_CHAT)) == 1)
        assert platform.texts("bob") == []
        assert [draft.why for draft in await house.bot_service.conversation_service.drafts(bot.instance_id)] == ["long"]
        house.models["anna"].says = "**" + "a" * 26 + "**"
        await platform.hear("bob", "shorter?")
        await until(lambda: platform.texts("bob") == ["'" + "a" * 26 + "'"])


async def test_an_answer_over_the_owner_s_bound_is_shown_to_them_whole(tmp_path: Path) -> None:
    words = " ".join(["long"] * 500)
    async with open_anna(tmp_path, HandClock(), {**PROMPT, "longest_answer": len(words)}) as anna:
        anna.model.says = words
        await anna.hear("tell me")
        await anna.settle()
        assert anna.platform.texts("bob") == [words]
        anna.model.says = words + "!"
        await anna.hear("tell me more")
        await anna.settle()
        assert anna.platform.texts("bob") == [words]
        [note] = anna.notes()
        assert f"> {words}!\n" in note
        assert "I ask first because it is longer than an answer may be." in note
        await anna.react("\U0001f44d", anna.note_id())
        await anna.settle()
        assert anna.platform.texts("bob") == [words, words + "!"]


async def test_it_has_a_bound_unless_one_is_given(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        anna.model.says = "long " * 400 + "!"
        await anna.hear("tell me")
        await anna.settle()
        assert anna.platform.texts("bob") == []
        assert [
            draft.why for draft in await anna.house.bot_service.conversation_service.drafts(anna.bot.instance_id)
        ] == ["long"]


@pytest.mark.parametrize(
    ("behaviour", "lines", "bubbles"),
    [({}, 2, ["on my way", "are you there", "already?"]), ({}, 1, None), ({"voice": False}, 2, None)],
)
async def test_who_writes_a_line_a_message_is_answered_for_so(
    tmp_path: Path, behaviour: dict[str, Any], lines: int, bubbles: list[str] | None
) -> None:
    said = "on my way\nare you there\nalready?"
    async with open_anna(tmp_path, HandClock(), {**HUMAN, "guard": "off", "takeover_minutes": 0, **behaviour}) as anna:
        for turn in range(24 // lines):
            await anna.write_herself("\n".join(["ok, soon"] * (3 - lines)), message_id=f"turn {turn}")
            for line in range(1, lines):
                await anna.write_herself("one moment", message_id=f"turn {turn} line {line}")
            await anna.pass_by(86_400)
        anna.model.says = said
        await anna.hear("coming?")
        await anna.live_until(lambda: len(anna.platform.texts("bob")) == len(bubbles or [said]))
        assert anna.platform.texts("bob") == (bubbles or [said])
