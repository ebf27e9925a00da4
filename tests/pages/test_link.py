"""Linking, as its owner sees it."""

from collections.abc import Callable

from playwright.async_api import expect

from tests.acceptance.conftest import bot
from tests.acceptance.product import Product
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.pages.conftest import Look, faults

Phone = Callable[[], str]
CODE = "The code to scan"


async def test_a_code_that_is_used_up_is_replaced_by_itself(
    look: Look, product: Product, network: WhatsAppNetwork
) -> None:
    [instance_id] = await product.put(bot())
    page = await look()
    await page.goto(f"/bots/{instance_id}/link")
    first = await page.get_by_alt_text(CODE).get_attribute("src")
    assert first is not None
    await network.end_pairing(await product.qr(instance_id))
    await expect(page.get_by_alt_text(CODE)).not_to_have_attribute("src", first)


async def test_who_has_one_phone_only_types_a_code(
    look: Look, product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me = phone()
    [instance_id] = await product.put(bot())
    page = await look()
    await page.goto(f"/bots/{instance_id}/link")
    await expect(page.get_by_alt_text(CODE)).to_be_visible()
    await page.get_by_text("Link with a phone number instead").click()
    await page.get_by_label("Phone number").fill("0151 23")
    await page.get_by_role("button", name="Get a code").click()
    await expect(page.get_by_role("alert")).to_contain_text("country code")
    await page.get_by_label("Phone number").fill(f"+{me}")
    await page.get_by_role("button", name="Get a code").click()
    code = await page.locator(".code-to-type").inner_text()
    await network.enter_code(me, code.replace("-", ""))
    await expect(page.locator(".big", has_text="Linked")).to_be_visible()


async def test_each_end_of_a_link_is_told_with_what_to_do(
    look: Look, product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me = phone()
    [asked, instance_id] = await product.put(bot("passkey"), bot("anna"))
    page = await look()
    await page.goto(f"/bots/{asked}/link")
    await network.ask_for_passkey(await product.qr(asked))
    await expect(page.get_by_text("WhatsApp wants a passkey")).to_be_visible()
    assert await faults(page) == []
    await page.goto(f"/bots/{instance_id}/link")
    await network.scan(await product.qr(instance_id), me)
    await expect(page.locator(".big", has_text="Linked")).to_be_visible()
    await network.close_with(me, 440)
    await expect(page.get_by_text("Taken over by another program")).to_be_visible()
    await page.goto(f"/bots/{instance_id}")
    await page.get_by_role("button", name="Start").click()
    await expect(page.locator(".big", has_text="Linked")).to_be_visible()
    await network.log_out(me)
    await expect(page.get_by_text("Not linked")).to_be_visible()


async def test_what_cannot_be_taken_back_is_asked_first(look: Look, product: Product) -> None:
    [instance_id] = await product.put(bot())
    page = await look()
    await page.goto(f"/bots/{instance_id}")
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_text("Bot stopped.")).to_be_visible()
    await page.get_by_role("link", name="Delete the bot").click()
    await expect(page.get_by_text("all conversations")).to_be_visible()
    assert await faults(page) == []
    assert (await product.status(instance_id))["status"] == "stopped"
    await page.get_by_role("button", name="Delete permanently").click()
    await expect(page.get_by_role("heading", name="Your first bot")).to_be_visible()
    assert (await product.api.get("/chatbot")).json() == []
