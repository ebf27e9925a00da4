"""Drafts in the owner's own chat, on the real way to their phone and back."""

import asyncio
from typing import Any

import pytest

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import Phone, linked
from tests.fakes.whatsapp_network import Delivery, WhatsAppNetwork
from tests.house import AT_ONCE

DRAFT: dict[str, Any] = {**AT_ONCE, "autonomy": "draft"}
UP, DOWN = "\U0001f44d", "\U0001f44e"


async def texts(network: WhatsAppNetwork, contact: str, count: int) -> list[str | None]:
    return [answer.text for answer in await network.wait_inbox(contact, count)]


async def asked(product: Product, network: WhatsAppNetwork, me: str, friend: str) -> tuple[str, Delivery]:
    """A bot whose owner has a draft before them: the instance id, and the note."""
    instance_id = await linked(product, network, me, behaviour_config=DRAFT)
    await network.say(me, friend, "coming?", name="Ann")
    [note] = await network.wait_inbox(me, 1)
    assert note.by == "bot"
    assert note.text is not None
    assert note.text.startswith("My answer to “Ann”:\n> re: coming?\n\n“Ann” wrote:\n> coming?\n\nI ask first ")
    return instance_id, note


@pytest.mark.parametrize("lid", [False, True])
async def test_a_thumb_up_sends_it_over_a_kill_in_between(
    product: Product, network: WhatsAppNetwork, phone: Phone, lid: bool
) -> None:
    me, friend = phone(), phone()
    instance_id, note = await asked(product, network, me, friend)
    await product.kill()
    await network.owner_says(me, me, UP, kind="reaction", target=note.id, lid=lid)
    await product.start()
    assert await texts(network, friend, 1) == ["re: coming?"]
    await product.until_message(instance_id, content="coming?", state="answered")
    assert {shown.id for shown in await network.inbox(me)} == {note.id}, "sent again at most as the same message"


async def test_a_reply_is_sent_in_its_place_and_a_thumb_down_drops_it(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id, note = await asked(product, network, me, friend)
    await network.owner_says(me, me, "not today", target=note.id)
    assert await texts(network, friend, 1) == ["not today"]
    await network.say(me, friend, "tomorrow?")
    [_, another] = await network.wait_inbox(me, 2)
    await network.owner_says(me, me, DOWN, kind="reaction", target=another.id)
    await product.until_message(instance_id, content="tomorrow?", reason="draft_dropped")
    assert await texts(network, friend, 1) == ["not today"]


async def test_approved_here_and_there_it_is_sent_once(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id, note = await asked(product, network, me, friend)
    [draft] = (await product.api.get(f"/chatbot/{instance_id}/drafts")).json()["drafts"]
    send = f"/chatbot/{instance_id}/drafts/{draft['number']}/send"
    first, second, _ = await asyncio.gather(
        product.api.post(send),
        product.api.post(send),
        network.owner_says(me, me, UP, kind="reaction", target=note.id),
    )
    assert {first.status_code, second.status_code} <= {200, 409}
    await product.until_message(instance_id, content=UP, reason="command")
    await product.until_message(instance_id, content="re: coming?", delivery="sent")
    assert await texts(network, friend, 1) == ["re: coming?"]
    [draft] = (await product.api.get(f"/chatbot/{instance_id}/drafts")).json()["drafts"]
    assert draft["state"] == "sent"


async def test_a_word_in_the_chat_and_one_to_oneself_pause_and_resume(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, friend, "hi")
    assert await texts(network, friend, 1) == ["re: hi"]
    await network.owner_says(me, me, "!pause")
    await product.until_message(instance_id, content="!pause", reason="command")
    await network.say(me, friend, "hello?")
    await product.until_message(instance_id, content="hello?", reason="paused")
    await network.owner_says(me, me, "!resume")
    await product.until_message(instance_id, content="!resume", reason="command")
    await network.say(me, friend, "and now?")
    assert await texts(network, friend, 2) == ["re: hi", "re: and now?"]
