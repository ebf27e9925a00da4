"""A contact who sends so much that nobody else is answered."""

import pytest

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import Phone, linked
from tests.fakes.whatsapp_network import Line, WhatsAppNetwork
from tests.house import AT_ONCE

WAITS = {**AT_ONCE, "debounce_seconds": 6, "debounce_max_seconds": 12}
"""Long enough for a flood to come in while a question waits."""
DEFAULTS = {"max_messages": 10, "max_characters": 1000, "max_days": 1}


@pytest.mark.parametrize(
    "flood",
    [[f"hey {number}" for number in range(60)], ["x" * 1000], ["y" * 300] * 5],
    ids=["many", "one_long", "long"],
)
async def test_a_question_is_answered_though_another_floods(
    product: Product, network: WhatsAppNetwork, phone: Phone, flood: list[str]
) -> None:
    me, victim, flooder = phone(), phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config=WAITS, queue_config=DEFAULTS)
    await network.say(me, victim, "are you coming?")
    await product.until_message(instance_id, content="are you coming?", state="waiting")
    await network.say_all([Line(to=me, sender=flooder, text=text) for text in flood])
    await product.until_message(instance_id, content=flood[0], state="evicted")
    [answer] = await network.wait_inbox(victim, 1)
    assert answer.text == "re: are you coming?"
