"""Answers are given when their owner would be awake."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.behaviour_house import PROMPT, Anna, open_anna
from tests.integration.safety_house import HandClock

HOUR = 3600.0
# The clock of these tests begins at noon in UTC, on a Sunday, which is one in the afternoon in Berlin.
DAY = {"time_zone": "Europe/Berlin", "start": "08:00", "end": "22:00"}
LIMITED = {"limits_config": {"answer_within_minutes": 15, "automatic_turns": None}}


def keeping(**hours: Any) -> dict[str, Any]:
    return {**PROMPT, "active_hours": DAY | hours}


async def test_who_writes_at_night_is_answered_in_the_morning(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), keeping(), **LIMITED) as anna:
        await anna.hear("good afternoon")
        await anna.settle()
        assert anna.platform.texts() == ["re: good afternoon"]
        await anna.pass_by(11 * HOUR)
        for text in ("are you asleep?", "you are"):
            await anna.hear(text)
        await anna.pass_by(7.9 * HOUR)
        assert len(anna.platform.sent) == 1
        await anna.pass_by(0.2 * HOUR)
        assert anna.platform.texts()[1:] == ["re: you are"]
        assert anna.model.prompts()[-1][-2:] == ["are you asleep?", "you are"]
        assert _sent_at(anna) == datetime(2026, 3, 2, 7, tzinfo=UTC)


async def test_nights_may_be_silent(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), keeping(outside="silent")) as anna:
        await anna.pass_by(12 * HOUR)
        await anna.hear("are you asleep?")
        await anna.pass_by(12 * HOUR)
        assert anna.platform.attempts == []
        assert (await anna.reasons())["are you asleep?"] == ("context", "outside_hours")
        await anna.hear("good morning")
        await anna.settle()
        assert anna.model.prompts() == [["are you asleep?", "good morning"]]


@pytest.mark.parametrize("outside", ["wait", "silent"])
async def test_what_came_just_before_the_end_is_still_answered(tmp_path: Path, outside: str) -> None:
    behaviour = keeping(outside=outside) | {"debounce_seconds": 2.5}
    async with open_anna(tmp_path, HandClock(), behaviour) as anna:
        await anna.pass_by(9 * HOUR - 1)
        await anna.hear("one last thing")
        await anna.pass_by(3)
        assert anna.platform.texts() == ["re: one last thing"]


async def test_a_restart_at_night_changes_nothing(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, keeping(), **LIMITED) as anna:
        await anna.pass_by(11 * HOUR)
        await anna.hear("are you asleep?")
        await anna.pass_by(1 * HOUR)
    async with open_anna(tmp_path, clock, keeping(), **LIMITED) as anna:
        await anna.pass_by(6 * HOUR)
        assert anna.platform.attempts == []
        await anna.pass_by(1 * HOUR)
        assert anna.platform.texts() == ["re: are you asleep?"]


async def test_what_the_platform_kept_over_night_is_answered_in_the_morning_too(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, keeping(), **LIMITED) as anna:
        await anna.pass_by(18 * HOUR)
        sent_at = clock.now() - timedelta(hours=4)
        await anna.hear("are you asleep?", sent_at=sent_at, offline=True)
        await anna.hear("too old", "eve", sent_at=sent_at - timedelta(hours=6), offline=True)
        await anna.pass_by(1.1 * HOUR)
        assert anna.platform.texts() == ["re: are you asleep?"]
        assert (await anna.reasons())["too old"] == ("context", "too_old")


async def test_what_comes_at_night_where_the_owner_took_over_is_left_to_them(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), {**keeping(), "takeover_minutes": 30}) as anna:
        await anna.pass_by(11 * HOUR)
        await anna.write_herself("good night")
        await anna.hear("sleep well")
        await anna.pass_by(12 * HOUR)
        assert anna.platform.attempts == []
        assert (await anna.reasons())["sleep well"] == ("context", "takeover")


async def test_one_contact_may_have_other_hours_and_new_hours_hold_at_once(tmp_path: Path) -> None:
    contacts = [{"id": "mum", "active_hours": None}]
    async with open_anna(tmp_path, HandClock(), keeping(), contacts=contacts) as anna:
        await anna.pass_by(12 * HOUR)
        await anna.hear("are you asleep?", "mum")
        await anna.hear("are you asleep?", "bob")
        await anna.settle()
        assert [sent.recipient for sent in anna.platform.sent] == ["mum"]
        await anna.configure({**PROMPT})
        await anna.settle()
        assert [sent.recipient for sent in anna.platform.sent] == ["mum", "bob"]


def _sent_at(anna: Anna) -> datetime:
    return anna.platform.seen[-1][0]
