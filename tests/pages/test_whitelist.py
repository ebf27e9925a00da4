"""Reply to, as its field reads it."""

from collections.abc import Callable

from playwright.async_api import expect

from tests.acceptance.conftest import bot
from tests.acceptance.product import Product
from tests.acceptance.test_main_job import linked
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.pages.conftest import Look, faults, fits

Phone = Callable[[], str]


async def test_beside_each_number_stands_how_it_is_read(look: Look, product: Product) -> None:
    listed = ["15123456789", "+49 (0)151 23456789", "491511234567-1600000000@g.us"]
    [instance_id] = await product.put(bot(respond_to_whitelist=listed))
    page = await look(size="phone")
    await page.goto(f"/bots/{instance_id}/settings")
    read = page.locator("#whitelist-read li")
    await expect(read).to_have_count(3)
    await expect(read.nth(0)).to_have_text("15123456789 → +1 512-345-6789")
    await expect(read.nth(1)).to_contain_text("→ +49 1512 3456789")
    await expect(read.nth(2)).to_contain_text("used as a platform id")
    assert await faults(page) == []
    assert await fits(page)


async def test_every_wrong_line_is_named_with_its_cure(look: Look, product: Product) -> None:
    [instance_id] = await product.put(bot(respond_to_whitelist=["+49 151 23456789"]))
    page = await look()
    await page.goto(f"/bots/{instance_id}/settings")
    typed = "+49 151 23456789\n\n151 23456789\n+49 160 1234567, +49 160 7654321\nAnna"
    await page.get_by_label("Phone numbers").fill(typed)
    await page.get_by_role("button", name="Save").click()
    told = page.locator("#whitelist-problem li")
    await expect(told).to_have_count(3)
    await expect(told.nth(0)).to_contain_text("Line 3 begins neither with + nor with 00")
    await expect(told.nth(1)).to_contain_text("Line 4 holds more than one number: write one on each line")
    await expect(told.nth(2)).to_contain_text("Line 5 is no phone number")
    assert await page.get_by_label("Phone numbers").input_value() == typed
    assert await faults(page) == []
    config = (await product.api.get(f"/chatbot/{instance_id}")).json()["config"]
    assert config["respond_to_whitelist"] == ["+49 151 23456789"]


async def test_a_number_without_its_zero_is_one_of_the_accounts_own_country(
    look: Look, product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    instance_id = await linked(product, network, phone(), respond_to_whitelist=[])
    page = await look()
    await page.goto(f"/bots/{instance_id}/settings")
    await page.get_by_label("Phone numbers").fill("151 23456789")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Settings saved.")).to_be_visible()
    await expect(page.locator("#whitelist-read")).to_contain_text("+49 1512 3456789")
    config = (await product.api.get(f"/chatbot/{instance_id}")).json()["config"]
    assert config["respond_to_whitelist"] == ["+4915123456789"]
