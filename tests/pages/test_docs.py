"""The description of the API in a browser: out of the server's own files, under the page's policy."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.acceptance.product import Product, running
from tests.pages.conftest import Look

KEY = "a-key-of-the-tests-0123456789"


@pytest.fixture
async def product(tmp_path: Path) -> AsyncIterator[Product]:
    async with running(tmp_path, {"IMPOSTER_API_KEY": KEY}) as product:
        yield product


async def test_who_has_signed_in_reads_the_docs_and_what_is_tried_there_wants_the_key(look: Look) -> None:
    page = await look()
    await page.goto("/docs")
    await page.get_by_label("Key").fill(KEY)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="My WhatsApp Imposter")).to_be_visible()
    answer = await page.request.get("/docs")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy

    ready = page.locator("[id^=operations-health]").filter(has_text="/readyz")
    await ready.get_by_role("button", name=re.compile("readyz")).first.click()
    await ready.get_by_role("button", name="Try it out").click()
    await ready.get_by_role("button", name="Execute").click()
    await expect(ready.locator(".live-responses-table")).to_contain_text("This server wants its key")

    await page.get_by_role("button", name="Authorize").first.click()
    await page.locator(".modal-ux").get_by_role("textbox").fill(KEY)
    await page.locator(".modal-ux").get_by_role("button", name="Apply credentials").click()
    await page.locator(".modal-ux").get_by_role("button", name="Close").last.click()
    await ready.get_by_role("button", name="Execute").click()
    await expect(ready.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
