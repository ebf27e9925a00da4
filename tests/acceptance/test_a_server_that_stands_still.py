"""A server that is stopped or hangs gives up its connections to WhatsApp, for another may be about to make them."""

import os
import signal
from collections.abc import Callable

import pytest

from tests.acceptance.product import Product
from tests.acceptance.test_life_of_a_link import sidecar_of
from tests.acceptance.test_main_job import linked
from tests.fakes.whatsapp_network import WhatsAppNetwork


@pytest.fixture
def backend() -> str:
    """The connection's life is the same on every database."""
    return "sqlite"


async def test_a_stopped_server_holds_no_connection_and_goes_on_where_it_was(
    product: Product, network: WhatsAppNetwork, phone: Callable[[], str]
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, friend, "before")
    await network.wait_inbox(friend, 1)
    logins = (await network.phones())[me].logins
    helper = sidecar_of(product)

    os.kill(product.pid, signal.SIGSTOP)
    try:
        await product.until(network.phones, lambda phones: not phones[me].online)
        await network.say(me, friend, "meanwhile")
    finally:
        os.kill(product.pid, signal.SIGCONT)

    await network.wait_log("login", phone=me, count=logins + 1)
    answers = await network.wait_inbox(friend, 2)
    assert [answer.text for answer in answers] == ["re: before", "re: meanwhile"]
    await product.until_status(instance_id, "connected")
    assert sidecar_of(product) != helper
