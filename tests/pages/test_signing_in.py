"""Who gets in with a browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.acceptance.product import Product, running
from tests.pages.conftest import Look, faults, looking

KEY = "a-key-of-the-tests-0123456789"


@pytest.fixture
async def product(tmp_path: Path) -> AsyncIterator[Product]:
    async with running(tmp_path, {"IMPOSTER_API_KEY": KEY}) as product:
        yield product


async def test_the_key_opens_the_page_and_signing_out_closes_it(look: Look, product: Product) -> None:
    page = await look()
    await page.goto("/new")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_label("Key").fill("not-the-key-of-this-server")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("not the server's key")
    await page.get_by_label("Key").fill(KEY)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Your first bot")).to_be_visible()
    [cookie] = await page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert cookie["value"] not in await page.content()
    assert KEY not in await page.content()
    await product.stop()
    await product.start()
    await page.reload()
    await expect(page.get_by_role("heading", name="Your first bot")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_text("You are signed out.")).to_be_visible()
    await page.context.add_cookies([{**cookie, "url": page.url, "domain": None, "path": None}])
    await page.goto("/")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_signing_out_everywhere_closes_it_on_other_devices_too(
    look: Look, product: Product, browser: Browser
) -> None:
    await product.put(
        {
            "user_id": "me",
            "chat_provider_config": {"provider_name": "dummy", "provider_config": {"messages": []}},
            "llm_provider_config": {"provider_name": "fakeLlm"},
        }
    )
    here = await look()
    async with looking(browser, product) as elsewhere:
        for page in (here, elsewhere):
            await page.goto("/login")
            await page.get_by_label("Key").fill(KEY)
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("link", name="me", exact=True)).to_be_visible()
        await here.get_by_text("Signed in on other devices?").click()
        await here.get_by_role("button", name="Sign out everywhere").click()
        await expect(here.get_by_text("Signed out on every device")).to_be_visible()
        await elsewhere.reload()
        await expect(elsewhere.get_by_role("heading", name="Sign in")).to_be_visible()
