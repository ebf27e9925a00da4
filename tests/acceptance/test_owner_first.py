"""What an owner wrote on their phone while the server was away is known before it says anything in their name."""

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import Phone, linked
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import Line, WhatsAppNetwork
from tests.house import AT_ONCE


async def by_the_bot(network: WhatsAppNetwork, friend: str) -> list[str | None]:
    return [delivery.text for delivery in await network.inbox(friend) if delivery.by == "bot"]


async def test_an_answer_that_was_being_typed_is_not_sent_over_their_head(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config={"debounce_seconds": 0})
    await network.say(me, friend, "who?")
    await product.until_message(instance_id, content="re: who?")
    await product.kill()
    await network.owner_says(me, friend, "It is me")
    await product.start()
    await product.until_message(instance_id, content="re: who?", delivery="withdrawn")
    assert await by_the_bot(network, friend) == []


async def test_nor_is_a_question_answered_anew_however_much_stands_before_their_word(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend, other = phone(), phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config=AT_ONCE | {"takeover_minutes": 30})
    model.hang()
    await network.say(me, friend, "who?")
    await product.until_message(instance_id, content="who?", state="waiting")
    await product.kill()
    for number in range(15):
        await network.say(me, other, f"other {number}")
    await network.owner_says(me, friend, "It is me")
    model.release()
    await product.start()
    await product.until_message(instance_id, content="It is me")
    await network.wait_inbox(other, 1)
    assert await by_the_bot(network, friend) == []


async def test_what_came_in_a_takeover_that_is_over_by_now_is_not_answered(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config=AT_ONCE | {"takeover_minutes": 0.1})
    await network.owner_says(me, friend, "It is me")
    await product.until_message(instance_id, content="It is me")
    await product.kill()
    await network.say(me, friend, "great, see you")
    await product.start()
    row = await product.until_message(instance_id, content="great, see you")
    assert (row["state"], row["reason"]) == ("context", "takeover")


async def test_nor_when_hundreds_of_a_group_that_it_keeps_out_of_stand_before_their_word(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend, member, group = phone(), phone(), phone(), f"{phone()}@g.us"
    contact_policy = AT_ONCE | {"takeover_minutes": 30}
    chat = {"process_offline_messages": True}
    instance_id = await linked(product, network, me, chat=chat, behaviour_config=contact_policy)
    await network.make_group(group, "many words", [me, member])
    await product.stop()
    await network.say(me, friend, "shall I buy the tickets?")
    await network.say_all([Line(to=me, sender=member, group=group, text=f"word {number}") for number in range(300)])
    await network.owner_says(me, friend, "NO, I have them")
    await product.start()
    await product.until_status(instance_id, "connected")
    assert (await network.phones())[me].queued == 0
    await network.say(me, other := phone(), "hello?")
    await network.wait_inbox(other, 1)
    assert await by_the_bot(network, friend) == []
