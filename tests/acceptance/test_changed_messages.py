"""Messages that their senders edit or delete, from WhatsApp to what the model is shown and the contact gets."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import linked
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork

Phone = Callable[[], str]


async def test_the_new_words_are_answered(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    model.hang()
    first = await network.say(me, friend, "meet at 5pm?")
    await model.wait_requests(1)
    await network.say(me, friend, "meet at 6pm?", kind="edit", target=first.id)
    await product.until_message(instance_id, content="meet at 6pm?", state="waiting")
    model.release()
    [answer] = await network.wait_inbox(friend, 1)
    assert answer.text == "re: meet at 6pm?"
    row = await product.until_message(instance_id, content="meet at 6pm?", state="answered")
    assert row["edited_at"] is not None
    assert [each["content"] for each in await product.messages(instance_id)] == ["meet at 6pm?", "re: meet at 6pm?"]


async def test_what_was_deleted_meanwhile_is_not_answered(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    model.hang()
    first = await network.say(me, friend, "I hate you all")
    await model.wait_requests(1)
    await network.say(me, friend, kind="revoke", target=first.id)
    await product.until_message(instance_id, message_id=first.id, reason="deleted")
    model.release()
    await network.say(me, friend, "sorry, wrong chat")
    [answer] = await network.wait_inbox(friend, 1)
    assert answer.text == "re: sorry, wrong chat"
    [_, asked] = await model.wait_requests(2)
    assert asked.texts[1:] == ["sorry, wrong chat"]
    assert "hate" not in str(await product.messages(instance_id))


@pytest.mark.parametrize("restarted", [False, True], ids=["at once", "after a restart"])
async def test_later_prompts_hold_what_it_says_now(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone, *, restarted: bool
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    day = await network.say(me, friend, "the party is on Friday")
    await network.wait_inbox(friend, 1)
    pin = await network.say(me, friend, "my PIN is 4711")
    await network.wait_inbox(friend, 2)
    await product.until_message(instance_id, content="re: my PIN is 4711", delivery="sent")
    await network.say(me, friend, "the party is on Saturday", kind="edit", target=day.id)
    await network.say(me, friend, kind="revoke", target=pin.id)
    await product.until_message(instance_id, message_id=pin.id, reason="deleted")
    if restarted:
        await product.kill()
        await product.start()
        await product.until_status(instance_id, "connected")
    await network.say(me, friend, "so which day?")
    await network.wait_inbox(friend, 3)
    asked = (await model.wait_requests(3))[-1]
    told = [text for text in asked.texts[1:] if not text.startswith("re: ")]
    assert told == ["the party is on Saturday", "so which day?"]


async def test_nobody_edits_or_deletes_what_somebody_else_wrote(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend, stranger = phone(), phone(), phone()
    instance_id = await linked(product, network, me)
    first = await network.say(me, friend, "lend me 500?")
    [answer] = await network.wait_inbox(friend, 1)
    for sender, target in ((stranger, first.id), (stranger, answer.id), (friend, answer.id)):
        key = {"remoteJid": f"{me}@s.whatsapp.net", "fromMe": True, "id": target}
        edited = {"protocolMessage": {"key": key, "type": 14, "editedMessage": {"conversation": "yes, 500"}}}
        await network.say(me, sender, raw=edited)
        await network.say(me, sender, raw={"protocolMessage": {"key": key, "type": 0}})
    await network.say(me, stranger, "hello?")
    await network.wait_inbox(stranger, 1)
    rows = [row for row in await product.messages(instance_id) if row["message_id"] in (first.id, answer.id)]
    assert [(row["content"], row["deleted_at"]) for row in rows] == [("lend me 500?", None), ("re: lend me 500?", None)]


async def test_the_owner_changes_their_own_and_the_bots_on_the_phone(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, friend, "hello")
    [answer] = await network.wait_inbox(friend, 1)
    mine = await network.owner_says(me, friend, "I come at five")
    await network.owner_says(me, friend, "I come at six", kind="edit", target=mine.id)
    await network.owner_says(me, friend, kind="revoke", target=answer.id)
    await product.until_message(instance_id, message_id=answer.id, reason="deleted")
    await product.until_message(instance_id, content="I come at six")
    await network.say(me, friend, "when?")
    await network.wait_inbox(friend, 2)
    asked = (await model.wait_requests(2))[-1]
    assert asked.texts[1:] == ["hello", "I come at six", "when?"]


async def test_an_edit_with_its_messages_secret_is_read_or_known_to_be_one(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    secret = {"messageContextInfo": {"messageSecret": "A" * 43 + "="}}
    first = await network.say(me, friend, raw={"conversation": "the party is on Friday", **secret})
    await network.wait_inbox(friend, 1)
    target = {"remoteJid": f"{me}@s.whatsapp.net", "fromMe": True, "id": first.id}
    sealed: dict[str, Any] = {"targetMessageKey": target, "encPayload": "A" * 44, "encIv": "A" * 16, "secretEncType": 2}
    await network.say(me, friend, raw={"secretEncryptedMessage": sealed})
    await product.until_message(instance_id, message_id=first.id, content="")
    await network.say(me, friend, "so which day?")
    await network.wait_inbox(friend, 2)
    asked = (await model.wait_requests(2))[-1]
    assert "Friday" not in str(asked.body["messages"][1])
    assert "the new words of an edited message" in str(asked.body["messages"])
