"""Pictures of each page for the documents, of a server that has something to show; see script/screenshots."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from tests.acceptance.conftest import KEY, bot
from tests.acceptance.product import Product, running
from tests.fakes.model_server import Chat, ModelServer, words
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import AT_ONCE
from tests.pages.conftest import SIZES, chromium

FOLDER = Path(__file__).parents[2] / "docs/screenshots"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": SIZES["desktop"], "color_scheme": "light"},
    "dark": {"viewport": SIZES["desktop"], "color_scheme": "dark"},
    "phone": {"viewport": SIZES["phone"], "color_scheme": "light", "device_scale_factor": 2},
}
ME, BEN, OMAR, LEA = "4915100000001", "4915100000002", "4915100000003", "4915100000004"
SAYS = {
    "hey, are you at the lake?": "yes! lovely out here",
    "is the water cold?": "a bit, but you get used to it :)",
    "how much do you want for the old bike?": "i'd say 80 euros",
    "صباح الخير، كيف حالك؟": "صباح النور، بخير والحمد لله",
    "did you get my letter?": "not yet, the post is slow here",
}
EXPORT = "".join(
    f"[{day:02}.03.25, 10:00:00] Ben: what about {what} on the {day}th?\n"
    f"[{day:02}.03.25, 10:04:00] Anna: {what} is fine, see you there\n"
    for day, what in enumerate(["lunch", "the cinema", "a swim", "the market", "tea", "a walk"] * 4, start=1)
)


@dataclass(frozen=True)
class Shown:
    """One page; `press` is the last link of this name, which is clicked first."""

    name: str
    address: str
    press: str = ""


async def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    async with _server() as (product, network), chromium() as browser:
        await _take(browser, product, [Shown("first-bot", "/new")])
        [anna, otto] = await product.put(
            bot("Anna", behaviour_config={**AT_ONCE, "takeover_minutes": 30}),
            bot("Otto"),
        )
        await product.qr(otto)
        await _live(product, network, anna)
        at = f"/bots/{anna}"
        pages = [
            Shown("bots", "/"),
            Shown("bot", at),
            Shown("link", f"/bots/{otto}/link"),
            Shown("chats", f"{at}/chats"),
            Shown("chat", f"{at}/chat?chat={BEN}%40s.whatsapp.net", press="Why"),
            Shown("drafts", f"{at}/drafts"),
            Shown("letters", f"{at}/letters"),
            Shown("voice", f"{at}/voice"),
            Shown("exam", f"{at}/exam"),
            Shown("settings", f"{at}/settings"),
            Shown("figures", "/figures"),
            Shown("delete", f"{at}/delete"),
        ]
        await _take(browser, product, pages)
    async with _server(IMPOSTER_API_KEY="a-key-of-the-screenshots") as (product, _), chromium() as browser:
        await _take(browser, product, [Shown("sign-in", "/login")])


@asynccontextmanager
async def _server(**more: str) -> AsyncIterator[tuple[Product, WhatsAppNetwork]]:
    def reply(chat: Chat) -> str:
        asked = words(chat["messages"][-1])[-1]
        return SAYS.get(asked, f"{asked.removeprefix('what about ').rpartition(' on the')[0]} is fine, see you")

    async with WhatsAppNetwork() as network, ModelServer() as model:
        model.reply = reply
        outside = {"NODE_OPTIONS": network.node_options, "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": KEY}
        with tempfile.TemporaryDirectory() as folder:
            async with running(Path(folder), outside | more) as product:
                yield product, network


async def _live(product: Product, network: WhatsAppNetwork, bot_id: str) -> None:
    """Anna is linked, people write to her, and one answer waits for her word."""
    await network.scan(await product.qr(bot_id), ME)
    await product.until_status(bot_id, "connected")
    talk = ((LEA, "Lea", 4), (OMAR, "عمر", 3), (BEN, "Ben", 0), (BEN, "Ben", 1))
    for phone, name, number in talk:
        said = list(SAYS)[number]
        await network.say(ME, phone, said, name=name)
        await product.until_message(bot_id, content=said, state="answered")
    await network.say(ME, BEN, list(SAYS)[2], name="Ben")
    await product.until_message(bot_id, content=list(SAYS)[2], reason="drafted")
    voice = {"contact": f"+{BEN}", "owner": "Anna"}
    imported = await product.api.post(f"/chatbot/{bot_id}/voice/import", params=voice, content=EXPORT.encode())
    assert imported.status_code == 200, imported.text
    assert (await product.api.post(f"/chatbot/{bot_id}/exam", json={"pairs": 6})).status_code == 202
    await product.until(
        lambda: product.api.get(f"/chatbot/{bot_id}/exam"), lambda answer: answer.json()["state"] != "running"
    )


async def _take(browser: Browser, product: Product, pages: list[Shown]) -> None:
    for look, options in LOOKS.items():
        context = await browser.new_context(base_url=str(product.api.base_url), **options)
        page = await context.new_page()
        for shown in pages:
            await _open(page, shown)
            await page.screenshot(path=FOLDER / f"{shown.name}-{look}.png")
        await context.close()


async def _open(page: Page, shown: Shown) -> None:
    answer = await page.goto(shown.address)
    assert answer is not None, shown
    assert answer.ok, (shown, answer.status)
    if shown.press:
        await page.get_by_role("link", name=shown.press).last.click()
        await page.locator("#why .gates").wait_for()
        await page.evaluate("scrollTo(0, 0)")


if __name__ == "__main__":
    asyncio.run(main())
