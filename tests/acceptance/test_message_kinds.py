"""What a message means reaches the model as what it is: replies, mentions, reactions, polls, places, menus, lists."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.conftest import bot
from tests.acceptance.product import Product
from tests.acceptance.test_main_job import linked
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import AT_ONCE

Phone = Callable[[], str]


async def prompt_after(network: WhatsAppNetwork, model: ModelServer, me: str, friend: str, text: str) -> str:
    """All that the model is shown for the answer to `text`."""
    before = len(model.requests)
    await network.say(me, friend, text)
    asked = (await model.wait_requests(before + 1))[-1]
    return "\n".join(message["content"] for message in asked.body["messages"][1:])


async def test_a_reply_is_shown_with_what_it_replies_to(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    await linked(product, network, me)
    first = await network.say(me, friend, "I can come Monday or Tuesday")
    [answer] = await network.wait_inbox(friend, 1)
    await network.say(me, friend, "this is better", target=first.id, target_sender=friend)
    await network.wait_inbox(friend, 2)
    await network.say(me, friend, "you said so", target=answer.id)
    await network.wait_inbox(friend, 3)
    await network.say(me, friend, "and this", target="3EB0OLDERTHANTHELINK")
    await network.wait_inbox(friend, 4)
    said = str((await model.wait_requests(4))[-1].body["messages"])
    assert '"replies_to": {"text": "I can come Monday or Tuesday"}' in said
    assert '"replies_to": {"by": "you", "text": "re: I can come Monday or Tuesday"}' in said
    assert '"replies_to": {"text": "the quoted words"}' in said


async def test_who_is_mentioned_has_a_name(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend, other = phone(), phone(), phone()
    group = f"1203636{me}@g.us"
    await network.make_group(group, "Family", [me, friend, other])
    await linked(product, network, me, chat={"allow_group_messages": True})
    mine, theirs = (f"77{each[::-1]}" for each in (me, other))  # their LIDs
    await network.say(me, other, "hi all", group=group, name="Bob")
    text = f"@{mine} ask @{theirs} please"
    await network.say(me, friend, text, group=group, name="Ann", mentions=[me, other])
    asked = (await model.wait_requests(2))[-1]
    assert "@you ask @Bob please" in str(asked.body["messages"])


async def test_a_reaction_and_a_vote_are_part_of_the_conversation(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, friend, "shall I book it?")
    [answer] = await network.wait_inbox(friend, 1)
    await network.say(me, friend, "\U0001f44e", kind="reaction", target=answer.id)
    await product.until_message(instance_id, content="\U0001f44e", state="context")
    shown = await prompt_after(network, model, me, friend, "did you see?")
    assert '"reacted": "\U0001f44e", "to": {"by": "you", "text": "re: shall I book it?"}' in shown


RAW: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "poll of today",
        {"pollCreationMessageV5": {"name": "Pizza or sushi?", "options": [{"optionName": "P"}, {"optionName": "S"}]}},
        ['"kind": "poll"', '"text": "Pizza or sushi?"', '"details": "P / S"'],
    ),
    (
        "wrapped poll",
        {"pollCreationMessageV4": {"message": {"pollCreationMessage": {"name": "Where?", "options": [
            {"optionName": "Sea"}, {"optionName": "Hills"}]}}}},
        ['"text": "Where?"', "Sea / Hills"],
    ),
    (
        "event",
        {"eventMessage": {"name": "Birthday dinner", "startTime": 1_796_000_000, "location": {"name": "Cafe Blau"}}},
        ['"kind": "event"', "Birthday dinner", "2026-11-30T", "Cafe Blau"],
    ),
    (
        "place",
        {"locationMessage": {"degreesLatitude": 52.52, "degreesLongitude": 13.405, "address": "Torstr. 1, Berlin",
                             "comment": "meet here"}},
        ['"text": "meet here"', "Torstr. 1, Berlin", "52.52"],
    ),
    (
        "contact card",
        {"contactMessage": {"displayName": "Dr Ana Ruiz", "vcard":
            "BEGIN:VCARD\nVERSION:3.0\nFN:Dr Ana Ruiz\nTEL;type=CELL;waid=34600111222:+34 600 111 222\nEND:VCARD"}},
        ["Dr Ana Ruiz", "600 111 222"],
    ),
    (
        "question in a wrapper",
        {"questionMessage": {"message": {"extendedTextMessage": {"text": "what is your favourite?"}}}},
        ['"text": "what is your favourite?"'],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "shown"), [case[1:] for case in RAW], ids=[case[0] for case in RAW])
async def test_every_kind_is_answered_as_what_it_is(
    product: Product,
    network: WhatsAppNetwork,
    model: ModelServer,
    phone: Phone,
    raw: dict[str, Any],
    shown: list[str],
) -> None:
    me, friend = phone(), phone()
    await linked(product, network, me)
    await network.say(me, friend, raw=raw)
    [asked] = await model.wait_requests(1)
    for each in shown:
        assert each in asked.body["messages"][-1]["content"]


ASIDE: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "buttons",
        {"buttonsMessage": {"contentText": "Do you confirm?", "buttons": [
            {"buttonId": "y", "buttonText": {"displayText": "Yes"}}], "headerType": 1}},
        ["Do you confirm?", "Yes"],
    ),
    (
        "request for money",
        {"requestPaymentMessage": {"noteMessage": {"extendedTextMessage": {"text": "for the pizza"}},
                                   "amount1000": 12_000, "currencyCodeIso4217": "EUR"}},
        ["for the pizza", "12.00 EUR"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "shown"), [case[1:] for case in ASIDE], ids=[case[0] for case in ASIDE])
async def test_what_wants_no_answer_is_shown_later(
    product: Product,
    network: WhatsAppNetwork,
    model: ModelServer,
    phone: Phone,
    raw: dict[str, Any],
    shown: list[str],
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, friend, raw=raw)
    await product.until_message(instance_id, state="context")
    told = await prompt_after(network, model, me, friend, "did you get it?")
    for each in shown:
        assert each in told


@pytest.mark.parametrize("text", ["\u200b\u200e", "\u3164", "\ufe0f"])
async def test_what_nobody_sees_is_not_answered(
    product: Product, network: WhatsAppNetwork, phone: Phone, text: str
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, friend, text)
    await product.until_message(instance_id, content=text, reason="empty")
    await network.say(me, friend, "hello")
    assert [each.text for each in await network.wait_inbox(friend, 1)] == ["re: hello"]


@pytest.mark.parametrize(
    "raw",
    [
        {"pollCreationMessageV5": {"name": "when?", "options": [{"optionName": "Mon"}]}},
        {"audioMessage": {"ptt": True}},
        {"chat": {"displayName": "of a kind that nobody knows"}},
    ],
    ids=["a poll", "a voice note", "what cannot be read"],
)
async def test_whatever_the_owner_sends_takes_the_chat_over(
    product: Product, network: WhatsAppNetwork, phone: Phone, raw: dict[str, Any]
) -> None:
    me, friend, other = phone(), phone(), phone()
    behaviour = AT_ONCE | {"takeover_minutes": 30}
    instance_id = await linked(product, network, me, behaviour_config=behaviour)
    mine = await network.owner_says(me, friend, raw=raw)
    row = await product.until_message(instance_id, message_id=mine.id)
    assert "[" not in row["content"]
    await network.say(me, friend, "Monday!")
    await product.until_message(instance_id, content="Monday!", reason="takeover")
    await network.say(me, other, "hello")
    await network.wait_inbox(other, 1)
    assert [each for each in await network.inbox(friend) if each.by == "bot"] == []


async def test_the_owners_voice_is_what_the_owner_says_and_nothing_else(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config=AT_ONCE | {"autonomy": "observe"})
    for number in range(25):
        await network.say(me, friend, f"question {number}?")
        mine = await network.owner_says(me, friend, f"answer {number} ok")
        await network.owner_says(me, friend, kind="voice")
        await network.owner_says(me, friend, f"answer {number} okay", kind="edit", target=mine.id)
    await product.until_message(instance_id, content="answer 24 okay")
    voice = (await product.api.get(f"/chatbot/{instance_id}/voice")).json()
    assert voice["messages"] == 25
    assert "[" not in "".join(voice["told"])
    # Who is answered from now on is shown how the owner answered.
    await product.put(bot(f"user of {me}"))
    before = len(model.requests)
    await network.say(me, friend, "question 7 again?")
    asked = (await model.wait_requests(before + 1))[-1]
    assert '"they_wrote": "question 7?", "owner_answered": "answer 7 okay"' in str(asked.body["messages"])
