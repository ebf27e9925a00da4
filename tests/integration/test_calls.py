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
