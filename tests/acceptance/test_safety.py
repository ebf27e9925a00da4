"""An account that looks after itself, seen from outside."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import linked
from tests.fakes.whatsapp_network import Delivery, WhatsAppNetwork

Phone = Callable[[], str]


@asynccontextmanager
async def second_leg(network: WhatsAppNetwork, *phones: str) -> AsyncIterator[None]:
    """What a bot writes to one of these phones also reaches the bot that is linked to it, under the same id."""

    async def carry(phone: str) -> None:
        seen = 0
        while True:
            for delivery in await network.inbox(phone, after=seen):
                seen += 1
                if delivery.by == "bot":
                    await network.say(phone, delivery.sender, delivery.text or "", id=delivery.id)
            await asyncio.sleep(0.01)

    carriers = [asyncio.create_task(carry(phone), name=f"carry to {phone}") for phone in phones]
    try:
        yield
    finally:
        for carrier in carriers:
            carrier.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)


async def test_two_bots_that_face_each_other_stop_and_both_owners_are_told(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    anna, ben, friend = phone(), phone(), phone()
    bots = [await linked(product, network, me, limits_config={}) for me in (anna, ben)]
    async with second_leg(network, anna, ben):
        await network.say(ben, anna, "hello Ben")  # Anna, in her own words
        for instance_id in bots:
            status = await _until_level(product, instance_id, "slowed")
            assert "as only a machine does" in status["safety"]["reasons"][0]
            assert status["safety"]["until"] is not None
            assert "as only a machine does" in status["last_error"]
        await product.until(lambda: _paused(product, bots), bool)
        answers: list[Delivery] = [*await network.inbox(anna), *await network.inbox(ben)]
        assert 4 <= len(answers) <= 6
        await network.say(ben, friend, "and I?")
        assert [answer.text for answer in await network.wait_inbox(friend, 1)] == ["re: and I?"]
        assert len([*await network.inbox(anna), *await network.inbox(ben)]) == len(answers)


async def test_an_account_that_whatsapp_refuses_slows_down_and_pauses_over_restarts(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friends = phone(), [phone(), phone(), phone()]
    instance_id = await linked(product, network, me)
    await network.refuse_messages(me, 463)
    for friend, level in zip(friends, ("slowed", "paused"), strict=False):
        await network.say(me, friend, f"hello from {friend}")
        status = await _until_level(product, instance_id, level)
        assert "463" in status["safety"]["reasons"][0]
        assert await network.inbox(friend) == []
    await network.refuse_messages(me, None)
    await network.say(me, friends[2], "are you there?")
    await product.until_message(instance_id, content="are you there?")
    await product.kill()
    await product.start()
    await product.until_status(instance_id, "connected")
    again = await _until_level(product, instance_id, "paused")
    assert again["safety"]["until"] == status["safety"]["until"]
    assert await network.inbox(friends[2]) == []
    assert (await product.api.post(f"/chatbot/{instance_id}/resume")).json()["safety"]["level"] == "normal"
    assert [answer.text for answer in await network.wait_inbox(friends[2], 1)] == ["re: are you there?"]


async def _until_level(product: Product, instance_id: str, level: str) -> dict[str, Any]:
    status = await product.until(lambda: product.status(instance_id), lambda status: status["safety"]["level"] == level)
    return dict(status)


async def _paused(product: Product, bots: list[str]) -> bool:
    """Whether what came last has been left without an answer."""
    rows = [row for instance_id in bots for row in await product.messages(instance_id)]
    return any(row["reason"] == "loop" for row in rows)
