"""What becomes of messages that a model was asked about in vain, when it answers again."""

import asyncio
from pathlib import Path

from imposter.contracts.errors import ModelRefused, ModelUnavailable
from tests.integration.behaviour_house import PROMPT, open_anna
from tests.integration.safety_house import HandClock
from tests.integration.test_patience import MINUTE, last_error, limits

SLOW = ModelUnavailable("Slow.", costly=True)


async def test_what_is_too_old_is_left_to_its_owner(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT, **limits(15)) as anna:
        anna.model.trouble = [SLOW, SLOW]
        await anna.hear("old", "ben")
        await anna.pass_by(10 * MINUTE)
        anna.model.trouble = [SLOW, SLOW]
        await anna.hear("young", "eve")
        await anna.pass_by(6 * MINUTE)
        await anna.hear("hello")
        await anna.pass_by(1)
        assert sorted(anna.platform.texts()) == ["re: hello", "re: young"]
        assert (await anna.reasons())["old"] == ("failed", "ModelUnavailable")
        assert await last_error(anna) == (
            "The model could not be reached from 2026-03-01 12:00 to 12:16 UTC: 2 messages waited; "
            "1 was answered afterwards, 1 was not, and stays with the dead letters."
        )


async def test_it_is_done_once(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT, **limits(None)) as anna:
        anna.model.trouble = [SLOW, SLOW]
        await anna.hear("heavy", "ben")
        await anna.pass_by(MINUTE)
        anna.model.hold["heavy"] = held = asyncio.Event()
        await anna.hear("hi", "eve")
        await anna.pass_by(1)
        anna.model.trouble = [SLOW, SLOW]
        held.set()
        await anna.pass_by(MINUTE)
        asked = len(anna.model.asked)
        await anna.hear("hello")
        await anna.pass_by(MINUTE)
        assert (await anna.reasons())["heavy"] == ("failed", "ModelUnavailable")
        assert len(anna.model.asked) == asked + 1


async def test_what_the_model_refused_is_not_asked_again(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT, **limits(15)) as anna:
        anna.model.trouble = [ModelRefused("No.")]
        await anna.hear("no", "ben")
        await anna.pass_by(1)
        anna.model.trouble = [SLOW, SLOW]
        await anna.hear("slow", "eve")
        await anna.pass_by(MINUTE)
        await anna.hear("hello")
        await anna.pass_by(1)
        assert sorted(anna.platform.texts()) == ["re: hello", "re: slow"]
        assert (await anna.reasons())["no"] == ("failed", "ModelRefused")


async def test_a_moments_trouble_is_not_worth_a_sentence(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT, **limits(15)) as anna:
        anna.model.trouble = [ModelUnavailable("Busy."), ModelUnavailable("Busy.")]
        await anna.hear("hello")
        await anna.pass_by(MINUTE)
        assert anna.platform.texts() == ["re: hello"]
        assert await last_error(anna) == ""


async def test_another_model_answers_what_the_one_before_left(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT, **limits(15)) as anna:
        anna.model.trouble = [SLOW, SLOW]
        await anna.hear("hello")
        await anna.pass_by(MINUTE)
        assert (await anna.reasons())["hello"] == ("failed", "ModelUnavailable")
        model = {"provider_name": "model", "provider_config": {"model": "another"}}
        await anna.configure(PROMPT, llm_provider_config=model, **limits(15))
        await anna.pass_by(1)
        assert anna.platform.texts() == ["re: hello"]


async def test_what_waits_again_is_a_dead_letter_again_where_it_grows_too_old(tmp_path: Path) -> None:
    bounds = {"limits_config": {"answer_within_minutes": 15, "answers_per_minute": 1}}
    async with open_anna(tmp_path, HandClock(), PROMPT, **bounds) as anna:
        anna.model.trouble = [SLOW, SLOW]
        await anna.hear("first", "ben")
        await anna.pass_by(14.5 * MINUTE)
        await anna.hear("hello")
        await anna.pass_by(20)
        assert (await anna.reasons())["first"] == ("waiting", "asked_again")
        await anna.pass_by(5 * MINUTE)
        assert anna.platform.texts() == ["re: hello"]
        assert (await anna.reasons())["first"] == ("failed", "too_old")
