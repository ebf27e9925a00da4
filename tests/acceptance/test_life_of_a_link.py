"""Restarts, crashes and everything that can happen to a link."""

import os
import signal
from collections.abc import Callable

import psutil

from tests.acceptance.conftest import bot
from tests.acceptance.product import Product
from tests.acceptance.test_main_job import linked
from tests.fakes.model_server import Failure, ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork

Phone = Callable[[], str]


def sidecar_of(product: Product) -> int:
    """The pid of the Node process."""
    children = psutil.Process(product.pid).children()
    [sidecar] = [child for child in children if any("whatsapp_baileys_server" in part for part in child.cmdline())]
    return int(sidecar.pid)


async def test_after_a_crash_everything_is_there_and_nobody_scans_again(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend, other = phone(), phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, friend, "before")
    await network.wait_inbox(friend, 1)
    model.always_fail = Failure(status=503)
    await network.say(me, friend, "waiting")
    await product.until_message(instance_id, content="waiting", state="waiting")
    await product.kill()
    await network.say(me, other, "while you were away")
    model.always_fail = None
    await product.start()
    assert [answer.text for answer in await network.wait_inbox(friend, 2)] == ["re: before", "re: waiting"]
    assert [answer.text for answer in await network.wait_inbox(other, 1)] == ["re: while you were away"]
    assert next(asked for asked in model.requests if asked.texts[-1:] == ["waiting"]).texts[1:] == [
        "before",
        "re: before",
        "waiting",
    ]
    status = await product.until_status(instance_id, "connected")
    assert status["qr"] is None
    assert (await network.phones())[me].logins >= 2


async def test_what_was_sent_before_linking_is_never_answered(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me, chat={"process_offline_messages": True})
    await product.stop()
    await network.say(me, friend, "in an earlier life", age=36_000)
    await network.say(me, friend, "just now")
    await product.start()
    assert [answer.text for answer in await network.wait_inbox(friend, 1)] == ["re: just now"]
    early = await product.until_message(instance_id, content="in an earlier life")
    assert (early["state"], early["reason"]) == ("context", "before_linking")


async def test_a_broken_connection_comes_back(product: Product, network: WhatsAppNetwork, phone: Phone) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    for number, trouble in enumerate([network.drop(me), network.close_with(me, 515), network.close_with(me, 503)]):
        await trouble
        await network.wait_log("login", phone=me, count=number + 2)
    await network.say(me, friend, "still there?")
    assert [answer.text for answer in await network.wait_inbox(friend, 1)] == ["re: still there?"]
    await product.until_status(instance_id, "connected")


async def test_a_dead_sidecar_comes_back_with_all_its_accounts(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    accounts = [phone(), phone()]
    ids = [await linked(product, network, me) for me in accounts]
    os.kill(sidecar_of(product), signal.SIGKILL)
    for me, instance_id in zip(accounts, ids, strict=True):
        friend = phone()
        await network.say(me, friend, "still there?")
        assert [answer.text for answer in await network.wait_inbox(friend, 1)] == ["re: still there?"]
        await product.until_status(instance_id, "connected")


async def test_unlinked_on_the_phone_means_logged_out_until_it_is_started_again(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    await network.log_out(me)
    status = await product.until_status(instance_id, "logged_out")
    assert status["detail"]
    await product.api.post(f"/chatbot/{instance_id}/start")
    await network.scan(await product.qr(instance_id), me)
    await product.until_status(instance_id, "connected")
    await network.say(me, friend, "again")
    assert [answer.text for answer in await network.wait_inbox(friend, 1)] == ["re: again"]


async def test_replaced_by_another_client_it_does_not_fight(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me = phone()
    instance_id = await linked(product, network, me)
    logins = (await network.phones())[me].logins
    await network.close_with(me, 440)
    await product.until_status(instance_id, "replaced")
    assert (await network.phones())[me].logins == logins
    await product.api.post(f"/chatbot/{instance_id}/start")
    await product.until_status(instance_id, "connected")


async def test_a_qr_that_nobody_scanned_is_replaced(product: Product, network: WhatsAppNetwork, phone: Phone) -> None:
    [instance_id] = await product.put(bot())
    old = await product.qr(instance_id)
    await network.end_pairing(old)
    status = await product.until(lambda: product.status(instance_id), lambda status: status["qr"] not in (None, old))
    assert status["status"] == "linking"
    await network.scan(status["qr"], phone())
    await product.until_status(instance_id, "connected")


async def test_a_wanted_passkey_is_told(product: Product, network: WhatsAppNetwork) -> None:
    [instance_id] = await product.put(bot())
    await network.ask_for_passkey(await product.qr(instance_id))
    status = await product.until_status(instance_id, "passkey_required")
    assert "passkey" in status["detail"].lower()


async def test_unlinking_takes_the_account_off_and_deleting_the_bot_with_it(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me = phone()
    instance_id = await linked(product, network, me)
    answer = await product.api.post(f"/chatbot/{instance_id}/unlink")
    assert answer.json()["status"] == "logged_out"
    assert not (await network.phones())[me].linked
    await product.api.post(f"/chatbot/{instance_id}/start")
    await network.scan(await product.qr(instance_id), me)
    await product.until_status(instance_id, "connected")
    assert (await product.api.delete(f"/chatbot/{instance_id}")).status_code == 204
    assert not (await network.phones())[me].linked
    assert (await product.api.get(f"/chatbot/{instance_id}/status")).status_code == 404


async def test_what_was_said_to_one_account_is_never_answered_from_another(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    first, second, friend = phone(), phone(), phone()
    instance_id = await linked(product, network, first)
    model.hang()
    await network.say(first, friend, "for the first account only")
    await model.wait_requests(1)
    await product.api.post(f"/chatbot/{instance_id}/unlink")
    model.release()
    await product.api.post(f"/chatbot/{instance_id}/start")
    await network.scan(await product.qr(instance_id), second)
    await product.until_status(instance_id, "connected")
    await network.say(second, friend, "for the second")
    [answer] = await network.wait_inbox(friend, 1)
    assert (answer.text, answer.sender) == ("re: for the second", second)
    left = await product.until_message(instance_id, content="for the first account only")
    assert (left["state"], left["reason"]) == ("context", "unlinked")


async def test_a_failing_model_is_silence_for_the_contact_and_a_sentence_for_the_owner(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    model.failures = [Failure(status=401)]
    await network.say(me, friend, "one")
    failed = await product.until_message(instance_id, content="one", state="failed")
    assert failed["reason"]
    assert (await product.status(instance_id))["last_error"]
    model.failures = [Failure(status=429, headers={"retry-after": "0"})]
    await network.say(me, friend, "two")
    assert [answer.text for answer in await network.wait_inbox(friend, 1)] == ["re: two"]
