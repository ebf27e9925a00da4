"""Messages that are too much: WhatsApp delivers each again until it is dealt with, so one must not stop its reader."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.product import Product, running
from tests.acceptance.test_main_job import linked
from tests.fakes.whatsapp_network import WhatsAppNetwork

Phone = Callable[[], str]
MEGABYTE = "x" * 1_000_000
ENDED = "whatsapp helper ended"
TOO_MUCH = {"extendedTextMessage": {"text": "hi", "contextInfo": {"mentionedJid": ["ab"] * 4_000_000}}}
"""16 MB on the wire, and many times that once it is read."""
SMALL = "--max-old-space-size=64"
"""Megabytes of Node's memory. With what it has by default, larger messages than these would do it."""


async def answers(network: WhatsAppNetwork, me: str, friend: str, text: str) -> None:
    """The account at `me` is asked this, and answers."""
    known = len(await network.inbox(friend))
    await network.say(me, friend, text)
    assert (await network.wait_inbox(friend, known + 1))[-1].text == f"re: {text}"


async def record(product: Product, instance_id: str, **wanted: Any) -> dict[str, Any]:
    return await product.until_message(instance_id, **wanted)


async def test_one_long_message_stops_no_account(own_product: Product, network: WhatsAppNetwork, phone: Phone) -> None:
    product = own_product
    me, neighbour, stranger, friend = phone(), phone(), phone(), phone()
    instance_id = await linked(product, network, me)
    await linked(product, network, neighbour)
    # In JSON each takes six characters: 68 MB, more than any line may have.
    long = await network.say(me, stranger, "\x01" * 11_300_000)
    row = await record(product, instance_id, message_id=long.id)
    assert len(row["content"]) <= 65_536
    for account in (me, neighbour):
        await answers(network, account, friend, f"are you there, {account[-2:]}?")
    assert ENDED not in product.output.read_text()
    assert [(await network.phones())[account].queued for account in (me, neighbour)] == [0, 0]


async def test_names_and_ids_are_bounded_in_every_row(product: Product, network: WhatsAppNetwork, phone: Phone) -> None:
    me, stranger = phone(), phone()
    instance_id = await linked(product, network, me)
    crowd = [f"4930{number:08}" for number in range(3_000)]
    await network.say(me, stranger, "a name", name=MEGABYTE)
    await network.say(me, stranger, "a quote", target=MEGABYTE)
    await network.say(me, stranger, "an id", id=MEGABYTE)
    await network.say(me, stranger, "a crowd", mentions=crowd)
    await network.say(me, stranger, MEGABYTE, kind="reaction", target=MEGABYTE)
    await record(product, instance_id, reason="reaction")
    answer = await product.api.get(f"/chatbot/{instance_id}/messages")
    assert {row["content"] for row in answer.json()["messages"]} >= {"a name", "a quote", "an id", "a crowd"}
    assert len(answer.content) < 200_000
    await answers(network, me, phone(), "hello")


@pytest.mark.parametrize("kind", ["reactionMessage", "pollUpdateMessage"])
async def test_a_message_without_its_key_is_set_aside_at_once(
    product: Product, network: WhatsAppNetwork, phone: Phone, kind: str
) -> None:
    me, stranger, friend = phone(), phone(), phone()
    instance_id = await linked(product, network, me)
    broken = [await network.say(me, stranger, raw={kind: {}}) for _ in range(20)]
    await answers(network, me, friend, "are you there?")
    row = await record(product, instance_id, message_id=broken[-1].id)
    assert (row["state"], row["reason"]) in (("context", "reaction"), ("context", "poll_vote"))
    assert not [event for event in await network.log("nack") if event.facts["phone"] == me]
    assert (await network.phones())[me].queued == 0


async def test_what_no_process_survives_is_set_aside(
    tmp_path: Path, environment: dict[str, str], network: WhatsAppNetwork, phone: Phone
) -> None:
    me, neighbour, stranger, friend = phone(), phone(), phone(), phone()
    environment = environment | {"NODE_OPTIONS": f"{environment['NODE_OPTIONS']} {SMALL}"}
    async with running(tmp_path, environment) as product:
        instance_id = await linked(product, network, me)
        await linked(product, network, neighbour)
        deadly = await network.say(me, stranger, raw=TOO_MUCH)
        aside = await record(product, instance_id, message_id=deadly.id)
        assert (aside["state"], aside["reason"]) == ("ignored", "set_aside")
        assert (aside["content"], aside["kind"]) == ("", "unreadable")
        assert product.output.read_text().count(ENDED) == 2
        for account in (me, neighbour):
            await answers(network, account, friend, f"are you there, {account[-2:]}?")
        assert [(await network.phones())[account].queued for account in (me, neighbour)] == [0, 0]
