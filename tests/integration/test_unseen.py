"""A voice note or a picture is never answered blindly."""

from pathlib import Path
from typing import Any

import pytest

from imposter.contracts.messages import MessageKind
from tests.house import AT_ONCE
from tests.integration.knowing_model import answered, drafted, open_knowing, say


async def test_the_model_is_told_what_it_has_not_seen_and_the_answer_waits(tmp_path: Path) -> None:
    async with open_knowing(tmp_path) as (api, bot):
        prompt = await say(api, "ben", "[voice message]", unseen="voice message")
        assert prompt.turns[-1].unseen == "voice message"
        [draft] = await drafted(api, bot, 1)
        assert draft["why"] == "unseen"
        assert "has not seen or heard" in (await answered(api, "anna", 1))[0]
        # What is said next is answered, and the model still knows that it has not heard it.
        prompt = await say(api, "ben", "did you hear it?")
        assert [turn.unseen for turn in prompt.turns if turn.content == "[voice message]"] == ["voice message"]


@pytest.mark.parametrize("unseen", ["silent", "answer"])
async def test_the_owner_may_have_it_otherwise(tmp_path: Path, unseen: str) -> None:
    behaviour: dict[str, Any] = {**AT_ONCE, "unseen": unseen}
    async with open_knowing(tmp_path, behaviour_config=behaviour) as (api, bot):
        platform = api.house.platforms["anna"]
        await platform.hear("ben", "[picture] look!", unseen="picture")
        await platform.hear("carol", "no picture")
        await answered(api, "carol", 1)
        if unseen == "answer":
            assert await answered(api, "ben", 1) == ["first: [picture] look!"]
            return
        rows = (await api.client.get(f"/chatbot/{bot}/messages")).json()["messages"]
        [row] = [row for row in rows if row["conversation"] == "ben"]
        why = (await api.client.get(f"/chatbot/{bot}/messages/{row['seq']}/decision")).json()
        assert "the model is not shown" in why["explanation"]
        assert platform.texts("ben") == []


async def test_an_unknown_wish_is_refused(tmp_path: Path) -> None:
    async with open_knowing(tmp_path) as (api, _):
        answer = await api.client.put(
            "/chatbot",
            json=[
                {
                    "user_id": "ben",
                    "chat_provider_config": {"provider_name": "platform"},
                    "llm_provider_config": {"provider_name": "knowing"},
                    "behaviour_config": {"unseen": "guess"},
                }
            ],
        )
        assert "behaviour_config.unseen" in answer.text


async def test_who_asks_for_a_bot_beside_a_voice_note_gets_no_answer_by_itself(tmp_path: Path) -> None:
    behaviour: dict[str, Any] = {**AT_ONCE, "asked_if_bot": "honest", "debounce_seconds": 1}
    async with open_knowing(tmp_path, behaviour_config=behaviour) as (api, bot):
        platform = api.house.platforms["anna"]
        await platform.hear("ben", "[voice message]", unseen="voice message")
        await platform.hear("ben", "are you a bot?")
        [draft] = await drafted(api, bot, 1)
        assert draft["why"] == "unseen"
        assert platform.texts("ben") == []


@pytest.mark.parametrize(
    ("kind", "details", "unseen"),
    [
        (MessageKind.VOICE, "", "voice message"),
        (MessageKind.STICKER, "", "sticker"),
        (MessageKind.DOCUMENT, "invoice.pdf", "document"),
        (MessageKind.LOCATION, "", "location"),
        (MessageKind.LOCATION, "Berlin", None),
    ],
)
async def test_a_kind_without_words_is_unseen_whatever_its_provider_says(
    tmp_path: Path, kind: MessageKind, details: str, unseen: str | None
) -> None:
    async with open_knowing(tmp_path) as (api, bot):
        prompt = await say(api, "ben", "", kind=kind, details=details)
        assert prompt.turns[-1].unseen == unseen
        if unseen is None:
            assert len(await answered(api, "ben", 1)) == 1
        else:
            assert [draft["why"] for draft in await drafted(api, bot, 1)] == ["unseen"]
            assert api.house.platforms["anna"].texts("ben") == []


async def test_a_picture_whose_caption_is_taken_away_is_unseen(tmp_path: Path) -> None:
    behaviour: dict[str, Any] = {**AT_ONCE, "debounce_seconds": 1, "unseen": "silent"}
    async with open_knowing(tmp_path, behaviour_config=behaviour) as (api, bot):
        platform = api.house.platforms["anna"]
        await platform.hear("ben", "look", kind=MessageKind.IMAGE, message_id="m1")
        await platform.hear("ben", "", kind=MessageKind.EDIT, changes="m1")
        [row] = (await api.client.get(f"/chatbot/{bot}/messages")).json()["messages"]
        assert row["unseen"] == "picture"
