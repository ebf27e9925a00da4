"""Receipts that somebody sends for messages which were never theirs.

A phone that could not read a message asks for it again by a receipt with its id, and gets it encrypted anew. Whoever
knows an id must not get by it what was sent to somebody else.
"""

from collections.abc import Callable

import pytest

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import linked
from tests.fakes.whatsapp_network import WhatsAppNetwork

Phone = Callable[[], str]
FACT = 30.0
"""Seconds."""


async def ask_again(network: WhatsAppNetwork, me: str, asker: str, *ids: str, group: str | None = None) -> None:
    """`asker` asks for these messages; returns when the bot has dealt with it, and sent what it is going to send."""
    before = len(await network.log("ack"))
    await network.send_receipt(me, asker, ids, "retry", group=group)
    await network.wait_log("ack", before + 1, FACT)
    await network.wait_log("ack", 1, FACT, phone=me, id=ids[0], **{"class": "receipt"})


async def sent_to(network: WhatsAppNetwork, phone: str) -> list[str]:
    """Ids of what the bot handed to WhatsApp for this phone."""
    lid = f"77{phone[::-1]}"
    return [each.facts["id"] for each in await network.log("sending") if each.facts["to"].startswith((phone, lid))]


@pytest.mark.parametrize("restarted", [False, True], ids=["from memory", "from the database"])
async def test_a_stranger_does_not_get_what_was_sent_to_another(
    product: Product, network: WhatsAppNetwork, phone: Phone, *, restarted: bool
) -> None:
    me, victim, stranger = phone(), phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, victim, "my PIN is 4711")
    [secret] = await network.wait_inbox(victim, 1, FACT)
    await network.say(me, stranger, "hi")
    [known] = await network.wait_inbox(stranger, 1, FACT)
    if restarted:
        await product.kill()
        await product.start()
        await product.until_status(instance_id, "connected")

    await ask_again(network, me, stranger, secret.id)
    await ask_again(network, me, stranger, known.id, secret.id)
    assert await sent_to(network, stranger) == [known.id]
    assert [each.text for each in await network.inbox(stranger)] == ["re: hi"]

    # What is theirs they get.
    await ask_again(network, me, stranger, known.id)
    assert [each.text for each in await network.wait_inbox(stranger, 2, FACT)] == ["re: hi", "re: hi"]
    await ask_again(network, me, victim, secret.id)
    assert [each.text for each in await network.wait_inbox(victim, 2, FACT)] == ["re: my PIN is 4711"] * 2


async def test_who_is_not_in_a_group_gets_nothing_of_it(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, member, gone, stranger = phone(), phone(), phone(), phone()
    group = f"1203634{me}@g.us"
    await network.make_group(group, "Family", [me, member, gone])
    await linked(product, network, me, chat={"allow_group_messages": True})
    await network.say(me, member, "who brings the cake?", group=group, name="Ann")
    [answer] = await network.wait_inbox(member, 1, FACT)
    [answer] = await network.wait_inbox(member, 1, FACT)
    await network.wait_inbox(gone, 1, FACT)
    await network.make_group(group, "Family", [me, member])
    # What the bot says there now is no longer for them.
    await network.say(me, member, "and the door code is 0815", group=group, name="Ann")
    [_, newer] = await network.wait_inbox(member, 2, FACT)

    for asker in (gone, stranger):
        await ask_again(network, me, asker, newer.id, group=group)
        await ask_again(network, me, asker, newer.id)
    assert [each.text for each in await network.inbox(gone)] == [answer.text]
    assert await network.inbox(stranger) == []

    await ask_again(network, me, member, newer.id, group=group)
    assert [each.text for each in await network.wait_inbox(member, 3, FACT)][2] == newer.text


async def test_a_strangers_receipt_does_not_settle_what_was_sent_to_another(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, victim, stranger = phone(), phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, victim, "hello")
    await network.wait_inbox(victim, 1, FACT)
    await network.switch_off(victim)
    await network.withhold_acks(me)
    said = await product.api.post(
        f"/chatbot/{instance_id}/messages", json={"contact": victim, "text": "See you at six."}
    )
    secret = said.json()["message_id"]
    await network.wait_log("sending", 1, FACT, id=secret)
    for how in (None, "read", "retry"):
        await network.send_receipt(me, stranger, [secret], how)
    await network.wait_log("ack", 3, FACT, phone=me, id=secret, **{"class": "receipt"})

    # By the time that the stranger is answered, their receipts have had what effect they have.
    await network.withhold_acks(me, on=False)
    await network.say(me, stranger, "hi")
    await product.until_message(instance_id, content="re: hi", delivery="sent")
    [row] = [row for row in await product.messages(instance_id) if row["content"] == "See you at six."]
    assert row["delivery"] == "pending"

    await network.switch_on(victim)
    await product.until_message(instance_id, content="See you at six.", delivery="sent")
