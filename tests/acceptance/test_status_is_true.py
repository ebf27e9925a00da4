"""Whatever happens to a connection, the status tells it at once, and the bot comes back where it can.

How long each took stands in pytest's report (`--junitxml`) as the property `seconds`; docs/architecture.md has figures.
"""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.acceptance.conftest import bot
from tests.acceptance.product import ROOT, Product, free_port, running
from tests.acceptance.test_life_of_a_link import sidecar_of
from tests.acceptance.test_main_job import linked
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.postgres import PASSWORD, new_database
from tests.timeouts import FACT

Phone = Callable[[], str]
Note = Callable[[str, object], None]


class Link:
    """A linked bot, and the time that its status takes."""

    def __init__(self, product: Product, network: WhatsAppNetwork, me: str, friend: str, note: Note) -> None:
        self.product = product
        self.me = me
        self.instance_id = ""
        self._network = network
        self._friend = friend
        self._note = note

    async def becomes(
        self,
        wanted: str,
        after: Awaitable[object] | None = None,
        *,
        telling: str = "",
        unlike: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The status, once it is `wanted`, and anew since that one, and its detail says `telling`."""
        started = time.monotonic()
        if after is not None:
            await after
        status = await self.product.until(
            lambda: self.product.status(self.instance_id),
            lambda status: (
                status["status"] == wanted
                and telling in (status["detail"] or "")
                and (unlike is None or status["since"] != unlike["since"])
            ),
        )
        self._note("seconds", f"{wanted}: {time.monotonic() - started:.2f}")
        return dict(status)

    async def still_answers(self, count: int = 1) -> None:
        await self._network.say(self.me, self._friend, f"still there? {count}")
        answers = await self._network.wait_inbox(self._friend, count)
        assert answers[-1].text == f"re: still there? {count}"


@pytest.fixture
async def link(product: Product, network: WhatsAppNetwork, phone: Phone, record_property: Note) -> Link:
    return await link_of(product, network, phone, record_property)


@pytest.fixture
async def own_link(own_product: Product, network: WhatsAppNetwork, phone: Phone, record_property: Note) -> Link:
    """Of a server whose data folder and database nobody else has used."""
    return await link_of(own_product, network, phone, record_property)


@pytest.fixture
async def links(
    tmp_path: Path,
    outside: dict[str, str],
    postgres_database: str,
    network: WhatsAppNetwork,
    phone: Phone,
    record_property: Note,
) -> AsyncIterator[list[Link]]:
    """One on each database."""
    places = {"sqlite": outside, "postgresql": outside | {"IMPOSTER_DATABASE_URL": postgres_database}}
    async with AsyncExitStack() as stack:
        made = []
        for name, environment in places.items():
            (tmp_path / name).mkdir()
            product = await stack.enter_async_context(running(tmp_path / name, environment))
            made.append(await link_of(product, network, phone, record_property))
        yield made


async def link_of(product: Product, network: WhatsAppNetwork, phone: Phone, note: Note) -> Link:
    link = Link(product, network, phone(), phone(), note)
    link.instance_id = await linked(product, network, link.me)
    return link


async def side_by_side(links: list[Link], test: Callable[[Link], Awaitable[None]]) -> None:
    """For what takes more than ten seconds, nearly all of it waiting: both databases wait together."""
    await asyncio.gather(*map(test, links))


@pytest.fixture(autouse=True)
async def untroubled(network: WhatsAppNetwork) -> AsyncIterator[None]:
    """The network is everybody's."""
    yield
    await network.refuse_connections(False)
    await network.set_clock(0)


async def do(act: Callable[[], object]) -> None:
    act()


async def test_a_dropped_connection(link: Link, network: WhatsAppNetwork) -> None:
    status = await link.becomes("reconnecting", network.drop(link.me), telling="lost")
    assert status["code"] == 428
    status = await link.becomes("connected")
    assert status["code"] is None
    await link.still_answers()


async def test_a_restart_of_whatsapps_server(link: Link, network: WhatsAppNetwork) -> None:
    await network.refuse_connections()
    await link.becomes("reconnecting", network.drop(link.me))
    await link.becomes("reconnecting", telling="did not answer")
    await link.becomes("connected", network.refuse_connections(False))
    await link.still_answers()


async def test_a_server_that_is_not_available_by_http(link: Link, network: WhatsAppNetwork) -> None:
    await network.refuse_connections(status=503)
    await link.becomes("reconnecting", network.drop(link.me))
    status = await link.becomes("reconnecting", telling="not available")
    assert status["code"] == 503
    await link.becomes("connected", network.refuse_connections(False))


@pytest.mark.parametrize(("code", "words"), [(500, "trouble"), (503, "not available")])
async def test_a_connection_that_whatsapp_ends(link: Link, network: WhatsAppNetwork, code: int, words: str) -> None:
    status = await link.becomes("reconnecting", network.close_with(link.me, code), telling=words)
    assert status["code"] == code
    await link.becomes("connected")


async def test_a_wanted_restart_of_the_connection(link: Link, network: WhatsAppNetwork) -> None:
    before = await link.becomes("connected")
    await link.becomes("connected", network.close_with(link.me, 515), unlike=before)
    await link.still_answers()


async def test_an_unlinked_device(link: Link, network: WhatsAppNetwork) -> None:
    status = await link.becomes("logged_out", network.log_out(link.me))
    assert status["code"] == 401


async def test_a_second_client_of_the_same_device(
    own_link: Link, tmp_path: Path, environment: dict[str, str], database: str | None, postgres_url: str
) -> None:
    await own_link.product.stop()
    shutil.copytree(own_link.product.data, tmp_path / "copy" / "data")
    if database:
        environment = environment | {"IMPOSTER_DATABASE_URL": new_database(postgres_url, copy_of=database)}
    await own_link.product.start()
    await own_link.becomes("connected")
    async with running(tmp_path / "copy", environment) as second:
        status = await own_link.becomes("replaced")
        assert status["code"] == 440
        await second.until_status(own_link.instance_id, "connected")
    await own_link.becomes("connected", own_link.product.api.post(f"/chatbot/{own_link.instance_id}/start"))


async def test_a_connection_that_goes_silent(links: list[Link], network: WhatsAppNetwork) -> None:
    async def goes_silent(link: Link) -> None:
        await link.becomes("reconnecting", network.freeze(link.me), telling="not answered")
        await link.becomes("reconnecting", telling="Trying again")
        await link.becomes("connected")
        await link.still_answers()

    await side_by_side(links, goes_silent)


async def test_a_connection_that_goes_silent_with_an_answer_on_its_way(
    link: Link, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    friend = phone()
    model.hang()
    await network.say(link.me, friend, "are you there?")
    await model.wait_requests(1)
    await network.freeze(link.me)
    await link.becomes("reconnecting", do(model.release), telling="not answered")
    await link.becomes("connected")
    assert [answer.text for answer in await network.wait_inbox(friend, 1)] == ["re: are you there?"]
    await link.still_answers()
    assert len(await network.inbox(friend)) == 1


async def test_a_code_that_nobody_scanned(product: Product, network: WhatsAppNetwork, phone: Phone) -> None:
    [instance_id] = await product.put(bot())
    old = await product.qr(instance_id)
    await network.end_pairing(old)
    status = await product.until(lambda: product.status(instance_id), lambda status: status["qr"] not in (None, old))
    assert status["status"] == "linking"
    await network.scan(status["qr"], phone())
    await product.until_status(instance_id, "connected")


@pytest.mark.parametrize("ahead", [600, -600])
async def test_a_clock_that_differs_from_whatsapps(
    product: Product, network: WhatsAppNetwork, phone: Phone, ahead: int
) -> None:
    await network.set_clock(ahead)
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, friend, "one", id="SKEWED0001")
    await network.wait_inbox(friend, 1)
    await product.stop()
    await network.say(me, friend, "one", id="SKEWED0001")
    await network.say(me, friend, "two")
    await product.start()
    answers = await network.wait_inbox(friend, 2)
    await network.say(me, friend, "three")
    answers = await network.wait_inbox(friend, 3)
    assert [answer.text for answer in answers] == ["re: one", "re: two", "re: three"]
    await product.until_status(instance_id, "connected")


async def test_a_killed_helper(link: Link) -> None:
    killed = sidecar_of(link.product)
    await link.becomes("reconnecting", do(lambda: os.kill(killed, signal.SIGKILL)), telling="ended")
    await link.becomes("connected")
    assert sidecar_of(link.product) != killed
    await link.still_answers()


async def test_a_helper_that_hangs_for_a_moment(link: Link, network: WhatsAppNetwork) -> None:
    hung = sidecar_of(link.product)
    logins = (await network.phones())[link.me].logins
    await link.becomes("reconnecting", do(lambda: os.kill(hung, signal.SIGSTOP)), telling="does not answer")
    await link.becomes("connected", do(lambda: os.kill(hung, signal.SIGCONT)))
    await link.still_answers()
    assert (await network.phones())[link.me].logins == logins
    assert sidecar_of(link.product) == hung


async def test_a_helper_that_hangs_for_good(links: list[Link]) -> None:
    async def hangs(link: Link) -> None:
        hung = sidecar_of(link.product)
        await link.becomes("reconnecting", do(lambda: os.kill(hung, signal.SIGSTOP)), telling="does not answer")
        await link.becomes("connected")
        assert not psutil.pid_exists(hung)
        await link.still_answers()

    await side_by_side(links, hangs)


async def test_a_killed_server(link: Link) -> None:
    await link.product.kill()
    await link.becomes("connected", link.product.start())
    await link.still_answers()


async def test_a_second_server_on_the_same_folder(own_link: Link, environment: dict[str, str]) -> None:
    """With PostgreSQL, too: several servers may share the database, each with a folder of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    second = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "uvicorn", "main:app", "--port", str(free_port()),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=kept | environment | {"IMPOSTER_DATA_DIR": str(own_link.product.data)},
    )  # fmt: skip
    async with asyncio.timeout(FACT):
        output, _ = await second.communicate()
    told = output.decode()
    assert second.returncode != 0
    assert "another server is using" in told
    assert "set IMPOSTER_DATA_DIR to another" in told
    assert "Traceback" not in told
    assert PASSWORD not in told
    await own_link.becomes("connected")
    await own_link.still_answers()
