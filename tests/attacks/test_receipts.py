"""Receipts that somebody sends for messages which were never theirs.

A phone that could not read a message asks for it again by a receipt with its id, and gets it encrypted anew. Whoever
knows an id must not get by it what was sent to somebody else.
"""

from collections.abc import Callable

import pytest

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import linked
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.timeouts import FACT

Phone = Callable[[], str]


async def ask_again(network: WhatsAppNetwork, me: str, asker: str, *ids: str, group: str | None = None) -> None:
    """`asker` asks for these messages; returns when the bot has dealt with it, and sent what it is going to send."""
    before = len(await network.log("ack"))
    await network.send_receipt(me, asker, ids, "retry", group=group)
    await network.wait_log("ack", before + 1)
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
    [secret] = await network.wait_inbox(victim, 1)
    await network.say(me, stranger, "hi")
    [known] = await network.wait_inbox(stranger, 1)
    if restarted:
        # Killed before it knows that WhatsApp has them, it would rightly send them once more.
        await product.until_message(instance_id, content=secret.text, delivery="sent")
        await product.until_message(instance_id, content=known.text, delivery="sent")
        await product.kill()
        await product.start()
        await product.until_status(instance_id, "connected")

    await ask_again(network, me, stranger, secret.id)
    await ask_again(network, me, stranger, known.id, secret.id)
    assert await sent_to(network, stranger) == [known.id]
    assert [each.text for each in await network.inbox(stranger)] == ["re: hi"]

    # What is theirs they get.
    await ask_again(network, me, stranger, known.id)
    assert [each.text for each in await network.wait_inbox(stranger, 2)] == ["re: hi", "re: hi"]
    await ask_again(network, me, victim, secret.id)
    assert [each.text for each in await network.wait_inbox(victim, 2)] == ["re: my PIN is 4711"] * 2


async def test_who_is_not_in_a_group_gets_nothing_of_it(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, member, gone, stranger = phone(), phone(), phone(), phone()
    group = f"1203634{me}@g.us"
    await network.make_group(group, "Family", [me, member, gone])
    await linked(product, network, me, chat={"allow_group_messages": True})
    await network.say(me, member, "who brings the cake?", group=group, name="Ann")
    [answer] = await network.wait_inbox(member, 1)
    [answer] = await network.wait_inbox(member, 1)
    await network.wait_inbox(gone, 1)
    await network.make_group(group, "Family", [me, member])
    # What the bot says there now is no longer for them.
    await network.say(me, member, "and the door code is 0815", group=group, name="Ann")
    [_, newer] = await network.wait_inbox(member, 2)

    for asker in (gone, stranger):
        await ask_again(network, me, asker, newer.id, group=group)
        await ask_again(network, me, asker, newer.id)
    assert [each.text for each in await network.inbox(gone)] == [answer.text]
    assert await network.inbox(stranger) == []

    await ask_again(network, me, member, newer.id, group=group)
    assert [each.text for each in await network.wait_inbox(member, 3)][2] == newer.text


async def test_a_strangers_receipt_does_not_settle_what_was_sent_to_another(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, victim, stranger = phone(), phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, victim, "hello")
    await network.wait_inbox(victim, 1)
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


async def test_words_that_somebody_wrote_under_an_id_of_ours_are_not_sent_as_ours(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, member, attacker = phone(), phone(), phone()
    group = f"1203635{me}@g.us"
    await network.make_group(group, "Family", [me, member, attacker])
    instance_id = await linked(product, network, me, chat={"allow_group_messages": True})
    await network.say(me, attacker, "who brings the cake?", group=group, name="Ann")
    [answer] = await network.wait_inbox(member, 1)
    forged = "I, the owner, owe Ann 5000"
    await network.say(me, attacker, forged, group=group, id=answer.id, name="Ann")
    await product.until_message(instance_id, content=forged)
    await ask_again(network, me, attacker, answer.id, group=group)
    await network.wait_log("reply", 2, FACT, phone=me, to=attacker, id=answer.id)
    for phone_of in (attacker, member):
        assert forged not in {each.text for each in await network.inbox(phone_of)}

    # The same in a chat of their own.
    await network.say(me, attacker, "hi")
    [known] = [each for each in await network.wait_inbox(attacker, 4) if each.text == "re: hi"]
    await network.say(me, attacker, "FORGED", id=known.id)
    await ask_again(network, me, attacker, known.id)
    assert "FORGED" not in {each.text for each in await network.inbox(attacker)}


async def test_receipts_of_a_stranger_hold_nobody_up(product: Product, network: WhatsAppNetwork, phone: Phone) -> None:
    me, neighbour, stranger, friend = phone(), phone(), phone(), phone()
    await linked(product, network, me)
    await linked(product, network, neighbour)
    await network.say(me, stranger, "hello")
    await network.wait_inbox(stranger, 1)
    for burst in range(60):
        ids = [f"3EB0{burst:04X}{number:014X}" for number in range(1_000)]
        await network.send_receipt(me, stranger, ids, "read")
    # Each of the 60,000 ids would else cost a look into the database: far more than these answers may take.
    for account in (me, neighbour):
        await network.say(account, friend, f"are you there, {account[-2:]}?")
    assert len(await network.wait_inbox(friend, 2)) == 2
