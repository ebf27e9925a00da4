"""Who is answered by how far a bot goes with them, and what wants an answer in a group."""

from pathlib import Path
from typing import Any

import pytest

from imposter.contracts.messages import Sender
from tests.house import config_of
from tests.integration.api_house import config, open_api
from tests.integration.behaviour_house import PROMPT, open_anna
from tests.integration.safety_house import HandClock

GROUPS: dict[str, Any] = {"chat_config": {"allow_group_messages": True}}


async def test_in_a_group_who_is_meant_is_answered_and_the_talk_before_is_context(tmp_path: Path) -> None:
    behaviour = {**PROMPT, "names": ["Anna", "Annie"]}
    async with open_anna(tmp_path, HandClock(), behaviour, **GROUPS) as anna:
        await anna.hear("who comes?", "bob", group="G")
        await anna.hear("not me, Hannah neither", "eve", group="G")
        await anna.settle()
        assert anna.model.asked == []
        await anna.hear("and ANNIE?", "eve", group="G")
        await anna.hear("@49151 what do you say", "bob", group="G", addressed=True)
        await anna.settle()
        assert anna.platform.texts("G")[-1] == "re: @49151 what do you say"
        assert anna.model.prompts()[0][:3] == ["who comes?", "not me, Hannah neither", "and ANNIE?"]
        assert all(turn.in_group for turn in anna.model.asked[0])
        assert (await anna.reasons())["who comes?"] == ("context", "not_addressed")


async def test_who_the_whitelist_names_is_answered_without_being_asked(tmp_path: Path) -> None:
    config = {**GROUPS, "respond_to_whitelist": ["bob", "H"]}
    async with open_anna(tmp_path, HandClock(), PROMPT, **config) as anna:
        await anna.hear("from bob", "bob", group="G")
        await anna.hear("from eve", "eve", group="G", addressed=True)
        await anna.hear("from eve in H", "eve", group="H")
        await anna.settle()
        assert sorted(anna.platform.texts()) == ["re: from bob", "re: from eve in H"]


@pytest.mark.parametrize(("trigger", "answers"), [("always", 2), ("mention", 1), ("never", 0)])
async def test_the_owner_chooses_what_wants_an_answer(tmp_path: Path, trigger: str, answers: int) -> None:
    config = {**GROUPS, "respond_to_whitelist": ["G"]}
    async with open_anna(tmp_path, HandClock(), {**PROMPT, "group_trigger": trigger}, **config) as anna:
        await anna.hear("talk", "bob", group="G")
        await anna.settle()
        await anna.hear("@anna", "bob", group="G", addressed=True)
        await anna.settle()
        assert len(anna.platform.sent) == answers


async def test_who_is_observed_is_read_and_never_answered(tmp_path: Path) -> None:
    contacts = [{"id": "bob", "autonomy": "observe"}]
    async with open_anna(tmp_path, HandClock(), PROMPT, contacts=contacts) as anna:
        await anna.hear("hello")
        await anna.hear("hello", "eve")
        await anna.settle()
        assert [sent.recipient for sent in anna.platform.sent] == ["eve"]
        await anna.configure(PROMPT)
        await anna.hear("now?")
        await anna.settle()
        assert anna.model.prompts()[-1] == ["hello", "now?"]


async def test_who_is_off_is_nobody(tmp_path: Path) -> None:
    contacts = [{"id": "bob", "autonomy": "off"}]
    async with open_anna(tmp_path, HandClock(), PROMPT, contacts=contacts) as anna:
        await anna.hear("hello")
        await anna.settle()
        assert (await anna.reasons())["hello"] == ("ignored", "autonomy_off")
        await anna.configure(PROMPT)
        await anna.hear("now?")
        await anna.settle()
        assert anna.model.prompts() == [["now?"]]


async def test_a_bot_that_is_switched_to_observing_answers_nothing_that_waits(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), {"pace": "off"}) as anna:
        await anna.hear("hello")
        await anna.pass_by(1)
        await anna.configure({"pace": "off", "autonomy": "observe"})
        await anna.pass_by(60)
        assert anna.model.asked == []
        assert (await anna.reasons())["hello"] == ("context", "observed")


async def test_the_first_entry_that_names_somebody_counts_whatever_they_are_known_by(tmp_path: Path) -> None:
    contacts = [{"id": "G", "group_trigger": "always"}, {"id": "bob@lid", "autonomy": "observe"}]
    async with open_anna(tmp_path, HandClock(), PROMPT, contacts=contacts, **GROUPS) as anna:
        await anna.platform.queue.add_message("by my number", Sender("4915112345", "", ("bob@lid",)))
        await anna.hear("in the group", "bob@lid", group="G")
        await anna.settle()
        assert anna.platform.texts() == ["re: in the group"]


@pytest.mark.parametrize(
    ("more", "field", "told"),
    [
        ({"behaviour_config": {"autonomy": "full"}}, "behaviour_config.autonomy", "'auto_in_hours' or 'auto'"),
        ({"behaviour_config": {"pace": "fast"}}, "behaviour_config.pace", "'human' or 'off'"),
        ({"behaviour_config": {"debounce_secs": 1}}, "behaviour_config.debounce_secs", "did you mean"),
        ({"behaviour_config": {"names": [" "]}}, "behaviour_config.names.0", "letter or a figure"),
        ({"behaviour_config": {"blocked": ["ok", "!"]}}, "behaviour_config.blocked.1", "letter or a figure"),
        (
            {"behaviour_config": {"active_hours": {"time_zone": "localtime", "start": "08:00", "end": "22:00"}}},
            "behaviour_config.active_hours.time_zone",
            "Europe/Berlin",
        ),
        ({"behaviour_config": {"guard_judge": True}}, "behaviour_config.guard_judge", "fakeLlm cannot"),
        ({"contacts": [{"id": "15551", "guard_judge": True}]}, "contacts.0.guard_judge", "fakeLlm cannot"),
        ({"contacts": [{"id": "15551", "autonomy": "all"}]}, "contacts.0.autonomy", "'auto_in_hours' or 'auto'"),
        ({"contacts": [{"autonomy": "off"}]}, "contacts.0.id", "is required"),
        ({"contacts": [{"id": "0151 2345678"}]}, "contacts.0.id", "country code"),
        (
            {"contacts": [{"id": "+49 151 23456789"}, {"id": "4915123456789"}]},
            "contacts.1.id",
            "names whom contacts.0 names",
        ),
        (
            {"behaviour_config": {"active_hours": {"time_zone": "Mars", "start": "08:00", "end": "22:00"}}},
            "behaviour_config.active_hours.time_zone",
            "Europe/Berlin",
        ),
    ],
)
async def test_what_makes_no_sense_is_refused_by_name(
    tmp_path: Path, more: dict[str, Any], field: str, told: str
) -> None:
    async with open_api(tmp_path) as api:
        [refused] = (await api.put(config("anna", **more))).json()
        assert refused["error"]["field"] == field
        assert told in refused["error"]["message"]


async def test_pausing_and_resuming_over_http(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        bot = await api.house.bots.put(config_of("anna"))
        while "anna" not in api.house.platforms or bot.state != "connected":
            await bot.status()
        await api.house.platforms["anna"].hear("15551234567", "hello")
        where = f"/chatbot/{bot.instance_id}"
        paused = await api.client.post(f"{where}/pause", json={"contact": "+1 555 123 45 67", "minutes": 5})
        assert (paused.status_code, paused.json()["safety"]["level"]) == (200, "slowed")
        assert (await api.client.post(f"{where}/pause")).json()["safety"]["level"] == "paused"
        one = await api.client.post(f"{where}/resume", json={"contact": "15551234567"})
        assert (one.json()["safety"]["level"], len(one.json()["safety"]["reasons"])) == ("paused", 1)
        assert (await api.client.post(f"{where}/resume")).json()["safety"]["level"] == "normal"
        for body, field in (({"minutes": 0}, "minutes"), ({"who": "x"}, "who"), ([], "")):
            refused = await api.client.post(f"{where}/pause", json=body)
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
        assert (await api.client.post(f"{where}/pause", json={"contact": "nobody"})).status_code == 404
        assert (await api.client.post("/chatbot/none/pause")).status_code == 404
        assert (await api.client.post(f"{where}/pause", content="hi")).status_code == 415
