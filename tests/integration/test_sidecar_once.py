"""Every message lands, as the same message and for good, whatever ends at which moment: both directions."""

import asyncio

import pytest

from imposter.contracts.errors import DeliveryUncertain
from imposter.contracts.status import LinkState
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import until
from tests.integration.whatsapp_desk import ANN, BOB, BOT, NOT_NOW, Desk, Server, kill_sidecar

GROUP = "120363000000000002@g.us"
TO_ANN = f"{ANN}@s.whatsapp.net"


async def crash(network: WhatsAppNetwork) -> None:
    """The sidecar is gone, and WhatsApp has noticed."""
    await kill_sidecar()
    await network.wait_log("offline", phone=BOT)


async def all_delivered(network: WhatsAppNetwork) -> None:
    """WhatsApp keeps no message any longer."""

    async def forgotten() -> bool:
        return (await network.phones())[BOT].queued == 0

    await until(forgotten)


async def the_start_is_over(network: WhatsAppNetwork) -> None:
    await network.wait_log("receipt", phone=BOT, type="hist_sync")


def heard_once(desk: Desk, message_id: str, text: str) -> bool:
    """However often it was handed over: a queue drops a known id."""
    return {(message["message_id"], message["content"]) for message in desk.inbox.messages} == {(message_id, text)}


async def test_a_crash_before_the_message_is_kept(network: WhatsAppNetwork, desk: Desk) -> None:
    desk.inbox.trouble.extend([NOT_NOW] * 1000)
    sent = await network.say(BOT, ANN, "hello")
    await until(lambda: len(desk.inbox.trouble) < 1000)
    await crash(network)
    desk.inbox.trouble.clear()
    await desk.hears(1)
    await all_delivered(network)
    assert heard_once(desk, sent.id, "hello")
    assert not await network.log("retry", "nack")


async def test_a_crash_between_the_message_and_its_session(network: WhatsAppNetwork, desk: Desk) -> None:
    await the_start_is_over(network)
    desk.state.locked = {"session"}
    sent = await network.say(BOT, ANN, "hello")
    await desk.hears(1)
    await until(lambda: desk.state.refused > 0)
    await crash(network)
    desk.state.locked = set()
    await all_delivered(network)
    assert heard_once(desk, sent.id, "hello")
    assert not await network.log("retry", "nack")
    await network.say(BOT, ANN, "more")
    await desk.hears_all({"more"})
    assert not await network.log("retry", "nack")


async def test_a_crash_between_the_session_and_the_receipt(network: WhatsAppNetwork, desk: Desk) -> None:
    await network.lose_receipts(BOT)
    sent = await network.say(BOT, ANN, "hello")
    await desk.hears(1)
    await until(lambda: any(kind == "session" for kind, _ in desk.state.entries))
    await crash(network)
    await network.lose_receipts(BOT, False)
    await all_delivered(network)
    assert heard_once(desk, sent.id, "hello")
    assert not await network.log("retry")


async def test_a_crash_between_the_parts_of_a_group_message(network: WhatsAppNetwork, desk: Desk) -> None:
    """The one case that is left to WhatsApp: a receipt that asks for the message anew."""
    await network.make_group(GROUP, "Football", [BOT, ANN, BOB])
    await the_start_is_over(network)
    desk.state.locked = {"sender-key"}
    await network.say(BOT, ANN, "who plays?", group=GROUP)
    await until(lambda: desk.state.refused > 0)
    await crash(network)
    desk.state.locked = set()
    await desk.hears_all({"who plays?"})
    await all_delivered(network)
    assert await network.log("retry")
    assert len([text for text in desk.inbox.texts if text == "who plays?"]) == 1
    await network.say(BOT, ANN, "nobody?", group=GROUP)
    await desk.hears_all({"nobody?"})


@pytest.mark.parametrize("known", [False, True], ids=["from a new contact", "from a contact who was answered"])
async def test_what_could_not_be_read_at_first(network: WhatsAppNetwork, desk: Desk, known: bool) -> None:
    if known:
        await network.say(BOT, ANN, "first")
        await desk.hears(1)
        await desk.send(TO_ANN, "an answer")
        await network.wait_inbox(ANN, 1)
        desk.inbox.messages.clear()
    sent = await network.say(BOT, ANN, "hello", garbled=True)
    await desk.hears_all({"hello"})
    await all_delivered(network)
    assert [event.facts["id"] for event in await network.log("retry")] == [sent.id]
    heard = {(message["content"], message["message_id"], message["note"]) for message in desk.inbox.messages}
    unread = ("", f"{sent.id}/undecryptable", "undecryptable")
    assert heard == {unread, ("hello", sent.id, None)}


async def test_what_waited_is_heard_before_what_comes_live(
    network: WhatsAppNetwork, server: Server, desk: Desk
) -> None:
    await desk.provider.stop_listening()
    waited = [f"waited {number}" for number in range(80)]
    for text in waited:
        await network.say(BOT, ANN, text)
    again = server.desk(before=desk)
    await again.provider.start_listening()
    await again.hears(1)
    await network.say(BOT, ANN, "live")
    await again.hears_all({"live"})
    assert again.inbox.texts == [*waited, "live"]


async def test_the_history_of_a_chat_is_not_heard_again(network: WhatsAppNetwork, server: Server, desk: Desk) -> None:
    sent = await network.say(BOT, ANN, "hello")
    await desk.hears(1)
    await network.send_history(BOT, ANN, [(sent.id, "hello"), ("3EB0OLDER", "before")])
    await network.wait_log("receipt", 2, phone=BOT, type="hist_sync")
    await network.say(BOT, ANN, "more")
    await desk.hears_all({"more"})
    assert desk.inbox.texts == ["hello", "more"]


@pytest.mark.parametrize("gone", ["the connection", "the process"])
async def test_a_message_of_ours_that_was_not_confirmed_is_settled_by_a_receipt(
    network: WhatsAppNetwork, desk: Desk, gone: str
) -> None:
    await desk.send(TO_ANN, "one")
    await network.wait_inbox(ANN, 1)
    await network.withhold_acks(BOT)
    await network.switch_off(ANN)
    sending = asyncio.create_task(desk.send(TO_ANN, "two"))
    event = (await network.wait_log("sent", 2, phone=BOT))[-1]
    if gone == "the process":
        await crash(network)
    else:
        await network.drop(BOT)
    with pytest.raises(DeliveryUncertain):
        await sending
    await network.switch_on(ANN)
    await until(lambda: event.facts["id"] in desk.confirmed)
    assert [answer.text for answer in await network.wait_inbox(ANN, 2)] == ["one", "two"]
    await desk.becomes(LinkState.CONNECTED)
    await network.withhold_acks(BOT, False)
    await desk.send(TO_ANN, "three")
    await network.wait_inbox(ANN, 3)
    assert set(desk.confirmed) == {event.facts["id"]}


async def test_a_receipt_of_the_contacts_phone_is_confirmation_enough(network: WhatsAppNetwork, desk: Desk) -> None:
    await network.withhold_acks(BOT)
    await desk.send(TO_ANN, "hello")
    assert not desk.confirmed


async def test_a_forgotten_contact_leaves_nothing_and_is_read_again(network: WhatsAppNetwork, desk: Desk) -> None:
    await network.make_group(GROUP, "Football", [BOT, ANN, BOB])
    for person in (ANN, BOB):
        await network.say(BOT, person, "hello")
        await network.say(BOT, person, "hello all", group=GROUP)
    await desk.hears(4)
    await desk.send(TO_ANN, "hi")
    await desk.send(GROUP, "hi all")
    lid = (await network.phones())[ANN].lid
    await network.wait_inbox(ANN, 2)
    await desk.provider.forget_contact([TO_ANN])
    left = [entry for entry, value in desk.state.entries.items() if {ANN, lid} & named_in(*entry, value.decode())]
    assert not left
    await desk.becomes(LinkState.CONNECTED)
    await network.say(BOT, BOB, "still here")
    await desk.hears_all({"still here"})
    assert not await network.log("retry")
    await network.say(BOT, ANN, "remember me?")
    await network.say(BOT, ANN, "and us?", group=GROUP)
    await desk.hears_all({"remember me?", "and us?"})
    await desk.send(TO_ANN, "who is it?")
    assert (await network.wait_inbox(ANN, 3))[-1].text == "who is it?"


def named_in(*texts: str) -> set[str]:
    return {word for text in texts for word in "".join(c if c.isdigit() else " " for c in text).split()}
