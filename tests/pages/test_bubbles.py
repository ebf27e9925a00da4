"""What a message is about, and what it is where it has no words, as the page shows it."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

from playwright.async_api import Page, expect

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import linked
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import AT_ONCE
from tests.pages.conftest import Look, faults, fits
from tests.pages.test_chats import open_chat

Phone = Callable[[], str]
THUMB = "\U0001f44d"
SECRET = {"messageContextInfo": {"messageSecret": "A" * 43 + "="}}


def turn(page: Page, text: str) -> Any:
    return page.locator(".turn", has=page.locator(".words", has_text=re.compile(f"^{text}")))


def unreadable_edit(me: str, message_id: str) -> dict[str, Any]:
    """An edit whose words are sealed with what nobody here can open."""
    target = {"remoteJid": f"{me}@s.whatsapp.net", "fromMe": True, "id": message_id}
    sealed = {"targetMessageKey": target, "encPayload": "A" * 44, "encIv": "A" * 16, "secretEncType": 2}
    return {"secretEncryptedMessage": sealed}


async def test_replies_and_reactions_show_what_they_are_about(
    look: Look, product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, ben = phone(), phone()
    instance_id = await linked(product, network, me)
    first = await network.say(me, ben, "Monday or <b>Tuesday</b>?", name="Ben")
    [answer] = await network.wait_inbox(ben, 1)
    await network.say(me, ben, "this is better", target=first.id, target_sender=ben, name="Ben")
    await network.wait_inbox(ben, 2)
    await network.say(me, ben, "and this", target="3EB0OLDERTHANTHELINK", name="Ben")
    await network.wait_inbox(ben, 3)
    await network.say(me, ben, THUMB, kind="reaction", target=answer.id, name="Ben")
    await product.until_message(instance_id, content=THUMB)
    await network.say(me, ben, "", kind="reaction", target=answer.id, name="Ben")
    await product.until_message(instance_id, content="", kind="reaction")
    await network.say(me, ben, "\u200b", name="Ben")
    await product.until_message(instance_id, reason="empty")
    page = await look()
    await page.goto(f"/bots/{instance_id}/chats")
    await expect(page.locator(".chats .words")).to_contain_text("[empty message]")
    await open_chat(page, instance_id, ben)
    own = "Monday or <b>Tuesday</b>?"
    await expect(turn(page, "this is better").locator(".about")).to_have_text(re.compile(f"Ben\\s+{re.escape(own)}"))
    await expect(turn(page, "and this").locator(".about")).to_contain_text("the quoted words")
    for said in (f"reacted {THUMB}", "took a reaction back"):
        await expect(turn(page, said).locator(".about")).to_have_text(re.compile(rf"Bot\s+re: {re.escape(own)}"))
    await expect(page.locator(".turn", has_text="[empty message]")).to_have_count(1)
    assert await faults(page) == []
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await fits(page)


async def test_who_is_mentioned_is_named(look: Look, product: Product, network: WhatsAppNetwork, phone: Phone) -> None:
    me, ann, bob = phone(), phone(), phone()
    group = f"1203637{me}@g.us"
    await network.make_group(group, "Family", [me, ann, bob])
    instance_id = await linked(product, network, me, chat={"allow_group_messages": True})
    mine, his = (f"77{each[::-1]}" for each in (me, bob))  # their LIDs
    await network.say(me, bob, "hi all", group=group, name="Bob")
    await product.until_message(instance_id, content="hi all")
    await network.say(me, ann, f"@{mine} ask @{his} please", group=group, name="Ann", mentions=[me, bob])
    page = await look()
    await product.until_message(instance_id, content=f"@{mine} ask @{his} please")
    await open_chat(page, instance_id, group.partition("@")[0])
    await expect(turn(page, "@you ask @Bob please")).to_have_count(1)
    assert his not in await page.locator(".turns").inner_text()


async def test_an_edit_that_could_not_be_read_is_told_as_one(
    look: Look, product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, ben = phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config={**AT_ONCE, "autonomy": "draft"})
    first = await network.say(me, ben, raw={"conversation": "come at five", **SECRET})
    await product.until_message(instance_id, content="come at five", reason="drafted")
    await network.say(me, ben, raw=unreadable_edit(me, first.id))
    await product.until_message(instance_id, message_id=first.id, content="")
    page = await look()
    told = "[only on your phone: the new words of an edited message]"
    await page.goto(f"/bots/{instance_id}/chats")
    await expect(page.locator(".chats .words", has_text=told)).to_have_count(1)
    await open_chat(page, instance_id, ben)
    await expect(page.locator(".turn.them .words")).to_contain_text(f"{told} (edited)")
    await page.goto(f"/bots/{instance_id}/drafts")
    await expect(page.locator(".draft blockquote")).to_have_text(told)
    notes = [row["content"] for row in await product.messages(instance_id) if row["conversation"].startswith(me)]
    assert f"> {told}" in notes[-1]


async def test_what_could_not_be_read_is_told_where_one_looks_first(
    look: Look, product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, ben, eve = phone(), phone(), phone()
    instance_id = await linked(product, network, me)
    for friend in (ben, eve):
        await network.say(me, friend, "hello")
        await network.wait_inbox(friend, 1)
    await network.say(me, ben, "never readable", garbled="forever")
    await product.until_message(instance_id, reason="undecryptable")
    await product.stop()
    with closing(sqlite3.connect(product.data / "imposter.db")) as database:  # its phone had its time to send it again
        before = "datetime(received_at, '-10 minutes')"
        database.execute(f"UPDATE messages SET received_at = {before} WHERE kind = 'unreadable'")
        database.commit()
    await product.start()
    page = await look()
    await page.goto("/")
    await expect(page.locator(".card")).to_contain_text("1 message could not be read here; your phone has it.")
    assert await faults(page) == []
    await page.get_by_role("link", name="1 message could not be read here").click()
    marked = page.locator(".chats li", has_text="not readable here")
    await expect(marked).to_have_count(1)
    await expect(marked.locator("a")).to_have_attribute("href", re.compile(ben))
    await expect(marked).to_contain_text("open it on your phone")
    assert await faults(page) == []
    await page.goto(f"/bots/{instance_id}")
    await page.get_by_role("link", name="these chats are marked").click()
    await expect(page.locator(".chats")).to_be_visible()
