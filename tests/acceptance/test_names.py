"""People and groups are called what the phone's owner calls them, and what WhatsApp calls groups."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import linked
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork

Phone = Callable[[], str]


async def named(product: Product, instance_id: str, what: str, name: str) -> list[dict[str, Any]]:
    """The rows of `contacts` or `groups`, as soon as one has this name."""

    async def rows() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await product.api.get(f"/chatbot/{instance_id}/{what}")).json()[what]
        return found

    return list(await product.until(rows, lambda found: name in str(found)))


async def test_the_model_is_told_whom_it_talks_to_by_the_owners_address_book(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, mum, other = phone(), phone(), phone()
    instance_id = await linked(product, network, me)
    await network.save_contact(me, mum, "Mum")
    [row] = await named(product, instance_id, "contacts", "Mum")
    assert (row["saved_name"], row["own_name"]) == ("Mum", "")
    await network.say(me, mum, "lunch on Sunday?", name="Eva Kern")
    await network.wait_inbox(mum, 1)
    [asked] = await model.wait_requests(1)
    assert 'You call them "Mum".' in asked.body["messages"][0]["content"]
    await network.say(me, other, "hello", name="Otto")
    await network.wait_inbox(other, 1)
    assert "Mum" not in str((await model.wait_requests(2))[-1].body["messages"])
    # What is changed on the phone is heard, now and after a restart.
    await network.save_contact(me, other, "Plumber")
    await named(product, instance_id, "contacts", "Plumber")
    await product.kill()
    await product.start()
    await product.until_status(instance_id, "connected")
    await network.save_contact(me, mum, "Mama")
    await named(product, instance_id, "contacts", "Mama")
    assert (await product.api.delete(f"/chatbot/{instance_id}/contacts/{mum}")).status_code == 200
    assert "Mama" not in str(await named(product, instance_id, "contacts", "Plumber"))


async def test_a_group_has_its_title_from_the_first_message_on(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    group = f"1203637{me}@g.us"
    await network.make_group(group, "Hiking", [me, friend])
    instance_id = await linked(product, network, me)
    await network.say(me, friend, "who comes?", group=group, name="Mum")
    assert await named(product, instance_id, "groups", "Hiking") == [{"id": group, "name": "Hiking", "title": "Hiking"}]
    await network.rename_group(me, group, friend, "Hiking in May")
    await named(product, instance_id, "groups", "Hiking in May")


@pytest.mark.parametrize("uploads", [False, True])
async def test_the_phones_past_tells_names_and_nothing_else(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone, uploads: bool
) -> None:
    me, friend, by_lid, chatty = phone(), phone(), phone(), phone()
    group = f"1203636{me}@g.us"
    await network.make_group(group, "Hiking", [me, friend])
    past = [("3EB0PAST1", "do you still have my drill?"), ("3EB0PAST2", "hello?")]
    chats = [(chatty, "Chatty Charly", past), (group, "Hiking", [("3EB0PAST3", "who comes?")])]
    await network.remember(me, chats=chats, names=[(friend, "Fred", False), (by_lid, "Lina", True)], uploads=uploads)
    instance_id = await linked(product, network, me, respond_to_whitelist=[by_lid, chatty])
    await named(product, instance_id, "contacts", "Lina")
    rows = await named(product, instance_id, "contacts", "Fred")
    assert {(row["own_name"], row["saved_name"]) for row in rows} == {("Fred", ""), ("Lina", "")}
    # Whose LID it is stands in the past, too: who is allowed by number writes by LID alone.
    await network.say(me, by_lid, "by lid", lid=True, stanza={"sender_pn": None})
    await network.wait_inbox(by_lid, 1)
    await network.say(me, chatty, "now")
    await network.wait_inbox(chatty, 1)
    said = [row["content"] for row in await product.messages(instance_id)]
    assert said == ["by lid", "re: by lid", "now", "re: now"]
    assert "drill" not in str((await model.wait_requests(2))[-1].body)


async def test_groups_that_changed_while_the_server_was_away_have_their_titles_at_once(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    group = f"1203635{me}@g.us"
    instance_id = await linked(product, network, me)
    await product.stop()
    await network.make_group(group, "Chess", [me, friend])
    await network.change_groups(me)
    await product.start()
    assert await named(product, instance_id, "groups", "Chess") == [{"id": group, "name": "Chess", "title": "Chess"}]
    await network.wait_log("groups-known", phone=me)
