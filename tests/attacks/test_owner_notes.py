"""Contacts who write what looks like a note of the bot's, so that its owner approves what they do not see."""

from typing import Any

import pytest

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import Phone, linked
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import Delivery, WhatsAppNetwork
from tests.house import AT_ONCE

DRAFT: dict[str, Any] = {**AT_ONCE, "autonomy": "draft"}
ROOM: dict[str, Any] = {"max_messages": 100, "max_characters": 100_000, "max_days": 1}
UP = "\U0001f44d"
TRUE = "Yes, you may."
HEAD = f"My answer to \u201cAnn\u201d:\n> {TRUE}\n\n"
FORGED = (
    "Hi\n\nMy answer:\nSorry, no.\n\nI ask first because you want to see answers to them first.\n\U0001f44d sends it"
)
BREAKS = ("\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
TURNED = "\u202e\u2066\u200b\u200f\ufeff"


async def asked(
    product: Product, network: WhatsAppNetwork, model: ModelServer, me: str, friend: str, words: str, name: str = "Ann"
) -> Delivery:
    """The note that the owner gets where a contact writes this, and the model answers TRUE."""
    model.reply = TRUE
    await linked(product, network, me, behaviour_config=DRAFT, queue_config=ROOM)
    await network.say(me, friend, words, name=name)
    [note] = await network.wait_inbox(me, 1)
    return note


def ours(note: Delivery) -> list[str]:
    """The lines of a note that nothing marks as somebody else's."""
    assert note.text is not None
    return [line for line in note.text.splitlines() if line and not line.startswith("> ")]


@pytest.mark.parametrize(
    "words",
    [
        "".join(f"Hi{each}{each}My answer:{each}" for each in BREAKS),
        "Hi" + "\n" * 5000 + FORGED,
        FORGED + "x" * 60_000,
        f"{TURNED}{FORGED}",
        "```\n" + FORGED + "\n*~_```",
    ],
    ids=["breaks", "blank_lines", "60000", "turned", "formatted"],
)
async def test_no_words_of_a_contact_stand_as_the_bot_s(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone, words: str
) -> None:
    me, friend = phone(), phone()
    note = await asked(product, network, model, me, friend, words)
    assert note.text is not None
    assert note.text.startswith(HEAD), "the true answer is what is seen first"
    head, wrote, *more, because, choice = ours(note)
    assert (head, wrote) == ("My answer to \u201cAnn\u201d:", "\u201cAnn\u201d wrote:")
    assert because.startswith("I ask first because you want")
    assert choice.startswith(UP)
    assert all("not shown" in line for line in more)
    assert len(more) <= 1
    assert len(note.text) < 1500
    assert not set(TURNED + "`") & set(note.text)
    await network.owner_says(me, me, UP, kind="reaction", target=note.id)
    assert [each.text for each in await network.wait_inbox(friend, 1)] == [TRUE]


@pytest.mark.parametrize(
    "name",
    [
        "Ann\u201d wrote:\n> lend me 5\n\nMy answer:\n> Sorry, no.\n\nBob",
        "Ann\u2028My answer to \u201cAnn\u201d:\u2028> Sorry, no.",
        TURNED + "Ann*~`",
        "Ann " * 10_000,
    ],
    ids=["lines", "separators", "turned", "long"],
)
async def test_no_name_of_a_contact_stands_as_the_bot_s(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone, name: str
) -> None:
    note = await asked(product, network, model, phone(), phone(), "Hi", name=name)
    assert note.text is not None
    head, wrote, because, choice = ours(note)
    assert head.startswith("My answer to \u201cAnn")
    assert note.text.startswith(f"{head}\n> {TRUE}\n\n{wrote}\n> Hi\n\n{because}\n{choice}")
    for line in (head, wrote):
        assert line.count("\u201c") == line.count("\u201d") == 1
        assert len(line) < 90
    assert not set(TURNED) & set(note.text)


async def test_an_answer_is_shown_to_its_end_and_writes_no_line_of_the_bot_s(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    model.reply = "No.\n\n\u201cAnn\u201d wrote:\n> Hi\u2028" + "\n" * 300 + "\U0001f44d sends it\nYes, 5,000 euros"
    await linked(product, network, me, behaviour_config=DRAFT)
    await network.say(me, friend, "Hi", name="Ann")
    [note] = await network.wait_inbox(me, 1)
    assert note.text is not None
    assert ours(note)[0].startswith("My answer to \u201cAnn\u201d (30")
    assert [line[:11] for line in ours(note)[1:]] == ["\u201cAnn\u201d wrote", "I ask first", f"{UP} sends it,"]
    await network.owner_says(me, me, UP, kind="reaction", target=note.id)
    [sent] = await network.wait_inbox(friend, 1)
    assert sent.text is not None
    assert sent.text.endswith("Yes, 5,000 euros")
    shown = note.text.split("\n", 1)[1]
    assert (
        shown.replace("\n> ", "\n").replace("\u2028> ", "\u2028").startswith(f"> {sent.text}\n\n\u201cAnn\u201d wrote:")
    )


async def test_a_thumb_at_an_old_note_sends_no_newer_answer(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    note = await asked(product, network, model, me, friend, "Hi")
    model.reply = "Another answer"
    await network.say(me, friend, "And?", name="Ann\nMy answer:")
    [_, newer] = await network.wait_inbox(me, 2)
    await network.owner_says(me, me, UP, kind="reaction", target=note.id)
    [*_, refusal] = await network.wait_inbox(me, 3)
    assert refusal.text == (
        "Too late for the answer to \u201cAnn\u201d: "
        "more was written there, or it was edited, and there is a newer draft."
    )
    assert await network.inbox(friend) == []
    await network.owner_says(me, me, UP, kind="reaction", target=newer.id)
    assert [each.text for each in await network.wait_inbox(friend, 1)] == ["Another answer"]


async def test_a_group_shows_who_of_them_wrote_what(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, ann, bob = phone(), phone(), phone()
    group = f"{phone()}@g.us"
    model.reply = TRUE
    behaviour = {**DRAFT, "debounce_seconds": 2}
    await linked(
        product,
        network,
        me,
        behaviour_config={**behaviour, "group_trigger": "always"},
        chat={"allow_group_messages": True},
        queue_config=ROOM,
    )
    await network.make_group(group, "Family\u2029My answer:\n> No", [me, ann, bob])
    await network.say(me, bob, "may Ann have 5,000?\n\u201cAnn\u201d wrote:\n> no", name="Bob", group=group)
    await network.say(me, ann, "Hi", name="Ann", group=group)
    [note] = await network.wait_inbox(me, 1)
    head, first, second, *_ = ours(note)
    assert head.startswith("My answer to \u201cAnn\u201d in the group \u201c")
    assert (first, second) == ("\u201cBob\u201d wrote:", "\u201cAnn\u201d wrote:")


async def test_a_brief_quotes_what_was_said(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    model.reply = "Fine."
    await linked(product, network, me, behaviour_config={**AT_ONCE, "takeover_minutes": 30}, queue_config=ROOM)
    name = "Ann\u201d for you:\nYou: \u201cI pay.\u201d\n"
    await network.say(me, friend, f"{TURNED}Hi\nYou: \u201cI pay.\u201d", name=name)
    await network.wait_inbox(friend, 1)
    await network.owner_says(me, friend, "It is me")
    [note] = await network.wait_inbox(me, 1)
    assert note.text is not None
    assert note.text.splitlines() == [
        "While you were away, 1 message was sent to \u201cAnn' for you: You: 'I pay.'\u201d for you:",
        "They: \u201cHi You: 'I pay.'\u201d",
        "You: \u201cFine.\u201d",
        'Reply "undo" to this message to take back what was sent.',
    ]
