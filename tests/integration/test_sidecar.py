"""Messages, through the real sidecar and unmodified Baileys, on the fake network."""

from datetime import UTC, datetime, timedelta

import pytest

from imposter.contracts.errors import InvalidState, NotConnected, Refused, UnstorableValue
from imposter.contracts.messages import Source
from imposter.contracts.status import LinkState
from tests.fakes.whatsapp_network import Line, WhatsAppNetwork
from tests.house import until
from tests.integration.whatsapp_desk import ANN, BOB, BOT, NOT_NOW, Desk, Server, kill_sidecar

GROUP = "120363000000000001@g.us"


@pytest.mark.parametrize("lid", [False, True])
async def test_a_contact_is_answered_at_the_address_they_wrote_from(
    network: WhatsAppNetwork, desk: Desk, lid: bool
) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    sent = await network.say(BOT, ANN, "hello", lid=lid, name="Ann")
    [message] = await desk.hears(1)
    number, hidden = f"{ANN}@s.whatsapp.net", f"{(await network.phones())[ANN].lid}@lid"
    used, other = (hidden, number) if lid else (number, hidden)
    assert message["content"] == "hello"
    assert message["source"] is Source.CONTACT
    assert message["message_id"] == sent.id
    assert message["reply_to"] == used
    assert message["sender"].identifiers == (used, other)
    assert message["sender"].display_name == "Ann"
    assert message["group"] is None
    assert before <= message["sent_at"] <= datetime.now(UTC)
    assert (message["offline"], message["answerable"]) == (False, True)

    message_id = await desk.send(message["reply_to"], "hi Ann")
    [answer] = await network.wait_inbox(ANN, 1)
    assert (answer.text, answer.id) == ("hi Ann", message_id)


async def test_a_conversation_goes_to_and_fro(network: WhatsAppNetwork, desk: Desk) -> None:
    for turn in range(5):
        await network.say(BOT, ANN, f"question {turn}")
        messages = await desk.hears(turn + 1)
        await desk.send(messages[-1]["reply_to"], f"answer {turn}")
    answers = await network.wait_inbox(ANN, 5)
    assert [answer.text for answer in answers] == [f"answer {turn}" for turn in range(5)]
    assert not await network.log("undecryptable")


async def test_the_first_messages_of_a_contact_stay_in_order(network: WhatsAppNetwork, desk: Desk) -> None:
    contacts = [f"49300000{number:02}" for number in range(12)]
    lines = [Line(to=BOT, sender=contact, text=f"{contact} {turn}") for contact in contacts for turn in range(3)]
    await network.say_all(lines)
    await desk.hears(len(lines))
    assert desk.inbox.texts == [line["text"] for line in lines]


async def test_a_group_is_told_from_its_members(network: WhatsAppNetwork, desk: Desk) -> None:
    await network.make_group(GROUP, "Football", [BOT, ANN, BOB])
    await network.say(BOT, ANN, "who plays?", group=GROUP)
    [message] = await desk.hears(1)
    assert message["group"].identifier == message["reply_to"] == GROUP
    assert f"{ANN}@s.whatsapp.net" in message["sender"].identifiers
    await desk.send(GROUP, "me")
    for member in (ANN, BOB):
        [answer] = await network.wait_inbox(member, 1)
        assert (answer.text, answer.group) == ("me", GROUP)
    await network.say(BOT, BOB, "me too", group=GROUP)
    assert (await desk.hears(2))[1]["group"].display_name == "Football"


async def test_what_the_owner_types_on_the_phone_is_the_owners(network: WhatsAppNetwork, desk: Desk) -> None:
    await network.owner_says(BOT, ANN, "I take over")
    [message] = await desk.hears(1)
    assert message["source"] is Source.OWNER
    assert message["sender"].identifier == f"{BOT}@s.whatsapp.net"
    assert f"{ANN}@s.whatsapp.net" in message["to"].identifiers
    assert not set(message["to"].identifiers) & set(message["sender"].identifiers)


async def test_our_own_answers_are_not_heard(network: WhatsAppNetwork, desk: Desk) -> None:
    await desk.send(f"{ANN}@s.whatsapp.net", "hello")
    await network.wait_inbox(ANN, 1)
    await network.say(BOT, ANN, "yes?")
    await desk.hears(1)
    assert desk.inbox.texts == ["yes?"]


async def test_what_came_while_we_were_away_is_said_to_be_late(
    network: WhatsAppNetwork, server: Server, desk: Desk
) -> None:
    await desk.provider.stop_listening()
    await network.say(BOT, ANN, "are you there?")
    await network.say(BOT, BOB, "old news", age=3600)
    again = server.desk(before=desk)
    await again.provider.start_listening()
    late, old = await again.hears(2)
    assert (late["content"], late["offline"], late["answerable"]) == ("are you there?", True, True)
    assert (old["content"], old["answerable"], old["note"]) == ("old news", False, "before_linking")
    assert old["sent_at"] < datetime.now(UTC) - timedelta(minutes=50)


async def test_what_is_no_message_is_not_heard_and_what_wants_no_answer_says_why(
    network: WhatsAppNetwork, desk: Desk
) -> None:
    target = await desk.send(f"{ANN}@s.whatsapp.net", "hello")
    await network.say(BOT, ANN, "my day", group="status@broadcast")
    await network.say(BOT, ANN, "👍", kind="reaction", target=target)
    await network.say(BOT, ANN, "a cat", kind="image")
    messages = await desk.hears(2)
    assert [(message["content"], message["kind"], message["note"]) for message in messages] == [
        ("👍", "reaction", "reaction"),
        ("a cat", "image", None),
    ]


async def test_what_cannot_be_kept_now_is_offered_again(network: WhatsAppNetwork, desk: Desk) -> None:
    desk.inbox.trouble.append(NOT_NOW)
    await network.say(BOT, ANN, "important")
    await desk.hears(1)
    assert desk.inbox.texts == ["important"]


@pytest.mark.parametrize("locked", ["read", "write"])
async def test_a_message_survives_that_its_keys_cannot_be_had_for_a_while(
    network: WhatsAppNetwork, desk: Desk, locked: str
) -> None:
    await network.say(BOT, BOB, "the start is over")
    await desk.hears(1)
    desk.state.locked = {locked}
    sent = await network.say(BOT, ANN, "one")
    await until(lambda: desk.state.refused > 1)
    desk.state.locked = set()
    await network.say(BOT, ANN, "two")
    await desk.hears_all({"one", "two"})
    assert sent.id not in [event.facts["id"] for event in await network.log("nack")]


@pytest.mark.parametrize("locked", ["read", "write"])
async def test_messages_survive_that_their_keys_cannot_be_had_and_the_connection_drops_meanwhile(
    network: WhatsAppNetwork, desk: Desk, locked: str
) -> None:
    await network.say(BOT, BOB, "the start is over")
    await desk.hears(1)
    desk.state.locked = {locked}
    await network.say(BOT, ANN, "one")
    await network.say(BOT, ANN, "two")
    await until(lambda: desk.state.refused > 1)
    await network.drop(BOT)
    await desk.becomes(LinkState.RECONNECTING)
    desk.state.locked = set()
    await network.say(BOT, ANN, "three")
    await desk.hears_all({"one", "two", "three"})
    await desk.becomes(LinkState.CONNECTED)
    await desk.send(f"{ANN}@s.whatsapp.net", "understood")
    await network.wait_inbox(ANN, 1)


async def test_a_closed_queue_has_not_taken_a_message(
    network: WhatsAppNetwork, server: Server, desk: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    desk.inbox.trouble.extend([InvalidState("stopped"), InvalidState("stopped")])
    await network.say(BOT, ANN, "too late")
    await until(lambda: len(desk.inbox.trouble) == 1)
    capfd.readouterr()
    await until(lambda: not desk.inbox.trouble)
    assert "request of the whatsapp helper failed" not in "".join(capfd.readouterr())
    await desk.provider.stop_listening()
    assert not desk.inbox.messages
    again = server.desk(before=desk)
    await again.provider.start_listening()
    await again.hears_all({"too late"})


async def test_what_can_never_be_kept_does_not_hold_up_the_rest(network: WhatsAppNetwork, desk: Desk) -> None:
    desk.inbox.trouble = [KeyError("one"), UnstorableValue("two")]
    broken = await network.say(BOT, ANN, "broken")
    await network.say(BOT, ANN, "fine")
    # The note of it may come behind what was on its way already.
    aside, fine = sorted(await desk.hears(2), key=lambda message: message["message_id"] != broken.id)
    assert (aside["message_id"], aside["note"], aside["answerable"]) == (broken.id, "set_aside", False)
    assert "broken" not in aside["content"]
    assert fine["content"] == "fine"


async def test_what_can_be_kept_at_the_second_try_is_kept_as_it_is(network: WhatsAppNetwork, desk: Desk) -> None:
    desk.inbox.trouble = [KeyError("once")]
    await network.say(BOT, ANN, "whole")
    await desk.hears(1)
    assert desk.inbox.texts == ["whole"]


async def test_not_even_a_note_of_a_message_holds_up_the_rest(network: WhatsAppNetwork, desk: Desk) -> None:
    desk.inbox.trouble = [ValueError("one"), ValueError("two"), ValueError("three")]
    await network.say(BOT, ANN, "broken")
    await network.say(BOT, ANN, "fine")
    await desk.hears(1)
    assert desk.inbox.texts == ["fine"]


async def test_a_killed_sidecar_loses_no_message(network: WhatsAppNetwork, desk: Desk) -> None:
    said: set[str] = set()
    for life in range(3):
        texts = [f"{life}.{number}" for number in range(20)]
        lines = [Line(to=BOT, sender=(ANN, BOB)[number % 2], text=text) for number, text in enumerate(texts)]
        await network.say_all(lines)
        await desk.hears(len(said) + 5)
        await kill_sidecar()
        said.update(texts)
        await desk.hears_all(said)
    await network.say(BOT, ANN, "still there?")
    await desk.hears_all({"still there?"})
    await desk.becomes(LinkState.CONNECTED)
    await desk.send(f"{ANN}@s.whatsapp.net", "yes")
    await network.wait_inbox(ANN, 1)


async def test_a_contacts_phone_that_cannot_read_an_answer_gets_it_again(network: WhatsAppNetwork, desk: Desk) -> None:
    await network.say(BOT, ANN, "hello")
    await desk.hears(1)
    await desk.send(f"{ANN}@s.whatsapp.net", "one")
    await network.wait_inbox(ANN, 1)
    await network.forget(ANN)
    await desk.send(f"{ANN}@s.whatsapp.net", "two")
    answers = await network.wait_inbox(ANN, 2)
    assert answers[1].text == "two"


async def test_a_refused_message_says_so(network: WhatsAppNetwork, desk: Desk) -> None:
    await network.refuse_messages(BOT, 463)
    with pytest.raises(Refused, match="463") as refused:
        await desk.send(f"{ANN}@s.whatsapp.net", "hello")
    assert refused.value.code == 463


async def test_who_has_no_whatsapp_id_cannot_be_written_to(desk: Desk) -> None:
    with pytest.raises(Refused, match="no WhatsApp id"):
        await desk.provider.sendMessage("Ann", "hello")


async def test_a_phone_number_is_enough_to_write_to(network: WhatsAppNetwork, desk: Desk) -> None:
    await desk.provider.sendMessage(f"+{ANN}", "hello")
    [message] = await network.wait_inbox(ANN, 1)
    assert message.text == "hello"


async def test_without_a_link_a_message_is_not_handed_over(server: Server) -> None:
    desk = server.desk()
    with pytest.raises(NotConnected):
        await desk.send(f"{ANN}@s.whatsapp.net", "too early")
    await desk.provider.start_listening()
    with pytest.raises(NotConnected):
        await desk.provider.sendMessage(ANN, "still too early")
