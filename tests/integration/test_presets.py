"""Presets of the openAi provider: each stands for its address, and no key goes where it does not belong."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from genai_prices.data_snapshot import get_snapshot
from pydantic import SecretStr, ValidationError

from imposter.contracts.errors import ModelRefused
from imposter.contracts.messages import Source, Turn
from imposter.contracts.model import ModelContext, Preset
from imposter.contracts.url_guard import AddressGuard, origin_of
from imposter.runtime.providers.shared_resources import SharedResources
from llm_providers._presets import PRESETS
from llm_providers.openAi import OpenAiProvider
from tests.fakes.model_server import ModelServer

NAMES = [
    *("openai", "azure", "anthropic", "gemini", "mistral", "groq", "deepseek", "openrouter", "xai"),
    *("ollama", "lmstudio", "llamacpp", "vllm"),
]
LOCAL = ("ollama", "lmstudio", "llamacpp", "vllm")
AZURE = "https://mine.openai.azure.com/openai/v1"
SERVERS_KEY = "sk-of-the-server-0123456789"
VENDORS = {"gemini": "google", "xai": "x-ai"}
"""What the price list calls them, where that is another name."""
HELLO = [Turn(Source.CONTACT, "hello")]


def check(
    allowed: str | None = None, environment: Mapping[str, str] | None = None, **config: Any
) -> OpenAiProvider.Config:
    """As `PUT /chatbot` does."""
    secrets = {name: SecretStr(value) for name, value in (environment or {}).items()}
    addresses = AddressGuard.read(allowed) if allowed else AddressGuard()
    context = {"secret": secrets.get, "addresses": addresses}
    return OpenAiProvider.Config.model_validate({"model": "m", **config}, context=context)


def problems(**config: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as raised:
        check(**config)
    return {str(each["loc"][0]): each["msg"] for each in raised.value.errors()}


def test_these_are_there_and_a_drop_in_s_reader_finds_them_on_the_class() -> None:
    assert list(PRESETS) == NAMES
    assert [preset.name for preset in OpenAiProvider.presets()] == NAMES
    shown = OpenAiProvider.Config.model_json_schema()["properties"]["preset"]
    assert shown["anyOf"][0]["enum"] == NAMES


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: str(preset.name))
def test_each_is_whole(preset: Preset) -> None:
    scheme, host, _ = origin_of(preset.base_url)
    local = preset.name in LOCAL
    assert (scheme, host == "localhost") == (("http", True) if local else ("https", False))
    assert preset.needs_key is not local
    assert bool(preset.key_url) is preset.needs_key
    assert not preset.key_url or urlsplit(preset.key_url).scheme == "https"
    assert not preset.base_url.endswith("/")
    assert preset.is_pattern == (preset.name == "azure")
    assert preset.highest_temperature is None or 0 < preset.highest_temperature <= 2
    assert preset.max_tokens in ("", "max_tokens", "max_completion_tokens")


@pytest.mark.parametrize("preset", [preset for preset in PRESETS.values() if preset.needs_key], ids=lambda p: p.name)
def test_an_address_is_the_one_by_which_the_price_list_knows_the_vendor(preset: Preset) -> None:
    url = preset.base_url.replace("{resource}", "mine")
    vendor = get_snapshot().find_provider(None, None, url).id
    assert vendor == VENDORS.get(preset.name, preset.name)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: str(preset.name))
def test_each_stands_for_its_address_and_wants_what_it_needs(preset: Preset) -> None:
    own: dict[str, Any] = {"base_url": AZURE} if preset.is_pattern else {}
    allowed = f"localhost:{origin_of(preset.base_url)[2]}" if preset.name in LOCAL else None
    key: dict[str, Any] = {"api_key": "k"} if preset.needs_key else {}
    config = check(allowed, preset=preset.name, **own, **key)
    assert config.url == (AZURE if preset.is_pattern else preset.base_url)
    assert "preset" not in config.parameters
    if preset.needs_key:
        wrong = problems(preset=preset.name, environment={"OPENAI_BASE_URL": "https://own.example/v1"}, **own)
        assert set(wrong) == {"api_key"}
        assert "OPENAI_API_KEY goes to the server's own address alone" in wrong["api_key"]


@pytest.mark.parametrize("name", LOCAL)
def test_one_on_this_machine_names_the_setting_and_its_very_value(name: str) -> None:
    port = origin_of(PRESETS[name].base_url)[2]
    [(field, told)] = problems(preset=name).items()
    assert field == "base_url"
    assert told.endswith(f"IMPOSTER_ALLOW_PRIVATE_URLS=localhost:{port}")
    assert PRESETS[name].base_url in told
    value = told.rpartition("=")[2]
    assert check(value, preset=name).api_key is None


def test_a_given_address_wins_and_is_guarded_by_itself() -> None:
    config = check(preset="ollama", base_url="https://ollama.example/v1")
    assert config.url == "https://ollama.example/v1"
    assert config.api_key is None
    told = problems(preset="groq", base_url="http://127.0.0.1:9/v1", api_key="k")
    assert "127.0.0.1:9 to IMPOSTER_ALLOW_PRIVATE_URLS" in told["base_url"]


def test_an_unknown_one_is_told_with_the_list() -> None:
    told = problems(preset="olama")
    assert set(told) == {"preset"}
    assert told["preset"].endswith(f"is no preset; there are: {', '.join(NAMES)}")


@pytest.mark.parametrize("url", [None, "https://{resource}.openai.azure.com/openai/v1"])
def test_a_pattern_has_to_be_filled_in(url: str | None) -> None:
    told = problems(preset="azure", api_key="k", base_url=url)
    assert set(told) == {"base_url"}
    assert "is required with the preset azure" in told["base_url"] or "still is a pattern" in told["base_url"]
    with pytest.raises(ValidationError):  # nor is it made into the server's own address behind the check
        OpenAiProvider("anna", {"model": "m", "preset": "azure", "api_key": "k"})


async def ask(
    server: ModelServer, config: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[str, OpenAiProvider]:
    """The key that came along with a question and one for the list of models."""
    secrets = {name: SecretStr(value) for name, value in environment.items()}
    addresses = AddressGuard.read("127.0.0.1,localhost")
    shared = SharedResources(environment={}, node="node", secret=secrets.get, addresses=addresses)
    model = OpenAiProvider("anna", {"model": "m", **config})
    model.attach(ModelContext("bot-1", shared))
    try:
        await model.reply(HELLO)
        await model.models()
    finally:
        await shared.aclose()
    [came] = {asked.headers["authorization"] for asked in (server.requests[-1], server.listings[-1])}
    return came, model


async def test_where_none_is_needed_a_word_is_sent_and_never_the_server_s_own_key() -> None:
    async with ModelServer() as server, ModelServer() as own:
        config = {"preset": "ollama", "base_url": server.base_url}
        environment = {"OPENAI_API_KEY": SERVERS_KEY, "OPENAI_BASE_URL": own.base_url}
        for elsewhere in (environment, {"OPENAI_API_KEY": SERVERS_KEY}, {}):
            came, model = await ask(server, config, elsewhere)
            assert came == "Bearer -"
            assert model.private().secrets == ()
        came, _ = await ask(server, config | {"api_key": "mine"}, environment)
        assert came == "Bearer mine"
        # The server's own address, under whichever name: its key is for that.
        came, _ = await ask(own, {"preset": "vllm", "base_url": own.base_url}, environment)
        assert came == f"Bearer {SERVERS_KEY}"
        came, _ = await ask(own, {"preset": "vllm", "base_url": own.base_url}, {"OPENAI_BASE_URL": own.base_url})
        assert came == "Bearer -"


@pytest.mark.parametrize("preset", [preset for preset in PRESETS.values() if preset.needs_key], ids=lambda p: p.name)
async def test_without_a_key_of_its_own_nothing_is_sent(preset: Preset) -> None:
    own = {"base_url": AZURE} if preset.is_pattern else {}
    secrets = {"OPENAI_API_KEY": SecretStr(SERVERS_KEY), "OPENAI_BASE_URL": SecretStr("https://own.example/v1")}
    shared = SharedResources(environment={}, node="node", secret=secrets.get)
    model = OpenAiProvider("anna", {"model": "m", "preset": preset.name, **own})
    model.attach(ModelContext("bot-1", shared))
    for asking in (model.reply(HELLO), model.models()):
        with pytest.raises(ModelRefused, match="api_key is missing"):
            await asking
    assert model.private().secrets == ()
    await shared.aclose()


def test_the_api_s_page_shows_the_same_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    shown = re.findall(r"^\| `(\w+)` \| `(http[^`]+)`[^|]* \| (yes|no) \|$", page, re.MULTILINE)
    assert shown == [(each.name, each.base_url, "yes" if each.needs_key else "no") for each in PRESETS.values()]
