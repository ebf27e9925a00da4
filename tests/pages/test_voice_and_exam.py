"""What the bot learns of how its owner writes, and how close it comes."""

from collections.abc import Callable
from pathlib import Path

from playwright.async_api import expect

from tests.acceptance.conftest import bot
from tests.acceptance.product import Product
from tests.fakes.model_server import ModelServer
from tests.integration.test_voice import export
from tests.pages.conftest import Look, faults, fits

Phone = Callable[[], str]
CONTACT = "+49 151 00000002"


async def test_an_exported_chat_is_taken_and_told_in_plain_words(look: Look, product: Product, tmp_path: Path) -> None:
    [instance_id] = await product.put(bot())
    file = tmp_path / "chat.txt"
    file.write_text(export(40) + "[01.01.25, 18:00:00] Karl: bring the ladder\n[31.02.25, 10:00:00] Bob: see you\n")
    page = await look()
    await page.goto(f"/bots/{instance_id}/voice")
    await expect(page.get_by_text("Too little is known yet.")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_label("Whose chat it is").fill(CONTACT)
    await page.get_by_label("The export").set_input_files(file)
    await page.get_by_role("button", name="Import").click()
    await expect(page.get_by_text("which of these are you? 'Bob', 'Anna'")).to_be_visible()
    await page.get_by_label("Your name in the file").fill("Anna")
    await page.get_by_role("button", name="Import").click()
    report = page.get_by_role("status").filter(has_text="Chat imported")
    await expect(report).to_contain_text("40 answers of yours")
    await expect(report).to_contain_text("WhatsApp, 2025-01-01 to 2025-02-09. Chat of you (Anna) with Bob")
    await expect(report).to_contain_text("80 with text, 1 pasted from elsewhere")
    await expect(report).to_contain_text("Karl (1, only pasted)")
    await expect(report).to_contain_text("1 line was not understood")
    await expect(report.get_by_role("listitem")).to_have_text("82: [31.02.25, 10:00:00] Bob: see you")
    await expect(page.get_by_role("cell", name="40")).to_be_visible()
    await expect(page.get_by_role("heading", name="How you write")).to_be_visible()
    await expect(page.locator(".told li").first).to_be_visible()
    assert await faults(page) == []
    await page.get_by_text("Delete them").click()
    await page.get_by_role("button", name="Delete all imported chats").click()
    await expect(page.get_by_text("Too little is known yet.")).to_be_visible()


async def test_a_slow_upload_shows_how_far_it_is(look: Look, product: Product, tmp_path: Path) -> None:
    [instance_id] = await product.put(bot())
    file = tmp_path / "chat.txt"
    file.write_text(export(1500))
    page = await look()
    await page.goto(f"/bots/{instance_id}/voice")
    line = await page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 100_000}
    await line.send("Network.emulateNetworkConditions", slow)
    await page.get_by_label("Whose chat it is").fill(CONTACT)
    await page.get_by_label("Your name in the file").fill("Anna")
    await page.get_by_label("The export").set_input_files(file)
    await page.get_by_role("button", name="Import").click()
    await expect(page.get_by_label("Upload")).to_be_visible()
    await expect(page.get_by_text("Chat imported")).to_be_visible()


async def test_an_exam_is_held_and_read_side_by_side(
    look: Look, product: Product, model: ModelServer, tmp_path: Path
) -> None:
    [instance_id] = await product.put(bot())
    file = tmp_path / "chat.txt"
    file.write_text(export(5))
    page = await look()
    await page.goto(f"/bots/{instance_id}/exam")
    await page.get_by_role("button", name="Begin").click()
    await expect(page.get_by_role("alert")).to_contain_text("Import a chat")
    assert await faults(page) == []
    await page.goto(f"/bots/{instance_id}/voice")
    await page.get_by_label("Whose chat it is").fill(CONTACT)
    await page.get_by_label("Your name in the file").fill("Anna")
    await page.get_by_label("The export").set_input_files(file)
    await page.get_by_role("button", name="Import").click()
    await expect(page.get_by_text("Chat imported")).to_be_visible()
    await page.get_by_role("link", name="Exam").click()
    await page.get_by_label("Questions").fill("3")
    await page.get_by_role("button", name="Begin").click()
    await expect(page.get_by_text("of 100")).to_be_visible()
    await expect(page.locator(".pairs tbody tr")).to_have_count(3)
    assert await faults(page) == []
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await fits(page)
