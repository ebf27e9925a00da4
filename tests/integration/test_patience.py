"""How long a model that gives no answer is asked again, and who waits for it meanwhile."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from imposter.contracts.errors import ModelDeclined, ModelUnavailable
from imposter.contracts.messages import Turn
from imposter.contracts.model import Answer
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from tests.house import open_house, until
from tests.integration.behaviour_house import PROMPT, Anna, open_anna
from tests.integration.safety_house import HandClock

MINUTE = 60.0


def limits(minutes: float | None) -> dict[str, Any]:
    return {"limits_config": {"answer_within_minutes": minutes}}


async def last_error(anna: Anna) -> str:
    return (await anna.bot.status()).last_error or ""


async def test_a_server_that_is_away_for_minutes_is_waited_for_and_its_owner_knows(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT, **limits(15)) as anna:
        anna.model.trouble = [ModelUnavailable("Loading.") for _ in range(12)]
        await anna.hear("hello")
        await anna.pass_by(2 * MINUTE)
        assert "no answer yet, and is asked again: Loading." in await last_error(anna)
        assert anna.platform.texts() == []
        await anna.pass_by(8 * MINUTE)
        assert anna.platform.texts("bob") == ["re: hello"]


async def test_nobody_else_waits_with_them(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT, **limits(15)) as anna:
        anna.model.trouble = [ModelUnavailable(retry_after=600)]
        await anna.hear("hello")
        await anna.pass_by(1)
        await anna.hear("hi", "eve")
        await anna.pass_by(10)
        assert anna.platform.texts() == ["re: hi"]
        await anna.pass_by(11 * MINUTE)
        assert anna.platform.texts("bob") == ["re: hello"]


async def test_it_ends_when_the_answer_would_come_too_late(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT, **limits(5)) as anna:
        anna.model.trouble = [ModelUnavailable("Away.") for _ in range(100)]
        await anna.hear("hello")
        await anna.pass_by(4 * MINUTE)
        assert (await anna.reasons())["hello"][0] == "waiting"
        await anna.pass_by(2 * MINUTE)
        assert (await anna.reasons())["hello"] == ("failed", "ModelUnavailable")
        assert "The model gave no answer: Away." in await last_error(anna)
        assert len(anna.model.asked) < 15


async def test_however_old_an_answer_may_be_there_is_an_end(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT, **limits(None)) as anna:
        anna.model.trouble = [ModelUnavailable("Away.") for _ in range(100)]
        await anna.hear("hello")
        await anna.pass_by(61 * MINUTE)
        assert (await anna.reasons())["hello"] == ("failed", "ModelUnavailable")
        assert len(anna.model.asked) <= 40


@pytest.mark.parametrize("before", [0, 3])
async def test_a_model_that_let_us_wait_in_vain_is_asked_once_more(tmp_path: Path, before: int) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT, **limits(15)) as anna:
        slow = [ModelUnavailable("Slow.", costly=True) for _ in range(9)]
        anna.model.trouble = [*(ModelUnavailable("Away.") for _ in range(before)), *slow]
        await anna.hear("hello")
        await anna.pass_by(5 * MINUTE)
        assert (await anna.reasons())["hello"] == ("failed", "ModelUnavailable")
        assert len(anna.model.asked) == before + 2


async def test_what_a_vendor_does_not_let_through_stands_in_no_later_prompt(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        await anna.hear("hi")
        await anna.pass_by(1)
        anna.model.trouble = [ModelDeclined("The model declined.")]
        await anna.hear("something foul")
        await anna.pass_by(1)
        assert (await anna.reasons())["something foul"] == ("failed", "ModelDeclined")
        await anna.hear("sorry")
        await anna.pass_by(1)
        assert anna.model.prompts()[-1] == ["hi", "re: hi", "sorry"]


class Telling:
    """A model whose server does not take a setting."""

    def __init__(self, user_id: str, config: dict[str, Any]) -> None: ...

    def reply(self, turns: Sequence[Turn]) -> Answer:
        return Answer("hi", told="The setting `seed` is left out.")


async def test_what_a_provider_has_to_tell_with_its_answer_stands_in_the_status(tmp_path: Path) -> None:
    async with open_house(tmp_path, ProviderFile(ProviderKind.MODEL, "telling", provider=Telling)) as house:
        bot = await house.bot(model="telling")
        await house.platforms["anna"].hear("bob", "hello")
        await until(lambda: house.platforms["anna"].texts("bob") == ["hi"])
        assert (await bot.status()).last_error == "The setting `seed` is left out."
