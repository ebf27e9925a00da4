"""What every model provider must do, whatever its vendor: a new file in llm_providers/ is tested unlisted."""

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from imposter.contracts.errors import ModelError, ModelRefused, ModelUnavailable, NotSupported
from imposter.contracts.messages import Source, Turn
from imposter.contracts.model import ModelContext, Prompt
from imposter.contracts.url_guard import AddressGuard
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind, discover
from imposter.runtime.providers.model_adapter import ModelAdapter
from imposter.runtime.providers.presets import lists_models, presets_of
from imposter.runtime.providers.shared_resources import SharedResources
from tests.contract.model_harnesses import KEY, ModelHarness, model_harness

FILES = discover(ProviderKind.MODEL, Path(__file__).parents[2] / "llm_providers")
OF_VENDORS = [file for file in FILES if file.name != "fakeLlm"]
TALK = [
    Turn(Source.CONTACT, "my secret is swordfish", author="Bob"),
    Turn(Source.OWNER, "noted"),
    Turn(Source.CONTACT, "what is it?", author="Bob"),
]


class Rig:
    """A provider file with its vendor, and the models that were made of it."""

    def __init__(self, file: ProviderFile, harness: ModelHarness, shared: SharedResources) -> None:
        self.file = file
        self.harness = harness
        self.shared = shared

    async def model(self, config: dict[str, Any] | None = None, user_id: str = "anna") -> ModelAdapter:
        context = ModelContext(f"bot of {user_id}", self.shared)
        config = self.harness.config if config is None else config
        return await ModelAdapter.open(self.file, user_id, config, context, at_once=8)


@asynccontextmanager
async def open_rig(file: ProviderFile) -> AsyncIterator[Rig]:
    shared = SharedResources(
        environment={}, node="node", secret=lambda name: None, addresses=AddressGuard.read("127.0.0.1")
    )
    async with model_harness(file.name) as harness:
        try:
            yield Rig(file, harness, shared)
        finally:
            await shared.aclose()


@pytest.fixture(params=FILES, ids=lambda file: str(file.name))
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with open_rig(request.param) as rig:
        yield rig


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_its_file_can_be_used_and_says_what_it_is(file: ProviderFile) -> None:
    assert file.error is None
    assert file.summary


async def test_a_conversation_is_answered_with_text(rig: Rig) -> None:
    text = (await (await rig.model()).reply(Prompt(TALK))).text
    assert text
    assert text == text.strip()


async def test_the_user_id_is_filled_in_for_each_bot_by_itself(rig: Rig) -> None:
    if rig.harness.greeting is None:
        pytest.skip(f"{rig.file.name} has no harness in model_harnesses.py that lets it greet")
    anna, bob = [await rig.model(rig.harness.greeting, user_id) for user_id in ("anna", "bob")]
    assert rig.harness.greeted((await anna.reply(Prompt(TALK))).text) == "Hi anna"
    assert rig.harness.greeted((await bob.reply(Prompt(TALK))).text) == "Hi bob"
    assert rig.harness.greeted((await anna.reply(Prompt(TALK))).text) == "Hi anna"


async def test_many_conversations_at_once_do_not_mix(rig: Rig) -> None:
    if not rig.harness.echoes:
        pytest.skip(f"{rig.file.name} has no harness in model_harnesses.py that lets it echo")
    model = await rig.model()
    texts = [f"this is conversation {number}" for number in range(20)]
    answers = await asyncio.gather(*(model.reply(Prompt([Turn(Source.CONTACT, text)])) for text in texts))
    assert [answer.text[-len(text) :] for answer, text in zip(answers, texts, strict=True)] == texts


@pytest.mark.parametrize("rig", OF_VENDORS, ids=lambda file: str(file.name), indirect=True)
@pytest.mark.parametrize(("status", "error"), [(429, ModelUnavailable), (503, ModelUnavailable), (401, ModelRefused)])
async def test_a_failure_of_the_vendor_says_whether_to_try_again_and_gives_nothing_away(
    rig: Rig, status: int, error: type[ModelError]
) -> None:
    if not rig.harness.can_fail:
        pytest.skip(f"{rig.file.name} has no harness in model_harnesses.py whose vendor fails")
    model = await rig.model()
    rig.harness.fail(status)
    with pytest.raises(error) as raised:
        await model.reply(Prompt(TALK))
    told = "".join(traceback.format_exception(raised.value)) + repr(raised.value)
    assert KEY not in told
    assert "swordfish" not in told
    assert (await model.reply(Prompt(TALK))).text, "one failure is not the end"


async def test_presets_are_whole_and_its_config_takes_their_names(rig: Rig) -> None:
    presets = presets_of(rig.file)
    names = [preset.name for preset in presets]
    assert len(set(names)) == len(names)
    if not presets:
        return
    assert isinstance(rig.file.config_model, type)
    assert {"preset", "base_url"} <= rig.file.config_model.model_fields.keys()
    for preset in presets:
        assert preset.title
        assert bool(preset.key_url) is preset.needs_key
        own = {"base_url": preset.base_url.replace("{", "a").replace("}", "")}
        rig.file.config_model.model_validate({"model": "m", "preset": preset.name, **own})


async def test_a_list_of_models_is_names_or_an_error_that_gives_nothing_away(rig: Rig) -> None:
    model = await rig.model()
    if not lists_models(rig.file):
        with pytest.raises(NotSupported):
            await model.models()
        return
    names = await model.models()
    assert names
    assert all(isinstance(name, str) and name for name in names)
    if not rig.harness.can_fail:
        return
    rig.harness.fail_list(401)
    with pytest.raises(ModelError) as raised:
        await model.models()
    assert KEY not in "".join(traceback.format_exception(raised.value)) + repr(raised.value)


async def test_what_its_server_does_not_take_can_be_asked_at_any_time(rig: Rig) -> None:
    model = await rig.model()
    assert list(model.not_taken) == []
    await model.reply(Prompt(TALK))
    assert list(model.not_taken) == []


async def test_no_key_is_in_what_a_provider_shows_of_itself(rig: Rig) -> None:
    assert rig.file.provider is not None
    provider = rig.file.provider("anna", rig.harness.config)
    assert KEY not in f"{provider!r} {provider} {vars(provider)}"
