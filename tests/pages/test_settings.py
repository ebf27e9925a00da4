"""A bot's settings, changed on the page."""

from collections.abc import Callable

from playwright.async_api import expect

from tests.acceptance.conftest import KEY, bot
from tests.acceptance.product import Product
from tests.fakes.model_server import ModelServer
from tests.pages.conftest import Look, faults

Phone = Callable[[], str]
OWN_KEY = "sk-canary-own-key-0123456789"
ANOTHER = {"provider_name": "openAi", "provider_config": {"model": "gpt-5", "api_key": OWN_KEY}}


async def test_what_is_not_touched_stays_and_keys_too(look: Look, product: Product, model: ModelServer) -> None:
    item = bot(
        respond_to_whitelist=["+49 151 23456789"],
        behaviour_config={"autonomy": "draft", "takeover_minutes": 45},
        contacts=[{"id": "+49 151 23456789", "autonomy": "auto", "llm_provider_config": ANOTHER}],
        budget_config={"daily": 5, "prices": {"gpt": {"input": 1, "output": 2}, "*": {"input": 3, "output": 4}}},
        time_zone="Europe/Berlin",
    )
    item["llm_provider_config"]["provider_config"] |= {"api_key": OWN_KEY, "temperature": 0.5, "stop": ["a", "b"]}
    item["llm_provider_config"]["fallbacks"] = [ANOTHER]
    [instance_id] = await product.put(item)
    before = (await product.api.get(f"/chatbot/{instance_id}")).json()["config"]
    page = await look()
    await page.goto(f"/bots/{instance_id}/settings")
    assert OWN_KEY not in await page.content()
    assert await faults(page) == []
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Settings saved.")).to_be_visible()
    assert (await product.api.get(f"/chatbot/{instance_id}")).json()["config"] == before
    await page.get_by_label("Phone numbers").fill("+49 151 23456789\n+49 160 1234567")
    await page.get_by_label("Reply automatically").check()
    await page.get_by_label("Model", exact=True).fill("gpt-5")
    await page.get_by_role("button", name="Test the model").click()
    await expect(page.get_by_text("The model works")).to_be_visible()
    assert model.requests[-1].headers["authorization"] == f"Bearer {OWN_KEY}"
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Settings saved.")).to_be_visible()
    after = (await product.api.get(f"/chatbot/{instance_id}")).json()["config"]
    assert after["respond_to_whitelist"] == ["+49 151 23456789", "+49 160 1234567"]
    assert after["behaviour_config"] == {"autonomy": "auto", "takeover_minutes": 45}
    assert after["contacts"] == before["contacts"]
    assert after["llm_provider_config"]["provider_config"] == before["llm_provider_config"]["provider_config"] | {
        "model": "gpt-5"
    }


async def test_a_key_is_not_sent_to_an_address_that_it_was_not_given_for(
    look: Look, product: Product, model: ModelServer
) -> None:
    item = bot()
    item["llm_provider_config"]["provider_config"] |= {"api_key": OWN_KEY}
    [instance_id] = await product.put(item)
    page = await look()
    await page.goto(f"/bots/{instance_id}/settings")
    await page.get_by_text("More settings").last.click()
    await page.get_by_label("Base url").fill("https://elsewhere.example/v1")
    await page.get_by_role("button", name="Test the model").click()
    await expect(page.get_by_text("Fix this first")).to_be_visible()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#model-openAi-api_key-problem")).to_be_visible()
    assert all(KEY in asked.headers["authorization"] for asked in model.requests)
    config = (await product.api.get(f"/chatbot/{instance_id}")).json()["config"]
    assert "base_url" not in config["llm_provider_config"]["provider_config"]


async def test_where_the_owner_is_and_what_the_model_costs_have_fields(look: Look, product: Product) -> None:
    page = await look()
    await page.goto("/new")
    here = await page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    await expect(page.get_by_label("Time zone")).to_have_value(here)
    [instance_id] = await product.put(bot())
    await page.goto(f"/bots/{instance_id}/settings")
    await expect(page.get_by_label("Time zone")).to_have_value("")
    await page.get_by_label("Time zone").fill("Europe/Berlin")
    await page.get_by_label("Input", exact=True).fill("0.5")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#price_input-problem")).to_contain_text("two numbers")
    await page.get_by_label("Output", exact=True).fill("1.5")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Settings saved.")).to_be_visible()
    config = (await product.api.get(f"/chatbot/{instance_id}")).json()["config"]
    assert config["time_zone"] == "Europe/Berlin"
    assert config["budget_config"] == {"prices": {"gpt-4": {"input": 0.5, "output": 1.5}}}
    await page.goto(f"/bots/{instance_id}/settings")
    await expect(page.get_by_label("Output", exact=True)).to_have_value("1.5")
    assert await faults(page) == []


async def test_what_cannot_be_used_changes_nothing(look: Look, product: Product) -> None:
    [instance_id] = await product.put(bot())
    before = (await product.api.get(f"/chatbot/{instance_id}")).json()["config"]
    page = await look()
    await page.goto(f"/bots/{instance_id}/settings")
    await page.get_by_text("Advanced settings (JSON)").click()
    for text, told in (
        ("{", "not usable JSON"),
        ("[]", "must be a JSON object"),
        ('{"user_id": "otto"}', "has its own field"),
        ('{"behaviour_config": {"autonomie": "auto"}}', "did you mean 'autonomy'"),
    ):
        await page.locator("#more").fill(text)
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator(".problem, .note.bad li").filter(has_text=told)).to_be_visible()
        assert await page.locator("#more").input_value() == text
    assert (await product.api.get(f"/chatbot/{instance_id}")).json()["config"] == before
