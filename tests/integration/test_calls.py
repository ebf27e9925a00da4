"""A call that nobody took."""

from pathlib import Path
from typing import Any

import pytest

from imposter.contracts.messages import MessageKind
from tests.house import AT_ONCE
from tests.integration.knowing_model import answered, drafted, open_knowing, say


@pytest.mark.parametrize("missed_call", ["answer", "draft", "ignore"])
async def test_a_missed_call_is_answered_as_its_owner_wants(tmp_path: Path, missed_call: str) -> None:
    behaviour: dict[str, Any] = {**AT_ONCE, "missed_call": missed_call}
    call = {"kind": MessageKind.CALL, "details": "missed call", "note": "missed_call", "answerable": False}
    async with open_knowing(tmp_path, behaviour_config=behaviour) as (api, bot):
        platform = api.house.platforms["anna"]
        await platform.hear("ben", "", **call)
        if missed_call == "answer":
            assert len(await answered(api, "ben", 1)) == 1
        elif missed_call == "draft":
            [draft] = await drafted(api, bot, 1)
            assert (draft["why"], draft["question"]) == ("missed_call", "[call] (missed call)")
        prompt = await say(api, "ben", "hello?")
        assert ("missed call" in [turn.details for turn in prompt.turns]) is True
        assert prompt.turns[-1].content == "hello?"


@pytest.mark.parametrize("details", ["declined", ""])
async def test_a_call_that_is_not_known_as_missed_is_not_answered_and_says_why(tmp_path: Path, details: str) -> None:
    async with open_knowing(tmp_path, behaviour_config={**AT_ONCE, "missed_call": "draft"}) as (api, bot):
        await api.house.platforms["anna"].hear("ben", "", kind=MessageKind.CALL, details=details)
        [row] = (await api.client.get(f"/chatbot/{bot}/messages")).json()["messages"]
        why = (await api.client.get(f"/chatbot/{bot}/messages/{row['seq']}/decision")).json()
        assert why["explanation"] == "Not answered: it is a call that is not known as one that nobody took."


async def test_where_missed_calls_are_ignored_it_names_the_setting(tmp_path: Path) -> None:
    async with open_knowing(tmp_path) as (api, bot):
        await api.house.platforms["anna"].hear("ben", "", kind=MessageKind.CALL, details="Missed video call")
        [row] = (await api.client.get(f"/chatbot/{bot}/messages")).json()["messages"]
        why = (await api.client.get(f"/chatbot/{bot}/messages/{row['seq']}/decision")).json()
        assert why["explanation"].endswith("a call that nobody took, and these are not answered (missed_call).")
