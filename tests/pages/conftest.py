"""A real browser that looks at a real server; whatever it complains of fails the test."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

from tests.acceptance.conftest import outside as outside
from tests.acceptance.conftest import product as product
from tests.acceptance.product import Product
from tests.timeouts import FACT_MS

ROOT = Path(__file__).parents[2]
AXE = ROOT / "chat_providers/whatsapp_baileys_server/node_modules/axe-core/axe.min.js"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SIZES: dict[str, ViewportSize] = {
    "desktop": {"width": 1100, "height": 800},
    "phone": {"width": 360, "height": 740},
}

Look = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program is not None, "no Chromium is installed; script/test says how"
    async with async_playwright() as driver:
        # A container has no user namespaces, and nothing but the tests' own server is looked at.
        browser = await driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
def backend() -> str:
    """The pages are the same on every database."""
    return "sqlite"


@asynccontextmanager
async def looking(browser: Browser, product: Product, *, size: str = "desktop", **more: Any) -> AsyncIterator[Page]:
    """A page in a browser of its own. Afterwards: it asked nobody else for anything, and nothing was refused."""
    host = urlsplit(str(product.api.base_url)).netloc
    complaints: list[str] = []
    context = await browser.new_context(base_url=f"http://{host}", viewport=SIZES[size], **more)
    try:
        page = await context.new_page()
        page.set_default_timeout(FACT_MS)
        expect.set_options(timeout=FACT_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said.text) else None)
        page.on(
            "request",
            lambda asked: (
                complaints.append(f"asked {asked.url}")
                if urlsplit(asked.url).scheme != "data" and urlsplit(asked.url).netloc != host
                else None
            ),
        )
        yield page
        assert complaints == []
    finally:
        await context.close()


def _is_complaint(text: str) -> bool:
    """Of the policy, or of a script; that an answer was an error is the test's own affair."""
    return "Content Security Policy" in text or "Refused" in text or "Uncaught" in text


@pytest.fixture
async def look(browser: Browser, product: Product) -> AsyncIterator[Look]:
    """Opens a page of `product`."""
    async with AsyncExitStack() as opened:

        async def open_page(**more: Any) -> Page:
            return await opened.enter_async_context(looking(browser, product, **more))

        yield open_page


async def faults(page: Page) -> list[str]:
    """What axe finds, by the rules of WCAG 2 AA and good practice, in light and dark."""
    found = []
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        # From the driver's side, which the page's policy does not bind.
        await page.evaluate(AXE.read_text())
        result = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        found += [
            f"{scheme} {page.url}: {each['id']} {node['html'][:200]} {node['failureSummary'][:300]}"
            for each in result["violations"]
            for node in each["nodes"]
        ]
    return found


async def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
