"""What is told of what was said before: made by the model, off the answer's way, and the owner's to change."""

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2

from imposter.contracts.messages import Group
from tests.house import Calendar, until
from tests.integration.api_house import Api
from tests.integration.knowing_model import answered, model, open_knowing, say

SMALL: dict[str, Any] = {"context_config": {"max_messages": 12}}
TEAM = Group("team", "The Team")


async def summary(api: Api, bot: str, contact: str = "ben") -> httpx2.Response:
    return await api.client.get(f"/chatbot/{bot}/summary", params={"contact": contact})


async def talk(api: Api, first: int, last: int, contact: str = "ben") -> None:
    before = len(api.house.platforms["anna"].texts(contact))
    for number in range(first, last + 1):
        await say(api, contact, f"word {number}")
        await answered(api, contact, before + number - first + 1)


def is_noting() -> bool:
    return any(task.get_name().startswith("summary:") for task in asyncio.all_tasks())


async def noted(count: int) -> None:
    await until(lambda: len(model().noted) >= count)


async def test_the_prompt_begins_with_the_same_turn_until_half_of_it_goes_and_is_noted(tmp_path: Path) -> None:
    async with open_knowing(tmp_path, **SMALL) as (api, bot):
        assert (await summary(api, bot)).status_code == 404
        await talk(api, 1, 20)
        asked = model().asked
        begins = [prompt.turns[0].content for prompt in asked]
        still = sum(one == before for before, one in pairwise(begins))
        assert still >= len(begins) / 3, "it begins elsewhere only now and then"
        assert all(len(prompt.turns) <= 12 for prompt in asked)
        await noted(3)
        await until(lambda: not is_noting())
        whole = [text for number in range(1, 21) for text in (f"word {number}", f"first: word {number}")]
        gone = [text for turns, _ in model().noted for text in turns]
        assert gone == whole[: len(gone)], "each once, and in order"

        async def told() -> bool:
            text: str = (await summary(api, bot)).json()["text"]
            return text.endswith(f"..{gone[-1]}]")

        await until(told)
        prompt = await say(api, "ben", "what was it?")
        assert prompt.summary.startswith("[word 1..")
    async with open_knowing(tmp_path, **SMALL) as (api, bot):
        assert gone[-1] in (await say(api, "ben", "and after a restart?")).summary


async def test_nobody_waits_for_notes(tmp_path: Path) -> None:
    async with open_knowing(tmp_path, **SMALL) as (api, bot):
        model().noting.clear()
        await talk(api, 1, 9)
        await until(is_noting)
        assert model().noted == []
        model().noting.set()
        await noted(1)
        assert bot


async def test_notes_that_fail_are_made_up_for_with_the_next_ones(tmp_path: Path) -> None:
    async with open_knowing(tmp_path, **SMALL) as (api, _):
        await talk(api, 1, 6)
        model().noting.clear()
        await talk(api, 7, 7)
        await until(is_noting)
        model().broken = ValueError("no notes today")
        model().noting.set()
        await until(lambda: not is_noting())
        assert model().noted == []
        model().broken = None
        await talk(api, 8, 12)
        await noted(1)
        gone, _ = model().noted[0]
        whole = [text for number in range(1, 13) for text in (f"word {number}", f"first: word {number}")]
        assert gone == whole[: len(gone)]
        assert len(gone) >= 12


async def test_the_owner_may_change_them_and_the_model_adds_to_that(tmp_path: Path) -> None:
    async with open_knowing(tmp_path, **SMALL) as (api, bot):
        await talk(api, 1, 2)
        changed = await api.client.put(f"/chatbot/{bot}/summary", json={"contact": "ben", "text": "He owes a book."})
        assert changed.json()["text"] == "He owes a book."
        assert (await say(api, "ben", "word 3")).summary == "He owes a book."
        await answered(api, "ben", 3)
        await talk(api, 4, 8)
        await noted(1)
        assert model().noted[0][1] == "He owes a book."
        too_long = await api.client.put(f"/chatbot/{bot}/summary", json={"contact": "ben", "text": "x" * 2001})
        assert too_long.status_code == 422
        assert "text" in too_long.text


async def test_notes_go_with_the_person_and_those_on_their_groups_too(tmp_path: Path) -> None:
    groups: dict[str, Any] = {
        "chat_provider_config": {"provider_name": "platform", "provider_config": {"allow_group_messages": True}},
        "behaviour_config": {"debounce_seconds": 0, "pace": "off", "group_trigger": "always"},
    }
    async with open_knowing(tmp_path, **SMALL, **groups) as (api, bot):
        for contact in ("ben", "team"):
            more: dict[str, Any] = {"group": TEAM} if contact == "team" else {}
            await say(api, "ben", "hello", **more)
            await answered(api, contact, 1)
            await api.client.put(f"/chatbot/{bot}/summary", json={"contact": contact, "text": f"canary of {contact}"})
        await api.client.delete(f"/chatbot/{bot}/contacts/ben")
        assert (await summary(api, bot)).status_code == 404
        assert (await say(api, "ben", "it is me again")).summary == ""
        assert (await say(api, "carol", "hello", group=TEAM)).summary == ""


async def test_none_are_made_where_the_owner_wants_none(tmp_path: Path) -> None:
    without: dict[str, Any] = {"behaviour_config": {"debounce_seconds": 0, "pace": "off", "summary": False}}
    async with open_knowing(tmp_path, **SMALL, **without) as (api, bot):
        await talk(api, 1, 9)
        assert model().noted == []
        assert (await summary(api, bot)).json()["text"] == ""


async def test_what_is_too_old_to_be_shown_is_noted_too(tmp_path: Path) -> None:
    clock = Calendar()
    async with open_knowing(tmp_path, clock) as (api, _):
        await talk(api, 1, 2)
        clock.pass_by(days=40)
        prompt = await say(api, "ben", "long time no see")
        assert [turn.content for turn in prompt.turns] == ["long time no see"]
        await noted(1)
        assert model().noted[0][0] == ["word 1", "first: word 1", "word 2", "first: word 2"]
