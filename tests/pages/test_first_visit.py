"""From the first look to the first answered message, without a terminal."""

from collections.abc import Callable

from playwright.async_api import Page, expect

from tests.acceptance.product import Product
from tests.fakes.model_server import Failure, ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.pages.conftest import Look, faults, fits

Phone = Callable[[], str]


async def fill_in(page: Page, name: str, *, people: str = "", model: str = "gpt-4") -> None:
    await page.get_by_label("Name", exact=True).fill(name)
    if people:
        await page.get_by_label("Phone numbers").fill(people)
    else:
        await page.get_by_label("Everyone who writes").check()
    await page.get_by_label("Reply automatically").check()
    await page.get_by_label("Model", exact=True).fill(model)


def id_in(page: Page) -> str:
    return page.url.split("/")[4].partition("?")[0]


async def link(page: Page, product: Product, network: WhatsAppNetwork, phone: str) -> None:
    await expect(page.get_by_alt_text("The code to scan")).to_be_visible()
    await network.scan(await product.qr(id_in(page)), phone)
    await expect(page.locator(".big", has_text="Linked")).to_be_visible()


async def test_a_stranger_makes_a_bot_links_it_and_a_friend_is_answered(
    look: Look, product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    page = await look()
    await page.goto("/")
    await expect(page.get_by_role("heading", name="Your first bot")).to_be_visible()
    assert await faults(page) == []
    await fill_in(page, "Anna", people=f"+{friend}")
    await page.get_by_role("button", name="Test the model").click()
    await expect(page.get_by_text("The model works")).to_be_visible()
    await page.get_by_role("button", name="Create bot").click()
    await expect(page.get_by_text("more seconds")).to_be_visible()
    assert await faults(page) == []
    await link(page, product, network, me)
    assert await faults(page) == []
    await network.say(me, friend, "are you there?")
    [answer] = await network.wait_inbox(friend, 1)
    assert answer.text == "re: are you there?"
    await page.get_by_role("link", name="Bots").click()
    await expect(page.locator("dt:has-text('Answered today') + dd")).to_have_text("1")
    assert await faults(page) == []
    await page.get_by_role("link", name="Anna").click()
    assert await faults(page) == []


async def test_a_model_that_does_not_work_is_told_in_plain_words_and_nothing_typed_is_lost(
    look: Look, product: Product, model: ModelServer
) -> None:
    page = await look()
    await page.goto("/new")
    await page.get_by_role("button", name="Test the model").click()
    await expect(page.get_by_text("Fix this first")).to_be_visible()
    await fill_in(page, "Anna")
    model.always_fail = Failure(status=401)
    await page.get_by_label("Api key").fill("sk-wrong-canary-0000000000")
    await page.get_by_role("button", name="Test the model").click()
    await expect(page.locator("[id^=tested] .note.bad")).to_contain_text("does not accept the API key")
    assert await page.get_by_label("Api key").input_value() == "sk-wrong-canary-0000000000"
    assert (await product.api.get("/chatbot")).json() == []


async def test_what_cannot_be_used_is_said_at_its_field_and_secrets_are_not_repeated(look: Look) -> None:
    page = await look()
    await page.goto("/new")
    await fill_in(page, "Anna", people="0151 234567")
    await page.get_by_text("More settings").last.click()
    await page.get_by_label("Temperature").fill("9")
    await page.get_by_label("Api key").fill("sk-canary-typed-0123456789")
    await page.get_by_role("button", name="Create bot").click()
    await expect(page.get_by_text("Nothing was saved")).to_be_visible()
    await expect(page.locator("#whitelist-problem")).to_contain_text("country code")
    await expect(page.locator("#model-openAi-temperature-problem")).to_contain_text("less than or equal to 2")
    assert await page.get_by_label("Name", exact=True).input_value() == "Anna"
    assert "sk-canary-typed" not in await page.content()
    assert await faults(page) == []


async def test_the_form_is_drawn_from_what_a_provider_declares(look: Look, product: Product) -> None:
    page = await look(size="phone")
    await page.goto("/new")
    await page.get_by_label("Name", exact=True).fill("Otto")
    await page.get_by_label("Reply automatically").check()
    await page.get_by_label("dummy").check()
    await page.get_by_label("fakeLlm").check()
    await page.locator(".choice:has(#model-fakeLlm) summary").click()
    await page.get_by_label("Response array").fill("one\ntwo\n")
    await page.get_by_label("Delay seconds").fill("0.5")
    assert await fits(page)
    await page.get_by_role("button", name="Create bot").click()
    await expect(page.locator(".big", has_text="Linked")).to_be_visible()
    config = (await product.api.get(f"/chatbot/{id_in(page)}")).json()["config"]
    assert config["llm_provider_config"] == {
        "provider_name": "fakeLlm",
        "provider_config": {"response_array": ["one", "two"], "delay_seconds": 0.5},
    }
    assert config["respond_to_whitelist"] == []
    assert config["behaviour_config"] == {"autonomy": "auto"}


async def test_the_page_is_used_without_a_mouse(look: Look, product: Product) -> None:
    page = await look()
    await page.goto("/new")
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Name", exact=True)).to_be_focused()
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    await page.keyboard.type("Otto")
    for name, value in (("dummy", "chat-dummy"), ("fakeLlm", "model-fakeLlm")):
        await page.get_by_label(name).focus()
        await page.keyboard.press("Space")
        await expect(page.locator(f"#{value}")).to_be_checked()
    await page.get_by_role("button", name="Create bot").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".big", has_text="Linked")).to_be_visible()
