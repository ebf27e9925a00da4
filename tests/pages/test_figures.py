"""Statistics, as whoever looks after the server sees them."""

import re
from collections.abc import Callable

from playwright.async_api import expect

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import linked
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.pages.conftest import Look, faults, fits

Phone = Callable[[], str]


async def test_answers_their_times_and_tokens_are_shown_for_all_bots_and_for_one(
    look: Look, product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, ben = phone(), phone()
    counted = await answers_in_metrics(product)
    page = await look()
    await page.goto("/figures")
    assert await faults(page) == []
    instance_id = await linked(product, network, me)
    for number in range(3):
        await network.say(me, ben, f"{number}")
        await network.wait_inbox(ben, number + 1)
        await product.until_message(instance_id, content=f"re: {number}", delivery="sent")
    await page.reload()
    answers = page.locator(".chart").first
    await expect(answers.locator(".most")).to_have_text("3")
    await expect(answers.locator("rect")).to_have_count(1)
    times = page.locator(".chart", has_text="Median reply time")
    await times.get_by_text("Numbers").click()
    await expect(times.locator("tbody tr")).to_have_count(24)
    await expect(times.locator("rect").first).to_be_visible()
    await expect(page.locator(".chart", has_text="Tokens").locator("rect")).to_have_count(1)
    assert await faults(page) == []
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await fits(page)
    await page.get_by_label("Bot", exact=True).select_option(f"user of {me}")
    await page.get_by_role("button", name="Show").click()
    await page.get_by_role("link", name="30 days").click()
    await expect(answers.locator(".most")).to_have_text("3")
    assert await answers_in_metrics(product) == {part: count + 3 for part, count in counted.items()}


async def answers_in_metrics(product: Product) -> dict[str, float]:
    """Return by part of an answer's time how many answers the server has counted."""
    metrics = (await product.api.get("/metrics")).text
    found = re.findall(r'imposter_answer_seconds_count\{part="(\w+)"\} (\S+)', metrics)
    return dict.fromkeys(("before", "model", "after"), 0.0) | {part: float(count) for part, count in found}
