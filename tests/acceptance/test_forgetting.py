"""One person forgotten while the server runs: by word, number, LID and name, in the database and WhatsApp's keys."""

from collections.abc import Callable

import pytest

from tests.acceptance.conftest import bot
from tests.acceptance.product import Product
from tests.acceptance.test_main_job import linked
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.storage.traces import traces

WORDS, NAME = "canary-words-7c1e", "Canary Smith"


@pytest.fixture
def product(own_product: Product) -> Product:
    """All that it ever stored is searched."""
    return own_product


async def test_one_who_is_forgotten_leaves_no_trace_and_may_come_back(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Callable[[], str], database: str | None
) -> None:
    me, friend, other = phone(), phone(), phone()
    group = f"120363{phone()}@g.us"
    instance_id = await linked(product, network, me)
    await product.put(bot(f"user of {me}", chat={"allow_group_messages": True}))
    await product.until_status(instance_id, "connected")
    await network.make_group(group, "Friends", [me, friend, other])
    await network.say(me, friend, WORDS, name=NAME)
    await network.wait_inbox(friend, 1)
    await network.say(me, friend, f"{WORDS} in the group", group=group, name=NAME)
    await network.wait_inbox(friend, 2)
    await network.say(me, other, "me too")
    await network.wait_inbox(other, 2)
    lid = (await network.phones())[friend].lid.partition("@")[0]
    canaries = (WORDS, NAME, friend, lid)
    for canary in canaries:
        assert traces(database, product.data, canary), canary

    pretty = f"+{friend[:2]} {friend[2:5]} {friend[5:]}"
    answer = await product.api.delete(f"/chatbot/{instance_id}/contacts/{pretty}")
    assert (answer.status_code, answer.json()) == (200, {"messages": 4, "files": "scrubbed"})
    assert {canary: traces(database, product.data, canary) for canary in canaries} == {
        canary: [] for canary in canaries
    }
    assert [row["content"] for row in await product.messages(instance_id)] == ["me too", "re: me too"]

    await product.until_status(instance_id, "connected")
    await network.say(me, friend, "who are you?")
    await network.wait_inbox(friend, 3)
    assert (await network.inbox(friend))[-1].text == "re: who are you?"
    assert (await model.wait_requests(4))[-1].texts[1:] == ["who are you?"]


async def test_what_whatsapp_hands_over_once_more_is_not_answered_again(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Callable[[], str], database: str | None
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    await network.lose_receipts(me)
    await network.say(me, friend, WORDS, name=NAME)
    await network.wait_inbox(friend, 1)
    assert (await product.api.delete(f"/chatbot/{instance_id}/contacts/{friend}")).status_code == 200
    await network.lose_receipts(me, on=False)
    await network.drop(me)
    await network.wait_log("login", phone=me, count=3)
    await network.say(me, friend, "who are you?")
    await network.wait_inbox(friend, 2)
    assert [answer.text for answer in await network.inbox(friend)] == [f"re: {WORDS}", "re: who are you?"]
    assert (await model.wait_requests(2))[-1].texts[1:] == ["who are you?"]
    assert [row["content"] for row in await product.messages(instance_id)] == ["who are you?", "re: who are you?"]
