"""What WhatsApp delivers in ways of its own: by broadcast lists, to be seen once, without a time, never readable."""

from collections.abc import Callable

import pytest

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import linked
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import AT_ONCE

Phone = Callable[[], str]


async def test_a_contacts_broadcast_list_is_a_direct_message(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    await network.broadcast(me, friend, "1759999999", "party at mine on Saturday, are you coming?")
    [answer] = await network.wait_inbox(friend, 1)
    assert (answer.text, answer.group) == ("re: party at mine on Saturday, are you coming?", None)
    row = await product.until_message(instance_id, content="party at mine on Saturday, are you coming?")
    assert row["conversation"] == f"{friend}@s.whatsapp.net"


async def test_a_message_to_be_seen_once_waits_for_the_owner(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, friend, "", unavailable="view_once")
    row = await product.until_message(instance_id, unseen="view-once message")
    assert (row["kind"], row["content"]) == ("image", "")
    await product.until_message(instance_id, unseen="view-once message", reason="drafted")


async def test_a_message_without_a_time_is_answered(product: Product, network: WhatsAppNetwork, phone: Phone) -> None:
    me, friend = phone(), phone()
    await linked(product, network, me)
    await network.say(me, friend, "hello", stanza={"t": None})
    assert [each.text for each in await network.wait_inbox(friend, 1)] == ["re: hello"]


async def test_answers_disappear_where_the_chats_messages_do(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend, member = phone(), phone(), phone()
    group = f"1203638{me}@g.us"
    await network.make_group(group, "Family", [me, member])
    await linked(product, network, me, chat={"allow_group_messages": True})
    context = {"expiration": 86_400, "ephemeralSettingTimestamp": 1_796_000_000}
    raw = {"extendedTextMessage": {"text": "secret plan", "contextInfo": context}}
    await network.say(me, friend, raw=raw)
    await network.say(me, member, raw=raw, group=group, name="Ann")
    [direct] = await network.wait_inbox(friend, 1)
    [shared] = await network.wait_inbox(member, 1)
    assert [each.expiration for each in (direct, shared)] == [86_400, 86_400]
    setting = {"protocolMessage": {"type": 3, "ephemeralExpiration": 0}}
    await network.say(me, friend, raw=setting)
    await network.say(me, friend, "and this stays")
    assert [each.expiration or None for each in await network.wait_inbox(friend, 2)] == [86_400, None]


async def test_so_does_one_that_is_sent_once_more_by_a_server_that_has_started_anew(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    context = {"expiration": 86_400, "ephemeralSettingTimestamp": 1_796_000_000}
    await network.say(me, friend, raw={"extendedTextMessage": {"text": "secret plan", "contextInfo": context}})
    [answer] = await network.wait_inbox(friend, 1)
    await product.until_message(instance_id, content=answer.text, delivery="sent")
    await product.kill()
    await product.start()
    await product.until_status(instance_id, "connected")
    await network.send_receipt(me, friend, [answer.id], "retry")
    again = (await network.wait_inbox(friend, 2))[1]
    assert (again.id, again.text, again.expiration) == (answer.id, answer.text, 86_400)


async def test_what_can_never_be_read_is_told_to_the_owner_and_takes_nothing_over(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend, other = phone(), phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config=AT_ONCE | {"takeover_minutes": 30})
    await network.say(me, friend, "hello")
    await network.wait_inbox(friend, 1)
    await network.say(me, friend, "never readable", garbled="forever")
    row = await product.until_message(instance_id, reason="undecryptable")
    assert (row["kind"], row["content"], row["state"]) == ("unreadable", "", "ignored")
    await network.say(me, other, "are you there?")
    await network.wait_inbox(other, 1)
    chats = await product.api.get(f"/bots/{instance_id}/chats", headers={"accept": "text/html"})
    assert "message that could not be read" in chats.text, "the list shows the newest, whatever it is"


@pytest.mark.parametrize("lid", [False, True])
async def test_what_the_owner_sends_to_a_broadcast_list_takes_over_the_chat_of_each_in_it(
    product: Product, network: WhatsAppNetwork, phone: Phone, lid: bool
) -> None:
    me, friend, newcomer, other = phone(), phone(), phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config=AT_ONCE | {"takeover_minutes": 30})
    await network.say(me, friend, "hello")
    await network.wait_inbox(friend, 1)
    sent = await network.owner_broadcasts(me, "1759999999", [friend, newcomer], "We have moved!", lid=lid)
    for contact in (friend, newcomer):
        await network.say(me, contact, "congratulations!", lid=lid)
    await network.say(me, other, "hello")
    await network.wait_inbox(other, 1)
    # Whoever is new is called as WhatsApp names them.
    new_chat = f"{(await network.phones())[newcomer].lid}@lid" if lid else f"{newcomer}@s.whatsapp.net"
    for chat in (f"{friend}@s.whatsapp.net", new_chat):
        said = await product.until_message(instance_id, conversation=chat, content="We have moved!")
        assert (said["source"], said["message_id"]) == ("owner", sent.id)
        row = await product.until_message(instance_id, conversation=chat, content="congratulations!")
        assert (row["state"], row["reason"]) == ("context", "takeover")
    assert [each.by for each in await network.inbox(friend)] == ["bot", "owner"]
    assert [each.by for each in await network.inbox(newcomer)] == ["owner"]


async def test_what_the_owner_takes_back_from_a_broadcast_list_is_gone_from_each_chat(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend, other = phone(), phone(), phone()
    instance_id = await linked(product, network, me)
    everybody = [friend, other]
    sent = await network.owner_broadcasts(me, "1759999998", everybody, "We have moved!", garbled=True)
    for contact in everybody:
        await product.until_message(instance_id, conversation=f"{contact}@s.whatsapp.net", content="We have moved!")
    await network.owner_broadcasts(me, "1759999998", everybody, kind="revoke", target=sent.id)
    for contact in everybody:
        row = await product.until_message(instance_id, conversation=f"{contact}@s.whatsapp.net", content="")
        assert row["deleted_at"] is not None
