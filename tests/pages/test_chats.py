"""Conversations, as their owner sees them, and what the owner does about them."""

import re
from collections.abc import Callable

from playwright.async_api import Page, expect

from tests.acceptance.conftest import bot
from tests.acceptance.product import Product
from tests.acceptance.test_main_job import linked
from tests.fakes.model_server import Failure, ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import AT_ONCE
from tests.pages.conftest import Look, faults, fits

Phone = Callable[[], str]
TAKES_OVER = {**AT_ONCE, "takeover_minutes": 30}


async def open_chat(page: Page, instance_id: str, contact: str) -> None:
    await page.goto(f"/bots/{instance_id}/chats")
    await page.locator(f".chats a[href*='{contact}']").click()
    await expect(page.get_by_role("log")).to_be_visible()


async def test_a_conversation_is_followed_as_it_goes_on_and_each_answer_explained(
    look: Look, product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, ben = phone(), phone()
    instance_id = await linked(product, network, me)
    page = await look()
    await page.goto(f"/bots/{instance_id}/chats")
    await expect(page.get_by_text("No messages yet.")).to_be_visible()
    await network.say(me, ben, "are you there?", name="Ben")
    await expect(page.locator(".chats")).to_contain_text("Ben")
    assert await faults(page) == []
    await open_chat(page, instance_id, ben)
    await network.say(me, ben, "hello?", name="Ben")
    await expect(page.locator(".turn")).to_have_text(
        [re.compile("^re: hello"), re.compile("^hello"), re.compile("^re: are you"), re.compile("^are you")],
        use_inner_text=True,
    )
    await expect(page.locator(".turn.bot")).to_have_count(2)
    await page.get_by_role("link", name="Why").last.click()
    await expect(page.locator("#why")).to_contain_text("Answered")
    await expect(page.locator("#why .gates li")).to_have_count(17)
    assert await faults(page) == []
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await fits(page)


async def test_who_answers_by_hand_takes_the_chat_over_and_gives_it_back(
    look: Look, product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, ben = phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config=TAKES_OVER)
    await network.say(me, ben, "one")
    await network.wait_inbox(ben, 1)
    page = await look()
    await open_chat(page, instance_id, ben)
    await page.get_by_label("Your message").fill("It is me now\n💛")
    await page.get_by_role("button", name="Send as me").click()
    await expect(page.get_by_text("Paused here")).to_be_visible()
    assert [answer.text for answer in await network.wait_inbox(ben, 2)] == ["re: one", "It is me now\n💛"]
    await network.say(me, ben, "two")
    await expect(page.locator(".turn.them", has_text="two")).to_contain_text("not answered")
    await expect(page.locator(".turn.owner")).to_contain_text("You")
    await page.get_by_role("button", name="Resume in this chat").click()
    await expect(page.get_by_text("Paused here")).to_have_count(0)
    await network.say(me, ben, "three")
    assert (await network.wait_inbox(ben, 3))[-1].text == "re: three"
    await page.get_by_role("button", name="Pause in this chat").click()
    await expect(page.get_by_text("until you resume it")).to_be_visible()


async def test_a_draft_is_sent_as_it_is_changed_or_dropped(
    look: Look, product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, ben = phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config={**AT_ONCE, "autonomy": "draft"})
    page = await look()
    await page.goto(f"/bots/{instance_id}/drafts")
    await expect(page.get_by_text("Nothing needs your approval")).to_be_visible()
    await network.say(me, ben, "one", name="Ben")
    await open_chat(page, instance_id, ben)
    await expect(page.get_by_role("heading", name="Needs approval")).to_be_visible()
    assert await faults(page) == []
    await page.locator(".draft textarea").fill("In my own words")
    await network.say(me, phone(), "somebody else")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_text("Sending the answer.")).to_be_visible()
    assert [answer.text for answer in await network.wait_inbox(ben, 1)] == ["In my own words"]
    await page.goto(f"/bots/{instance_id}/drafts")
    assert await faults(page) == []
    await page.get_by_role("button", name="Discard").click()
    await expect(page.get_by_text("Draft discarded")).to_be_visible()
    await expect(page.get_by_text("sent as edited")).to_be_visible()


async def test_how_far_the_bot_goes_with_one_person_is_set_at_their_chat(
    look: Look, product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, ben, eve = phone(), phone(), phone()
    instance_id = await linked(product, network, me)
    for friend in (ben, eve):
        await network.say(me, friend, "one")
        await network.wait_inbox(friend, 1)
    page = await look()
    await open_chat(page, instance_id, ben)
    await page.get_by_label("In this chat, the bot should").select_option("only read")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Now: only read.")).to_be_visible()
    await network.say(me, ben, "two")
    await network.say(me, eve, "two")
    assert (await network.wait_inbox(eve, 2))[-1].text == "re: two"
    await expect(page.locator(".turn.them", has_text="two")).to_contain_text("not answered")
    await page.get_by_label("In this chat, the bot should").select_option("use the bot's default")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Now: reply automatically.")).to_be_visible()
    assert "contacts" not in (await product.api.get(f"/chatbot/{instance_id}")).json()["config"] or (
        (await product.api.get(f"/chatbot/{instance_id}")).json()["config"]["contacts"] == []
    )


async def test_the_notes_on_a_chat_are_the_owners_to_change(
    look: Look, product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, ben = phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, ben, "one")
    await network.wait_inbox(ben, 1)
    page = await look()
    await open_chat(page, instance_id, ben)
    notes = page.get_by_label("Notes for the model")
    await expect(notes).to_have_value("")
    await notes.fill("Ben has the <b>tent</b>.\nHe is away on Friday.")
    await page.get_by_role("button", name="Save notes").click()
    await expect(notes).to_have_value("Ben has the <b>tent</b>.\nHe is away on Friday.")
    await network.say(me, ben, "two")
    await network.wait_inbox(ben, 2)
    asked = (await model.wait_requests(2))[-1]
    assert "He is away on Friday." in asked.body["messages"][1]["content"]
    assert await faults(page) == []


async def test_what_did_not_arrive_is_tried_again_or_let_go(
    look: Look, product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, ben, eve = phone(), phone(), phone()
    instance_id = await linked(product, network, me)
    model.always_fail = Failure(status=400)
    for friend in (ben, eve):
        await network.say(me, friend, f"from {friend}")
        await product.until_message(instance_id, content=f"from {friend}", state="failed")
    page = await look()
    await page.goto(f"/bots/{instance_id}/letters")
    await expect(page.get_by_text("model failed")).to_have_count(2)
    assert await faults(page) == []
    model.always_fail = None
    await page.locator("li", has_text=ben).get_by_role("button", name="Retry").click()
    await expect(page.get_by_text("Retrying.")).to_be_visible()
    assert (await network.wait_inbox(ben, 1))[0].text == f"re: from {ben}"
    await page.locator("li", has_text=eve).get_by_role("button", name="Discard").click()
    await expect(page.get_by_text("Nothing failed.")).to_be_visible()


async def test_whatever_contacts_write_or_are_called_is_shown_as_words(
    look: Look, product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, eve = phone(), phone()
    [instance_id] = await product.put(
        bot(
            queue_config={"max_messages": 100, "max_characters": 1_000_000, "max_days": 1},
            respond_to_whitelist=[],
        )
    )
    await network.scan(await product.qr(instance_id), me)
    await product.until_status(instance_id, "connected")
    name = "<img src=x onerror=alert(1)>\u202egnp.exe"
    words = [
        "<script>alert(1)</script><img src=http://127.0.0.1:9/x onerror=alert(1)>",
        "</p></article><form action=https://evil.example><button>Sign in",
        "{{ 7*7 }} **bold** [link](javascript:alert(1)) <b>b</b>",
        "\u202eevil\u202d \u2066isolate\u2069 \u061c",
        "event: turns\ndata: <b>forged</b>\n\nid: 1\rretry: 1\u2028x",
        "מה שלומך? 100% (ok)",
        "x" * 65_536,
    ]
    for text in words:
        await network.say(me, eve, text, name=name)
    await product.until_message(instance_id, content=words[-1])
    page = await look(size="phone")
    await page.goto(f"/bots/{instance_id}/chats")
    await expect(page.locator(".chats .who").first).to_have_text("<img src=x onerror=alert(1)>gnp.exe")
    assert await fits(page)
    await open_chat(page, instance_id, eve)
    shown = page.locator(".turn .words")
    await expect(shown).to_have_count(len(words))
    assert await fits(page)
    assert await page.locator(".turns :is(img, script, form, b, button, iframe)").count() == 0
    texts = [text.replace("\r", "\n") for text in await shown.all_text_contents()][::-1]
    assert texts[:-1] == [text.replace("\r", "\n") for text in words[:-1]]
    assert texts[-1].endswith("(61,536 more characters)")
    assert await shown.evaluate_all("all => all.every(each => each.dir === 'auto')")
    await network.say(me, eve, "live <i>too</i>", name=name)
    await expect(shown.first).to_have_text("live <i>too</i>")
    await page.get_by_role("link", name="Why").first.click()
    await expect(page.locator("#why")).to_contain_text("whitelist")
