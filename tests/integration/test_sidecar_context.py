"""What a message says of others, the owner's own chat, and taking back, through the real sidecar and real Baileys."""

import pytest

from imposter.contracts.errors import NotConnected, Refused
from imposter.contracts.messages import Source
from imposter.contracts.status import LinkState
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import until
from tests.integration.whatsapp_desk import ANN, BOB, BOT, NOT_NOW, Desk, Server

GROUP = "120363000000000001@g.us"
ANN_ID, BOT_ID = f"{ANN}@s.whatsapp.net", f"{BOT}@s.whatsapp.net"


@pytest.mark.parametrize("lid", [False, True])
async def test_a_group_message_says_whether_it_is_meant_for_the_account(
    network: WhatsAppNetwork, desk: Desk, lid: bool
) -> None:
    await network.make_group(GROUP, "Football", [BOT, ANN, BOB], lid=lid)
    ours = await desk.send(GROUP, "who plays?")
    hers = await network.say(BOT, ANN, "plain", group=GROUP)
    await network.say(BOT, ANN, "to us", group=GROUP, mentions=[BOB, BOT])
    await network.say(BOT, ANN, "to Bob", group=GROUP, mentions=[BOB])
    await network.say(BOT, ANN, "to all", group=GROUP, mentions_everybody=True)
    await network.say(BOT, BOB, "answers us", group=GROUP, target=ours)
    await network.say(BOT, BOB, "answers Ann", group=GROUP, target=hers.id, target_sender=ANN)
    messages = await desk.hears(6)
    assert [(message["content"], message["addressed"], message["quotes"]) for message in messages] == [
        ("plain", False, None),
        ("to us", True, None),
        ("to Bob", False, None),
        ("to all", True, None),
        ("answers us", True, ours),
        ("answers Ann", False, hers.id),
    ]


async def test_what_the_owner_says_in_a_group_is_not_addressed_to_the_account(
    network: WhatsAppNetwork, desk: Desk
) -> None:
    await network.make_group(GROUP, "Football", [BOT, ANN])
    await network.say(BOT, BOT, "ask me", group=GROUP, mentions=[BOT])
    [message] = await desk.hears(1)
    assert (message["source"], message["addressed"]) == (Source.OWNER, False)


async def test_a_reaction_is_the_emoji_and_its_end_is_told_too(network: WhatsAppNetwork, desk: Desk) -> None:
    ours = await desk.send(ANN_ID, "hello")
    await network.say(BOT, ANN, "👍", kind="reaction", target=ours)
    await network.say(BOT, ANN, "", kind="reaction", target=ours)
    for message, emoji in zip(await desk.hears(2), ("👍", ""), strict=True):
        assert (message["content"], message["reacts_to"]) == (emoji, ours)
        assert (message["source"], message["answerable"], message["note"]) == (Source.CONTACT, False, "reaction")


async def test_the_owners_reactions_and_replies_are_the_owners(network: WhatsAppNetwork, desk: Desk) -> None:
    ours = await desk.send(ANN_ID, "hello")
    hers = await network.say(BOT, ANN, "who is this?")
    await network.owner_says(BOT, ANN, "👎", kind="reaction", target=ours, target_sender=BOT)
    await network.owner_says(BOT, ANN, "me", target=hers.id)
    _, reaction, reply = await desk.hears(3)
    assert (reaction["source"], reaction["content"], reaction["reacts_to"]) == (Source.OWNER, "👎", ours)
    assert (reply["source"], reply["content"], reply["quotes"]) == (Source.OWNER, "me", hers.id)
    assert {ANN_ID} <= set(reaction["to"].identifiers) & set(reply["to"].identifiers)


async def test_a_reaction_that_cannot_be_kept_now_is_offered_again(network: WhatsAppNetwork, desk: Desk) -> None:
    desk.inbox.trouble.append(NOT_NOW)
    sent = await network.say(BOT, ANN, "👍", kind="reaction", target="3EB0")
    await desk.hears(1)
    assert desk.inbox.texts == ["👍"]
    # Its receipt goes out only afterwards.
    await network.wait_log("receipt", id=sent.id)


@pytest.mark.parametrize("lid", [False, True])
async def test_the_chat_with_oneself_is_heard_and_can_be_written_to(
    network: WhatsAppNetwork, desk: Desk, lid: bool
) -> None:
    own_lid = f"{(await network.phones())[BOT].lid}@lid"
    assert desk.provider.own_chat() == BOT_ID
    await network.owner_says(BOT, BOT, "a note", lid=lid)
    [note] = await desk.hears(1)
    assert note["source"] is Source.OWNER
    assert set(note["sender"].identifiers) == set(note["to"].identifiers) == {BOT_ID, own_lid}
    assert note["reply_to"] == (own_lid if lid else BOT_ID)
    assert note["answerable"]

    draft = await desk.send(note["reply_to"], "shall I say this?")
    [shown] = await network.wait_inbox(BOT, 1)
    assert (shown.id, shown.text, shown.by) == (draft, "shall I say this?", "bot")
    await network.owner_says(BOT, BOT, "👍", kind="reaction", target=draft, lid=lid)
    await network.owner_says(BOT, BOT, "say that instead", target=draft, lid=lid)
    _, reaction, reply = await desk.hears(3)
    assert (reaction["source"], reaction["content"], reaction["reacts_to"]) == (Source.OWNER, "👍", draft)
    assert (reply["source"], reply["content"], reply["quotes"]) == (Source.OWNER, "say that instead", draft)


async def test_the_address_of_the_own_chat_is_known_as_long_as_the_account_is_linked(
    network: WhatsAppNetwork, server: Server, desk: Desk
) -> None:
    assert server.desk("i2").provider.own_chat() is None
    await desk.provider.stop_listening()
    await network.refuse_connections()
    again = server.desk(before=desk)
    await again.provider.start_listening()
    assert again.provider.own_chat() == BOT_ID
    await network.refuse_connections(on=False)
    await again.becomes(LinkState.CONNECTED)
    await network.log_out(BOT)
    await again.becomes(LinkState.LOGGED_OUT)
    assert again.provider.own_chat() is None


@pytest.mark.parametrize("lid", [False, True])
async def test_an_answer_is_deleted_for_everyone(network: WhatsAppNetwork, desk: Desk, lid: bool) -> None:
    await network.say(BOT, ANN, "hello", lid=lid)
    [message] = await desk.hears(1)
    sent = await desk.send(message["reply_to"], "too much")
    await desk.provider.delete_for_everyone(message["reply_to"], sent)
    _, deletion = await network.wait_inbox(ANN, 2)
    assert (deletion.kind, deletion.target) == ("revoke", sent)
    assert len(await desk.hears(1)) == 1, "our own deletion is no message to us"


async def test_an_answer_is_deleted_in_a_group_and_in_the_own_chat(network: WhatsAppNetwork, desk: Desk) -> None:
    await network.make_group(GROUP, "Football", [BOT, ANN, BOB])
    for chat, phones in ((GROUP, (ANN, BOB)), (BOT_ID, (BOT,))):
        sent = await desk.send(chat, "too much")
        await desk.provider.delete_for_everyone(chat, sent)
        for phone in phones:
            await network.wait_log("reply", to=phone, shown="revoke", target=sent)


async def test_a_deletion_that_whatsapp_refuses_says_so(network: WhatsAppNetwork, server: Server, desk: Desk) -> None:
    await network.refuse_messages(BOT, 479)
    with pytest.raises(Refused):
        await desk.provider.delete_for_everyone(ANN_ID, "3EB0")
    with pytest.raises(NotConnected):
        await server.desk("i2").provider.delete_for_everyone(ANN_ID, "3EB0")


async def test_what_others_edit_and_delete_is_told_and_wants_no_answer(network: WhatsAppNetwork, desk: Desk) -> None:
    first = await network.say(BOT, ANN, "at seven")
    await network.say(BOT, ANN, "at eight", kind="edit", target=first.id)
    await network.say(BOT, ANN, kind="revoke", target=first.id)
    mine = await network.owner_says(BOT, ANN, "fine")
    await network.owner_says(BOT, ANN, kind="revoke", target=mine.id)
    await until(lambda: len(desk.inbox.messages) == 5)
    assert [(message["kind"], message["content"], message["changes"]) for message in desk.inbox.messages] == [
        ("text", "at seven", None),
        ("edit", "at eight", first.id),
        ("deletion", "", first.id),
        ("text", "fine", None),
        ("deletion", "", mine.id),
    ]
    assert [message["source"] for message in desk.inbox.messages] == [Source.CONTACT] * 3 + [Source.OWNER] * 2
