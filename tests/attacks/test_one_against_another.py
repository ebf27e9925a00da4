"""A member of a group who silences the bot for everybody else in it."""

from collections.abc import Mapping
from typing import Any

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import Phone, linked
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import AT_ONCE


class Group:
    """A bot in a group with two people."""

    def __init__(self, product: Product, network: WhatsAppNetwork, phone: Phone) -> None:
        self.product, self.network = product, network
        self.me, self.ann, self.bob = phone(), phone(), phone()
        self.id = f"12036304{phone()}@g.us"
        self.bot = ""

    async def open(self, behaviour: Mapping[str, Any] = AT_ONCE) -> None:
        chat = {"allow_group_messages": True}
        self.bot = await linked(self.product, self.network, self.me, behaviour_config=behaviour, chat=chat)
        await self.network.make_group(self.id, "Football", [self.me, self.ann, self.bob])

    async def say(self, who: str, text: str, **wanted: str) -> None:
        """Until this has become of it."""
        await self.network.say(self.me, who, text, group=self.id)
        await self.product.until_message(self.bot, content=text, **wanted)

    async def safety(self) -> list[str]:
        return list((await self.product.status(self.bot))["safety"]["reasons"])


async def test_who_asks_for_a_bot_silences_it_towards_themselves_alone(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    model.reply = "Fine."
    group = Group(product, network, phone)
    await group.open()
    await group.say(group.bob, "are you a bot?", reason="drafted")
    [note] = await network.wait_inbox(group.me, 1)
    assert note.text is not None
    assert "answers them no more in that group, and everybody else as before" in note.text
    await group.say(group.bob, "hello?", reason="handed_over")
    await group.say(group.ann, "are you coming?", state="answered")
    assert len(await group.safety()) == 1
    await product.kill()
    await product.start()
    await group.say(group.bob, "hello again?", reason="handed_over")
    await group.say(group.ann, "and tomorrow?", state="answered")
    resumed = await product.api.post(f"/chatbot/{group.bot}/resume", json={"contact": group.id})
    assert resumed.status_code == 200, resumed.text
    assert await group.safety() == []
    await group.say(group.bob, "and now?", state="answered")


async def test_nor_do_they_take_the_answer_of_who_wrote_in_the_same_moment(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    model.reply = "Fine."
    group = Group(product, network, phone)
    await group.open({**AT_ONCE, "debounce_seconds": 3})
    await network.say(group.me, group.ann, "are you coming?", group=group.id)
    await network.say(group.me, group.bob, "are you a bot?", group=group.id)
    await product.until_message(group.bot, content="are you a bot?", reason="drafted")
    await product.until_message(group.bot, content="are you coming?", state="answered")


async def test_their_own_chat_is_not_silent_and_who_is_forgotten_is_a_stranger(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    model.reply = "Fine."
    group = Group(product, network, phone)
    await group.open()
    await group.say(group.bob, "are you a bot?", reason="drafted")
    await network.say(group.me, group.bob, "in private", lid=True)
    await product.until_message(group.bot, content="in private", state="answered")
    await group.say(group.bob, "hello?", reason="handed_over")
    [bob] = {row["sender_id"] for row in await product.messages(group.bot) if row["content"] == "hello?"}
    forgotten = await product.api.delete(f"/chatbot/{group.bot}/contacts/{bob}")
    assert forgotten.status_code == 200, forgotten.text
    assert await group.safety() == []
    await group.say(group.bob, "and now?", state="answered")


async def test_who_writes_like_a_machine_silences_it_towards_themselves_alone(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    model.reply = "Fine."
    group = Group(product, network, phone)
    chat = {"allow_group_messages": True}
    group.bot = await linked(product, network, group.me, behaviour_config=AT_ONCE, chat=chat, limits_config={})
    await network.make_group(group.id, "Football", [group.me, group.ann, group.bob])
    for turn in range(4):
        # Nobody types so much in the time that an answer takes.
        await network.say(
            group.me, group.bob, f"{turn} " + "and what do you say to that, my friend? " * 4, group=group.id
        )
        if turn < 3:
            await network.wait_inbox(group.bob, turn + 1)
    rows = await product.until(
        lambda: product.messages(group.bot), lambda rows: any(row["reason"] == "loop" for row in rows)
    )
    assert [row["sender_id"] for row in rows if row["reason"] == "loop"] == [f"77{group.bob[::-1]}@lid"]
    await group.say(group.bob, "hello?", reason="loop")
    await group.say(group.ann, "are you coming?", state="answered")
