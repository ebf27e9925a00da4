"""A bot deleted or unlinked at any step of its start: the phone lists it no more, or the answer says that it does."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from imposter.contracts.status import STILL_LISTED
from tests.acceptance.conftest import bot as bot_config
from tests.acceptance.product import Product
from tests.acceptance.test_life_of_a_link import sidecar_of
from tests.acceptance.test_main_job import linked
from tests.fakes.whatsapp_network import WhatsAppNetwork

Phone = Callable[[], str]
Step = Callable[[Product, WhatsAppNetwork, str, str], Awaitable[None]]
"""(product, network, the bot, its account): brings the bot to a step of its start, and goes on."""


async def server_comes_up(product: Product, network: WhatsAppNetwork, bot: str, me: str) -> None:
    await product.stop()
    await product.start()


async def just_started(product: Product, network: WhatsAppNetwork, bot: str, me: str) -> None:
    await product.api.post(f"/chatbot/{bot}/stop")
    await product.api.post(f"/chatbot/{bot}/start")


async def login_is_asked_for(product: Product, network: WhatsAppNetwork, bot: str, me: str) -> None:
    await network.drop(me)
    await network.wait_log("login", phone=me, count=2)


async def stopped(product: Product, network: WhatsAppNetwork, bot: str, me: str) -> None:
    await product.api.post(f"/chatbot/{bot}/stop")


async def connected(product: Product, network: WhatsAppNetwork, bot: str, me: str) -> None:
    await product.until_status(bot, "connected")


async def helper_is_spawned(product: Product, network: WhatsAppNetwork, bot: str, me: str) -> None:
    os.kill(sidecar_of(product), signal.SIGKILL)
    await product.until_status(bot, "reconnecting")


async def line_broke(product: Product, network: WhatsAppNetwork, bot: str, me: str) -> None:
    await network.drop(me)
    await product.until_status(bot, "reconnecting")


async def line_is_dead(product: Product, network: WhatsAppNetwork, bot: str, me: str) -> None:
    await network.freeze(me)


async def replaced(product: Product, network: WhatsAppNetwork, bot: str, me: str) -> None:
    await network.close_with(me, 440)
    await product.until_status(bot, "replaced")


async def socket_opens(product: Product, network: WhatsAppNetwork, bot: str, me: str) -> None:
    await network.refuse_connections()
    await just_started(product, network, bot, me)
    await product.until_status(bot, "reconnecting")
    asyncio.get_running_loop().call_later(
        1, lambda: LATER.append(asyncio.ensure_future(network.refuse_connections(False)))
    )


async def login_is_refused(product: Product, network: WhatsAppNetwork, bot: str, me: str) -> None:
    await network.refuse_logins(me, 503)
    await just_started(product, network, bot, me)
    await network.wait_log("login-refused", phone=me)
    asyncio.get_running_loop().call_later(
        1, lambda: LATER.append(asyncio.ensure_future(network.refuse_logins(me, None)))
    )


LATER: list[asyncio.Future[None]] = []
STEPS: list[Step] = [
    server_comes_up, just_started, helper_is_spawned, socket_opens, login_is_refused, login_is_asked_for,
    connected, line_broke, line_is_dead, replaced, stopped,
]  # fmt: skip


@pytest.fixture(autouse=True)
async def reachable(network: WhatsAppNetwork) -> AsyncIterator[None]:
    yield
    await asyncio.gather(*LATER)
    LATER.clear()
    await network.refuse_connections(False)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
async def test_who_is_deleted_on_the_way_is_listed_no_more(
    product: Product, network: WhatsAppNetwork, phone: Phone, step: Step
) -> None:
    me = phone()
    bot = await linked(product, network, me)
    await step(product, network, bot, me)
    answer = await product.api.delete(f"/chatbot/{bot}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert not (await network.phones())[me].linked


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
async def test_who_is_unlinked_on_the_way_is_listed_no_more(
    product: Product, network: WhatsAppNetwork, phone: Phone, step: Step
) -> None:
    me = phone()
    bot = await linked(product, network, me)
    await step(product, network, bot, me)
    answer = await product.api.post(f"/chatbot/{bot}/unlink")
    assert (answer.json()["status"], answer.json()["detail"]) == ("logged_out", "Unlinked. Start it to link again.")
    assert not (await network.phones())[me].linked


@pytest.mark.parametrize("step", [connected, stopped, just_started], ids=lambda step: step.__name__)
async def test_what_whatsapp_could_not_be_told_is_told_to_the_owner(
    product: Product, network: WhatsAppNetwork, phone: Phone, step: Step
) -> None:
    accounts = [phone(), phone()]
    bots = [await linked(product, network, me) for me in accounts]
    await network.refuse_connections()
    for bot, me in zip(bots, accounts, strict=True):
        await network.drop(me)
        await product.until_status(bot, "reconnecting")
        if step is not connected:
            await step(product, network, bot, me)
    unlinked, deleted = await asyncio.gather(
        product.api.post(f"/chatbot/{bots[0]}/unlink"), product.api.delete(f"/chatbot/{bots[1]}")
    )
    assert [(await network.phones())[me].linked for me in accounts] == [True, True]
    assert (unlinked.status_code, unlinked.json()["status"]) == (200, "logged_out")
    assert unlinked.json()["detail"] == STILL_LISTED
    assert (deleted.status_code, deleted.json()) == (200, {"detail": STILL_LISTED})
    assert (await product.api.get(f"/chatbot/{bots[1]}/status")).status_code == 404


async def test_who_never_was_linked_leaves_nothing_to_do(product: Product, network: WhatsAppNetwork) -> None:
    [bot] = await product.put(bot_config("nobody"))
    await product.qr(bot)
    await network.refuse_connections()
    answer = await product.api.delete(f"/chatbot/{bot}")
    assert (answer.status_code, answer.content) == (204, b"")


async def test_a_crash_as_the_link_is_signed_leaves_a_bot_that_has_it(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me = phone()
    [bot] = await product.put(bot_config(f"user of {me}"))
    qr = await product.qr(bot)
    processes = [product.pid, sidecar_of(product)]
    await network.set_trap("paired", processes, {"phone": me})
    await network.scan(qr, me)
    await network.wait_log("trap", pids=processes)
    await product.kill()
    await product.start()
    await product.until_status(bot, "connected")
    assert (await product.api.delete(f"/chatbot/{bot}")).status_code == 204
    assert not (await network.phones())[me].linked


@pytest.mark.parametrize("turn", range(3))
async def test_who_is_deleted_while_the_phone_links_it_is_listed_no_more(
    product: Product, network: WhatsAppNetwork, phone: Phone, turn: int
) -> None:
    me = phone()
    [bot] = await product.put(bot_config(f"user of {me}"))
    await network.scan(await product.qr(bot), me)
    await network.wait_log("paired", phone=me)
    answer = await product.api.delete(f"/chatbot/{bot}")
    assert answer.status_code == 204
    assert not (await network.phones())[me].linked
