"""Calls that ring on the owner's phone: those that nobody took are part of the conversation, the others are none."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.product import Product
from tests.acceptance.test_main_job import linked
from tests.fakes.whatsapp_network import Call, WhatsAppNetwork
from tests.house import AT_ONCE, HASTE

Phone = Callable[[], str]
ANSWER = {**AT_ONCE, "missed_call": "answer"}


async def ended(network: WhatsAppNetwork, call: Call, tag: Any = "terminate", reason: str | None = None) -> None:
    """The call is over, and the account has dealt with that."""
    stanza = await network.tell_of_call(call, tag, reason)
    await network.wait_log("ack", phone=call.to, id=stanza)


@pytest.mark.parametrize("missed_call", ["answer", "draft", "ignore"])
async def test_a_call_that_nobody_took_is_answered_as_its_owner_wants(
    product: Product, network: WhatsAppNetwork, phone: Phone, missed_call: str
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config=AT_ONCE | {"missed_call": missed_call})
    call = await network.ring(me, friend)
    await ended(network, call, reason="timeout")
    row = await product.until_message(instance_id, kind="call")
    assert (row["details"], row["conversation"]) == ("missed call", f"{friend}@s.whatsapp.net")
    if missed_call == "ignore":
        await network.say(me, friend, "hello?")
        assert [answer.text for answer in await network.wait_inbox(friend, 1)] == ["re: hello?"]
        return
    if missed_call == "draft":
        [note] = await network.wait_inbox(me, 1)
        assert note.text is not None
        assert "missed call" in note.text
        assert await network.inbox(friend) == []
        await network.owner_says(me, me, "\U0001f44d", kind="reaction", target=note.id)
    assert [answer.by for answer in await network.wait_inbox(friend, 1)] == ["bot"]


@pytest.mark.parametrize("lid", [False, True])
async def test_a_caller_who_hangs_up_has_missed_the_owner(
    product: Product, network: WhatsAppNetwork, phone: Phone, lid: bool
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config=ANSWER)
    await network.say(me, friend, "may I call you?")
    await network.wait_inbox(friend, 1)
    call = await network.ring(me, friend, video=True, lid=lid)
    await ended(network, call, "preaccept")
    await ended(network, call)
    row = await product.until_message(instance_id, kind="call")
    assert row["details"] == "missed video call"
    assert row["conversation"] == f"{friend}@s.whatsapp.net", "one person by number and by LID"
    await network.wait_inbox(friend, 2)


@pytest.mark.parametrize(
    ("tag", "reason"),
    [("terminate", "accepted_elsewhere"), ("terminate", "rejected_elsewhere"), ("accept", None), ("reject", None)],
)
async def test_a_call_that_the_owner_took_or_refused_is_none_that_was_missed(
    product: Product, network: WhatsAppNetwork, phone: Phone, tag: str, reason: str | None
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config=ANSWER)
    call = await network.ring(me, friend)
    await ended(network, call, tag, reason)
    await ended(network, call)
    await network.say(me, friend, "good talk")
    assert [answer.text for answer in await network.wait_inbox(friend, 1)] == ["re: good talk"]
    assert [row["kind"] for row in await product.messages(instance_id)] == ["text", "text"]


async def test_a_call_of_the_owners_own_is_none_that_was_missed(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config=ANSWER)
    call = await network.ring(me, me, notice=True)
    await ended(network, call, reason="group_call_ended")
    await network.say(me, friend, "hello")
    await network.wait_inbox(friend, 1)
    assert [row["kind"] for row in await product.messages(instance_id)] == ["text", "text"]


async def test_a_call_to_a_group_is_missed_in_the_group(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    group = f"1203639{me}@g.us"
    await network.make_group(group, "Hiking", [me, friend])
    instance_id = await linked(product, network, me, chat={"allow_group_messages": True}, behaviour_config=ANSWER)
    call = await network.ring(me, friend, group=group, lid=True, video=True)
    await ended(network, call, reason="timeout")
    row = await product.until_message(instance_id, kind="call")
    assert (row["details"], row["conversation"]) == ("missed video call", group)
    [answer] = await network.wait_inbox(friend, 1)
    assert answer.group == group


async def test_a_call_among_several_is_missed_in_its_callers_chat_where_no_group_is_told(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me, behaviour_config=ANSWER)
    call = await network.ring(me, friend, lid=True, notice=True, video=True)
    await ended(network, call, reason="group_call_ended")
    row = await product.until_message(instance_id, kind="call")
    assert row["details"] == "missed video call"
    assert [answer.group for answer in await network.wait_inbox(friend, 1)] == [None]


async def test_a_call_while_the_server_was_away_is_too_old_to_be_answered_late(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    limits = HASTE | {"answer_within_minutes": 0.001}
    instance_id = await linked(product, network, me, behaviour_config=ANSWER, limits_config=limits)
    await product.stop()
    call = await network.ring(me, friend)
    await network.tell_of_call(call, reason="timeout")
    await product.start()
    row = await product.until_message(instance_id, kind="call")
    assert (row["state"], row["reason"]) == ("context", "too_old")
