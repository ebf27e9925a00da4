"""A model's Markdown, as it arrives on a contact's phone and in the owner's drafts."""

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import Phone, linked
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import AT_ONCE

MARKDOWN = (
    "## Plan\n\n**Bring** the *big* bag, ~~not~~ `a_b`:\n\n"
    "- milk &amp; bread\n- 2 * 3 eggs\n\n| a | b |\n|---|---|\n| 1 | 2 |"
)
SHOWN = "*Plan*\n\n*Bring* the _big_ bag, ~not~ `a_b`:\n\n- milk & bread\n- 2 * 3 eggs\n\n*a* | *b*\n1 | 2"


async def test_a_markdown_answer_arrives_in_whatsapp_s_markup(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config={**AT_ONCE, "guard": "off"})
    model.reply = MARKDOWN
    await network.say(me, friend, "what is the plan?")
    [answer] = await network.wait_inbox(friend, 1)
    assert answer.text == SHOWN
    await product.until_message(instance_id, content=SHOWN, delivery="sent")


async def test_a_draft_shows_it_as_it_is_sent(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config={**AT_ONCE, "autonomy": "draft"})
    model.reply = MARKDOWN
    await network.say(me, friend, "what is the plan?")
    [note] = await network.wait_inbox(me, 1)
    assert note.text is not None
    assert "\n".join(f"> {line}" if line else ">" for line in SHOWN.split("\n")) in note.text.replace("> \n", ">\n")
    [draft] = (await product.api.get(f"/chatbot/{instance_id}/drafts")).json()["drafts"]
    assert draft["text"] == SHOWN
    await network.owner_says(me, me, "\U0001f44d", kind="reaction", target=note.id)
    [answer] = await network.wait_inbox(friend, 1)
    assert answer.text == SHOWN
