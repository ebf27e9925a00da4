"""What is refused says what to do, in the words of whoever asks."""

from pathlib import Path
from typing import Any

import pytest

from imposter.contracts.messages import MessageKind
from tests.house import OWN_CHAT
from tests.integration.api_house import config, open_api
from tests.integration.knowing_model import drafted, open_knowing


@pytest.mark.parametrize(
    ("wrong", "field", "cure"),
    [
        ({"respond_to_whitelist": [""]}, "respond_to_whitelist.0", "is empty; leave it out"),
        ({"respond_to_whitelist": [4915123456789]}, "respond_to_whitelist.0", "put it in quotation marks"),
        ({"behaviour_config": {"keep_edits": "yes"}}, "behaviour_config.keep_edits", "must be true or false"),
        ({"queue_config": {"max_messages": "5"}}, "queue_config.max_messages", "without quotation marks"),
    ],
)
async def test_a_config_that_is_written_wrong(tmp_path: Path, wrong: dict[str, Any], field: str, cure: str) -> None:
    async with open_api(tmp_path) as api:
        [refused] = (await api.put(config(**wrong))).json()
        assert refused["error"]["field"] == field
        assert cure in refused["error"]["message"]


async def test_an_address_that_is_asked_wrong(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        bot = await api.create()
        asked = await api.client.get(f"/chatbot/{bot}/contacts?before=2")
        [error] = asked.json()["errors"]
        assert error == {"field": "before", "message": "is not known here; known are: after, limit"}
        for path in ("messages/abc/decision", "dead-letters/abc/retry", "drafts/abc/drop"):
            way = "GET" if path.startswith("messages") else "POST"
            answer = await api.client.request(way, f"/chatbot/{bot}/{path}")
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["message"] == "must be a whole number"


async def test_names_do_not_count(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        bot = await api.create()
        answer = await api.client.post(f"/chatbot/{bot}/pause", json={"contact": "Nobody"})
        assert answer.status_code == 404
        assert "not a name" in answer.json()["detail"]


async def test_a_note_of_the_bots_has_no_decision(tmp_path: Path) -> None:
    async with open_knowing(tmp_path) as (api, bot):
        await api.house.platforms["anna"].hear("ben", "", kind=MessageKind.VOICE)
        await drafted(api, bot, 1)
        rows = (await api.client.get(f"/chatbot/{bot}/messages?conversation={OWN_CHAT}")).json()["messages"]
        assert len(rows) == 1
        answer = await api.client.get(f"/chatbot/{bot}/messages/{rows[0]['seq']}/decision")
        assert answer.status_code == 404
