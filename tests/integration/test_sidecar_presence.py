"""What others see of the account, and what it sees of them, through the real sidecar and unmodified Baileys."""

import asyncio
from itertools import pairwise

import pytest

from imposter.contracts.errors import ChatError, NotConnected, Refused
from imposter.contracts.status import LinkState
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import until
from tests.integration.whatsapp_desk import ANN, BOB, BOT, Desk, Server, kill_sidecar

GROUP = "120363000000000001@g.us"
ANN_ID, BOB_ID = f"{ANN}@s.whatsapp.net", f"{BOB}@s.whatsapp.net"


async def shown(network: WhatsAppNetwork) -> list[tuple[str | None, str | None]]:
    """What the account told of itself since the link, without saying it again: (presence, None) or (typing, chat)."""
    events = await network.log("presence", "chatstate")
    told = [(event.facts.get("child") or event.facts.get("type"), event.facts.get("to")) for event in events]
    news = [fact for fact in told if fact[0] not in ("subscribe", "none")]
    return [fact for before, fact in pairwise([None, *news]) if fact is not None and fact != before]


async def shows(network: WhatsAppNetwork, *expected: tuple[str | None, str | None], after: int) -> None:
    """Wait until it told exactly this after the first `after` of it."""

    async def told() -> bool:
        return len(await shown(network)) >= after + len(expected)

    await until(told, f"the account shows {expected}")
    assert (await shown(network))[after:] == list(expected)


async def seen_offline(network: WhatsAppNetwork) -> int:
    """Wait for the word that every connection begins with; how much was told until then."""
    await network.wait_log("presence", type="unavailable")
    return len(await shown(network))


async def lid_of(network: WhatsAppNetwork, phone: str) -> str:
    return f"{(await network.phones())[phone].lid}@lid"


@pytest.mark.parametrize("lid", [False, True])
async def test_typing_is_shown_until_it_ends_and_then_the_account_is_offline(
    network: WhatsAppNetwork, desk: Desk, lid: bool
) -> None:
    before = await seen_offline(network)
    await network.say(BOT, ANN, "hello", lid=lid)
    [message] = await desk.hears(1)
    chat = message["reply_to"]
    await desk.provider.show_typing(chat, True)
    await shows(network, ("available", None), ("composing", chat), after=before)
    await desk.provider.show_typing(chat, False)
    await shows(network, ("paused", chat), ("unavailable", None), after=before + 2)


async def test_a_message_ends_the_typing_in_its_chat_alone(network: WhatsAppNetwork, desk: Desk) -> None:
    before = await seen_offline(network)
    await desk.provider.show_typing(ANN_ID, True)
    await desk.provider.show_typing(BOB_ID, True)
    await shows(network, ("available", None), ("composing", ANN_ID), ("composing", BOB_ID), after=before)
    await desk.send(ANN_ID, "one")
    await desk.send(BOB_ID, "two")
    await shows(network, ("unavailable", None), after=before + 3)
    assert [answer.text for answer in await network.wait_inbox(BOB, 1)] == ["two"]


async def test_typing_is_shown_to_a_group(network: WhatsAppNetwork, desk: Desk) -> None:
    before = await seen_offline(network)
    await network.make_group(GROUP, "Football", [BOT, ANN, BOB])
    await desk.provider.show_typing(GROUP, True)
    await desk.provider.show_typing(GROUP, False)
    expected = [("available", None), ("composing", GROUP), ("paused", GROUP), ("unavailable", None)]
    await shows(network, *expected, after=before)


async def test_nothing_is_typed_any_more_on_a_new_connection(network: WhatsAppNetwork, desk: Desk) -> None:
    await seen_offline(network)
    await desk.provider.show_typing(ANN_ID, True)
    await network.wait_log("chatstate", child="composing")
    await kill_sidecar()

    async def offline() -> bool:
        return (await shown(network))[-1] == ("unavailable", None)

    await until(offline, "the new connection says that the account is offline")


async def test_whatever_baileys_says_of_itself_the_phone_goes_on_notifying(
    network: WhatsAppNetwork, desk: Desk
) -> None:
    """New keys make Baileys tell its name with a presence that WhatsApp takes for one of somebody online."""
    await seen_offline(network)
    await network.run_low(BOT)
    await network.wait_log("presence", type="none")

    async def offline_again() -> bool:
        return [event.facts["type"] for event in await network.log("presence")][-1:] == ["unavailable"]

    await until(offline_again, "the account says that it is offline")


@pytest.mark.parametrize(("hidden", "kind"), [(False, "read"), (True, "read-self")])
async def test_what_was_read_is_marked_as_the_owner_allows_it(
    network: WhatsAppNetwork, server: Server, hidden: bool, kind: str
) -> None:
    await network.hide_reading(BOT, hidden)
    desk = server.desk()
    await desk.link(network)
    for text in ("one", "two"):
        await network.say(BOT, ANN, text)
    messages = await desk.hears(2)
    told = [(message["message_id"], message["sender"].identifier) for message in messages]
    await desk.provider.mark_read(messages[0]["reply_to"], told)
    [receipt] = await network.wait_log("receipt", type=kind)
    assert receipt.facts["to"] == ANN_ID
    assert receipt.facts["ids"] == [message["message_id"] for message in messages]


async def test_in_a_group_each_sender_learns_what_was_read(network: WhatsAppNetwork, desk: Desk) -> None:
    await network.make_group(GROUP, "Football", [BOT, ANN, BOB])
    for sender in (ANN, BOB):
        await network.say(BOT, sender, "who plays?", group=GROUP)
    messages = await desk.hears(2)
    told = [(message["message_id"], message["sender"].identifier) for message in messages]
    await desk.provider.mark_read(GROUP, told)
    receipts = await network.wait_log("receipt", 2, type="read")
    assert {(event.facts["to"], event.facts["participant"], event.facts["id"]) for event in receipts} == {
        (GROUP, sender, message_id) for message_id, sender in told
    }


@pytest.mark.parametrize("lid", [False, True])
async def test_a_contact_who_types_is_seen_under_each_id_that_they_may_write_from(
    network: WhatsAppNetwork, desk: Desk, lid: bool
) -> None:
    await network.say(BOT, ANN, "hello", lid=True)
    [message] = await desk.hears(1)
    await desk.provider.watch_typing(message["reply_to"])
    await network.wait_log("presence", type="subscribe")
    ids = {ANN_ID, await lid_of(network, ANN)}
    await until(lambda: {(name, False) for name in ids} <= set(desk.typing))
    for state, on in (("composing", True), ("paused", False), ("recording", True), ("paused", False)):
        desk.typing.clear()
        assert await network.type(BOT, ANN, state, lid=lid)  # type: ignore[arg-type]
        await until(lambda on=on: set(desk.typing) == {(name, on) for name in ids})  # type: ignore[misc]


async def test_a_group_types_until_its_last_member_has_ended(network: WhatsAppNetwork, desk: Desk) -> None:
    await network.make_group(GROUP, "Football", [BOT, ANN, BOB])
    await desk.provider.watch_typing(GROUP)
    await network.wait_log("presence", type="subscribe")
    await network.type(BOT, ANN, group=GROUP)
    await network.type(BOT, BOB, group=GROUP)
    await network.type(BOT, ANN, "paused", group=GROUP)
    await network.type(BOT, BOB, "paused", group=GROUP)
    await until(lambda: (GROUP, False) in desk.typing)
    assert desk.typing == [(GROUP, True)] * 3 + [(GROUP, False)]


async def test_nobody_is_watched_unasked_and_a_chat_is_asked_for_once_a_connection(
    network: WhatsAppNetwork, desk: Desk
) -> None:
    assert not await network.type(BOT, ANN)
    await asyncio.gather(*(desk.provider.watch_typing(ANN_ID) for _ in range(3)))
    await desk.provider.watch_typing(BOB_ID)
    await network.wait_log("presence", type="subscribe", to=BOB_ID)
    assert [event.facts["to"] for event in await network.log("presence") if event.facts.get("type") == "subscribe"] == [
        ANN_ID,
        BOB_ID,
    ]
    await network.drop(BOT)
    await desk.becomes(LinkState.RECONNECTING)
    await desk.becomes(LinkState.CONNECTED)
    await desk.provider.watch_typing(ANN_ID)
    await network.wait_log("presence", 2, type="subscribe", to=ANN_ID)
    assert await network.type(BOT, ANN)


async def test_watching_ends_where_something_is_sent(network: WhatsAppNetwork, desk: Desk) -> None:
    before = await seen_offline(network)
    await desk.provider.watch_typing(ANN_ID)
    await shows(network, ("available", None), after=before)
    await desk.send(ANN_ID, "hello")
    later = await desk.send(BOB_ID, "hello")
    await network.wait_log("sending", id=later)
    told = await network.log("presence", "sending")
    assert [event.facts.get("type") or event.facts["to"] for event in told][-3:] == [ANN_ID, "unavailable", BOB_ID]
    assert not await network.type(BOT, ANN)


async def test_without_a_link_nothing_is_shown_and_nobody_is_asked_in_vain(server: Server, desk: Desk) -> None:
    for attempt in (desk.provider.show_typing("Ann", True), desk.provider.watch_typing("Ann")):
        with pytest.raises(Refused):
            await attempt
    away = server.desk("i2").provider
    for attempt in (away.show_typing(ANN_ID, True), away.watch_typing(ANN_ID), away.mark_read(ANN_ID, [("X", ANN_ID)])):
        with pytest.raises(NotConnected):
            await attempt
    assert issubclass(NotConnected, ChatError)
