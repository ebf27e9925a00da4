"""A service, its models and a test of one, on the page: with a script and without."""

import json
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.acceptance.conftest import bot
from tests.acceptance.product import Product, running
from tests.fakes.model_server import Failure, ModelServer
from tests.pages.conftest import Look, faults, fits, looking

KEY = "sk-canary-typed-0123456789"


@pytest.fixture
async def product(tmp_path: object, outside: dict[str, str]) -> AsyncIterator[Product]:
    allowed = {"IMPOSTER_ALLOW_PRIVATE_URLS": "127.0.0.1"}
    async with running(tmp_path, outside | allowed) as product:  # type: ignore[arg-type]
        yield product


async def suggested(page: Page) -> list[str]:
    values: list[str] = await page.evaluate(
        "[...document.querySelector('#model-openAi-model').list.options].map(each => each.value)"
    )
    return values


async def test_a_service_fills_in_its_address_and_says_where_its_keys_are(look: Look) -> None:
    page = await look()
    await page.goto("/new")
    address = page.get_by_label("Base url")
    await page.get_by_label("Service").select_option("groq")
    await expect(page.get_by_role("link", name="Get a key")).to_have_attribute("href", "https://console.groq.com/keys")
    await expect(address).to_have_attribute("placeholder", "https://api.groq.com/openai/v1")
    await expect(address).to_have_value("")
    assert await faults(page) == []
    await page.get_by_label("Service").select_option("azure")
    await expect(address).to_have_value("https://{resource}.openai.azure.com/openai/v1")
    await page.get_by_label("Service").focus()
    await page.get_by_label("Service").select_option("ollama")
    await expect(page.get_by_text("It needs no key.")).to_be_visible()
    await expect(address).to_have_value("")
    await expect(page.get_by_label("Service")).to_be_focused()
    await page.get_by_label("Service").select_option("")
    await expect(page.get_by_text("It needs no key.")).not_to_be_visible()


async def test_the_names_of_the_models_come_from_the_server(look: Look, model: ModelServer) -> None:
    page = await look()
    await page.goto("/new")
    assert await suggested(page) == []
    await page.get_by_label("Api key").fill(KEY)
    await page.get_by_label("Base url").fill(model.base_url)
    await page.get_by_role("button", name="List models").click()
    await expect(page.get_by_text("2 models")).to_be_visible()
    assert await suggested(page) == ["gpt-4", "gpt-5"]
    assert model.listings[-1].headers["authorization"] == f"Bearer {KEY}"
    assert await page.get_by_label("Api key").input_value() == KEY
    assert await faults(page) == []
    await page.get_by_label("Service").select_option("mistral")
    await expect(page.get_by_text("2 models")).not_to_be_visible()
    assert await suggested(page) == []
    await page.get_by_label("Base url").fill(model.base_url)
    model.models = Failure(401)
    await page.get_by_role("button", name="List models").click()
    await expect(page.locator("#models-openAi .note.bad")).to_contain_text("does not accept the API key")


async def test_a_private_address_is_told_with_the_setting_that_opens_it(look: Look) -> None:
    page = await look()
    await page.goto("/new")
    await page.get_by_label("Service").select_option("ollama")
    await page.get_by_role("button", name="List models").click()
    await expect(page.locator("#models-openAi .note.bad")).to_contain_text(
        "IMPOSTER_ALLOW_PRIVATE_URLS=localhost:11434"
    )


async def test_a_test_says_in_sentences_what_it_found_out(look: Look, model: ModelServer) -> None:
    error = {"error": {"message": "Unsupported parameter: 'temperature'", "param": "temperature"}}
    model.reply = lambda chat: (
        Failure(400, raw=json.dumps(error).encode())
        if "temperature" in chat
        else "FREE"
        if "BINDS" in chat["messages"][0]["content"]
        else "<think>hm</think>[[unsure]] I would have to look."
    )
    page = await look(size="phone")
    await page.goto("/new")
    await page.get_by_label("Model", exact=True).fill("gpt-4")
    await page.get_by_text("More settings").last.click()
    await page.get_by_label("Temperature").fill("0.5")
    await page.get_by_role("button", name="Test the model").click()
    said = page.locator("[id^=tested] .note.good")
    await expect(said).to_contain_text("The model works")
    await expect(said.locator("blockquote")).to_have_text("I would have to look.")
    for words in ("gpt-4 answered in", "`temperature`: it is left out", "wrote its reasoning", "can judge answers"):
        await expect(said).to_contain_text(words)
    assert await faults(page) == []
    assert await fits(page)


async def test_all_of_it_works_without_a_script(browser: Browser, product: Product, model: ModelServer) -> None:
    async with looking(browser, product, java_script_enabled=False) as page:
        await page.goto("/new")
        await page.get_by_label("Name", exact=True).fill("Anna")
        await page.get_by_label("Service").select_option("deepseek")
        await page.get_by_role("button", name="Show its fields").click()
        await expect(page.get_by_text("DeepSeek is asked at https://api.deepseek.com")).to_be_visible()
        await expect(page.get_by_label("Service")).to_have_value("deepseek")
        await expect(page.get_by_label("Name", exact=True)).to_have_value("Anna")
        await page.get_by_label("Service").select_option("vllm")
        await page.get_by_label("Base url").fill(model.base_url)
        await page.get_by_role("button", name="List models").click()
        await expect(page.get_by_text("2 models")).to_be_visible()
        await expect(page.locator("#model-openAi-model-list option")).to_have_count(2)
        await page.get_by_label("Model", exact=True).fill("gpt-5")
        await page.get_by_role("button", name="Test the model").click()
        await expect(page.get_by_text("The model works")).to_be_visible()
        await page.get_by_label("dummy").check()
        await page.get_by_role("button", name="Create bot").click()
        await expect(page.get_by_text("Bot created")).to_be_visible()
    [status] = (await product.api.get("/chatbot")).json()
    shown = (await product.api.get(f"/chatbot/{status['instance_id']}")).json()["config"]["llm_provider_config"]
    assert shown["provider_config"] == {"preset": "vllm", "base_url": model.base_url, "model": "gpt-5"}


async def test_a_kept_key_goes_to_no_other_service(look: Look, product: Product, model: ModelServer) -> None:
    item = bot()
    item["llm_provider_config"]["provider_config"] |= {"preset": "groq", "api_key": KEY}
    [instance_id] = await product.put(item)
    page = await look()
    await page.goto(f"/bots/{instance_id}/settings")
    await expect(page.get_by_label("Service")).to_have_value("groq")
    await page.get_by_label("Service").select_option("deepseek")
    await expect(page.get_by_text("DeepSeek is asked at")).to_be_visible()
    for button in ("List models", "Test the model"):
        await page.get_by_role("button", name=button).click()
        await expect(page.locator(".note.bad", has_text="api_key").last).to_contain_text("is missing")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#model-openAi-api_key-problem")).to_contain_text("Is missing")
    kept = (await product.api.get(f"/chatbot/{instance_id}")).json()["config"]["llm_provider_config"]
    assert kept["provider_config"]["preset"] == "groq"
    # With its own address beside it, a service is no other: the key stays.
    await page.goto(f"/bots/{instance_id}/settings")
    await page.get_by_label("Model", exact=True).fill("gpt-6")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Settings saved.")).to_be_visible()
