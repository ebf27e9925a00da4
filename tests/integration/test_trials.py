"""A trial of a model is bounded and tells the truth, whatever a drop-in provider is like."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from imposter.contracts.config import ProviderChoice
from imposter.contracts.errors import ModelRefused, ModelUnavailable, NotSupported
from imposter.contracts.messages import Source, Turn
from imposter.contracts.model import MOST_MODELS, UNCHOSEN, Answer, Judgement, NotTaken, Preset
from imposter.runtime import model_test
from imposter.runtime.model_test import BURST, HARMLESS, config_of_model, list_models, try_model
from imposter.runtime.model_test_report import Judged, ModelTest
from imposter.runtime.providers.discovery import Catalog, ProviderFile, ProviderKind
from imposter.runtime.providers.presets import lists_models, presets_of
from imposter.runtime.providers.shared_resources import SharedResources
from tests.integration import drop_ins


class Plain:
    """As simple as one may be."""

    def __init__(self, user_id: str, config: dict[str, Any]) -> None:
        self.config = config

    def reply(self, turns: Sequence[Turn]) -> str | Answer:
        return "fine"


def shared() -> SharedResources:
    return SharedResources(environment={}, node="node", secret=lambda name: None)


def now() -> datetime:
    return datetime(2026, 3, 1, 12, tzinfo=UTC)


async def tried(provider: type) -> ModelTest:
    catalog, house = Catalog([drop_ins.model("mine", provider)]), shared()
    choice = ProviderChoice(provider_name="mine")
    return await try_model(catalog, house, config_of_model(choice, catalog, house.secret, house.addresses), now)


async def listed(provider: type, config_model: type[BaseModel] | None = None) -> list[str]:
    file = ProviderFile(ProviderKind.MODEL, "mine", provider=provider, config_model=config_model)
    return await list_models(Catalog([file]), shared(), ProviderChoice(provider_name="mine"), now)


async def test_it_shows_several_turns_and_a_burst_and_judges_what_binds_nobody() -> None:
    seen: list[Any] = []

    class Watching(Plain):
        def reply(self, turns: Sequence[Turn]) -> str:
            seen.append(list(turns))
            return "fine"

        def judge(self, turns: Sequence[Turn], answer: str) -> Judgement:
            seen.append(answer)
            return Judgement(binds=False, spent=Answer("", prompt_tokens=5, completion_tokens=1))

    said = await tried(Watching)
    turns, judged = seen
    assert [turn.source for turn in turns][:3] == [Source.CONTACT, Source.BOT, Source.OWNER]
    assert [(turn.source, turn.content) for turn in turns][3:] == [(Source.CONTACT, text) for text in BURST]
    assert all(turn.said_at < now() for turn in turns)
    assert judged == HARMLESS
    assert said.works
    assert said.judged is Judged.RIGHTLY
    assert said.prompt_tokens is None, "what one of the two does not tell is not known of both"


async def test_what_a_provider_tells_is_told_once_whichever_way_it_tells_it() -> None:
    class Telling(Plain):
        def reply(self, turns: Sequence[Turn]) -> Answer:
            return Answer("fine", told="It leaves out `a`. Its server is slow today.")

        def not_taken(self) -> list[NotTaken]:
            return [NotTaken("a", "It leaves out `a`.")]

    told = (await tried(Telling)).sentences
    assert told.count("It leaves out `a`.") == 1
    assert told.count("Its server is slow today.") == 1


async def test_what_the_first_of_two_answers_told_is_not_lost() -> None:
    class Reasoning(Plain):
        asked = 0

        def reply(self, turns: Sequence[Turn]) -> Answer:
            self.asked += 1
            return Answer("<think>hm", told="`b` is left out.") if self.asked == 1 else Answer("fine")

        def judge(self, turns: Sequence[Turn], answer: str) -> Judgement:
            raise AssertionError("two questions were asked already")

    said = await tried(Reasoning)
    assert (said.answer, said.reasoned, said.judged) == ("fine", True, Judged.NOT_ASKED)
    assert "`b` is left out." in said.sentences


async def test_all_of_it_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_test, "DEADLINE", 0.2)

    class Silent(Plain):
        async def reply(self, turns: Sequence[Turn]) -> str:  # type: ignore[override]
            await asyncio.Event().wait()
            return ""

        async def models(self) -> list[str]:
            await asyncio.Event().wait()
            return []

    class Doubting(Plain):
        async def judge(self, turns: Sequence[Turn], answer: str) -> Judgement:
            await asyncio.Event().wait()
            return Judgement(binds=False)

    assert "said nothing for" in str((await tried(Silent)).error)
    with pytest.raises(ModelUnavailable):
        await listed(Silent)
    said = await tried(Doubting)
    assert (said.works, said.judged) == (True, Judged.FAILED)


async def test_a_provider_that_breaks_is_told_by_its_error_s_name_alone() -> None:
    class Broken(Plain):
        def reply(self, turns: Sequence[Turn]) -> str:
            raise KeyError("swordfish")

        def not_taken(self) -> list[NotTaken]:
            raise KeyError("swordfish")

        def models(self) -> list[str]:
            raise KeyError("swordfish")

        @classmethod
        def presets(cls) -> Sequence[Preset]:
            raise KeyError("swordfish")

    said = await tried(Broken)
    assert said.error == "The model's provider failed (KeyError); the server's log says more."
    with pytest.raises(ModelRefused, match="KeyError"):
        await listed(Broken)
    assert presets_of(drop_ins.model("mine", Broken)) == ()


async def test_a_list_of_models_is_bounded_and_asked_for_before_one_is_chosen() -> None:
    class Config(BaseModel):
        model: str

    class Many(Plain):
        def models(self) -> list[Any]:
            assert self.config == {"model": UNCHOSEN}
            return ["one", "one", 5, "", "x" * 1000, *(f"model-{number}" for number in range(2 * MOST_MODELS))]

    assert lists_models(drop_ins.model("mine", Many))
    names = await listed(Many, Config)
    assert names[:2] == ["one", "model-0"]
    assert len(names) <= MOST_MODELS
    with pytest.raises(NotSupported):
        await listed(Plain)
