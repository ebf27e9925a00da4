"""The model's server is away and comes back: nobody has to send anything again, and the owner reads one sentence."""

from collections.abc import Callable
from typing import Any

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import linked
from tests.fakes.model_server import Failure, ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork

Phone = Callable[[], str]


async def until_told(product: Product, instance_id: str, *words: str) -> str:
    def tells(status: dict[str, Any]) -> bool:
        return all(each in (status["last_error"] or "") for each in words)

    return str((await product.until(lambda: product.status(instance_id), tells))["last_error"])


async def test_what_died_of_an_outage_is_answered_when_it_is_over(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, later = phone(), phone()
    friends = [phone() for _ in range(3)]
    instance_id = await linked(product, network, me)
    model.always_fail = Failure(status=503, headers={"retry-after": "3600"})
    for friend in friends:
        await network.say(me, friend, f"from {friend}")
        await product.until_message(instance_id, content=f"from {friend}", state="failed", reason="ModelUnavailable")
    model.always_fail = None
    await network.say(me, later, "are you there?")
    for friend in (later, *friends):
        await network.wait_inbox(friend, 1)
    assert sorted(asked.texts[-1] for asked in model.requests[-3:]) == sorted(f"from {friend}" for friend in friends)
    await until_told(product, instance_id, "The model could not be reached from ", "3 messages waited; 3 were answered")
    letters = (await product.api.get(f"/chatbot/{instance_id}/dead-letters")).json()
    assert letters["dead_letters"] == []
    for friend in friends:
        assert [answer.text for answer in await network.inbox(friend)] == [f"re: from {friend}"]


async def test_what_waited_is_told_in_one_sentence(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friends = phone(), [phone(), phone()]
    instance_id = await linked(product, network, me)
    model.always_fail = Failure(status=503)
    for friend in friends:
        await network.say(me, friend, "hello")
    await until_told(product, instance_id, "The model gives no answer yet")
    model.always_fail = None
    for friend in friends:
        assert [answer.text for answer in await network.wait_inbox(friend, 1)] == ["re: hello"]
    told = await until_told(product, instance_id, "2 messages waited; 2 were answered afterwards.")
    assert "dead letters" not in told


async def test_a_restart_in_between_changes_nothing(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    model.always_fail = Failure(status=503, headers={"retry-after": "3600"})
    await network.say(me, friend, "hello")
    await product.until_message(instance_id, content="hello", state="failed", reason="ModelUnavailable")
    await product.stop()
    model.always_fail = None
    await product.start()
    assert [answer.text for answer in await network.wait_inbox(friend, 1)] == ["re: hello"]
