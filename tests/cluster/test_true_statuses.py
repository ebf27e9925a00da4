"""What servers say of bots that live on another: never more than can be known of that other."""

import asyncio
import signal
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imposter.cluster import liveness
from imposter.domain.nodes import Heartbeat
from imposter.secrets import KEY_FILE, make_private_folder
from tests.acceptance.product import Product
from tests.cluster.cluster import dummy
from tests.cluster.servers import Servers, open_servers
from tests.house import KEY, until
from tests.postgres import PostgresServer

LONG_LEASE = 120.0
"""Seconds: longer than any test waits for a fact."""


@pytest.fixture
async def servers(stored_database: str, tmp_path: Path) -> AsyncIterator[Servers]:
    async with open_servers(stored_database, tmp_path) as servers:
        yield servers


@pytest.fixture
async def victim(servers: Servers) -> AsyncIterator[Product]:
    """A server in a process of its own, whose lease outlasts it."""
    data = make_private_folder(servers.folder / "victim" / "data")
    (data / KEY_FILE).write_bytes(b64encode(KEY))
    environment = {
        "IMPOSTER_DATABASE_URL": servers.url,
        "IMPOSTER_NODE_NAME": "victim",
        "IMPOSTER_LEASE_SECONDS": str(LONG_LEASE),
    }
    product = Product(data.parent, environment)
    await product.start()
    yield product
    await product.kill()
    await product.api.aclose()


async def test_a_bot_whose_server_was_killed_is_not_connected(servers: Servers, victim: Product) -> None:
    [bot] = await victim.put(dummy("anna"))
    await victim.until_status(bot, "connected")
    asker = await servers.start("asker")

    async def status() -> dict[str, str]:
        return dict((await asker.api.get(f"/chatbot/{bot}/status")).json())

    async def is_reconnecting() -> bool:
        return (await status())["status"] == "reconnecting"

    async def seen() -> dict[str, bool]:
        return {node["name"]: node["live"] for node in (await asker.api.get("/nodes")).json()}

    assert (await status())["status"] == "connected"
    assert await seen() == {"victim": True, "asker": True}
    await victim.stop(signal.SIGKILL)
    await until(is_reconnecting)
    assert "has not been heard of for" in (await status())["detail"]
    assert await seen() == {"victim": False, "asker": True}
    [listed, _] = (await asker.api.get("/nodes")).json()
    assert listed["lease_seconds"] == LONG_LEASE
    assert listed["heard_at"] < listed["lease_until"]
    [in_the_list] = (await asker.api.get("/chatbot")).json()
    assert in_the_list["status"] == "reconnecting"


async def test_a_bot_that_was_taken_is_not_what_its_last_owner_said(servers: Servers, victim: Product) -> None:
    [bot] = await victim.put(dummy("anna"))
    await victim.until_status(bot, "connected")
    asker = await servers.start("asker")
    await servers.ask("UPDATE bots SET owner = (SELECT node_id FROM nodes WHERE name = 'asker')")
    assert await asker.status(bot) == "reconnecting"


async def test_a_bot_on_its_way_to_another_server_is_never_called_stopped(servers: Servers) -> None:
    users = [f"user {number}" for number in range(6)]
    one = await servers.start("one")
    for user in users:
        await one.put(user)
    await servers.run_once_each(*users)
    seen: set[str] = set()

    async def watch() -> None:
        while True:
            for server in servers.running:
                answer = await server.api.get("/chatbot")
                seen.update(bot["status"] for bot in answer.json())
                for bot in answer.json():
                    seen.add(await server.status(bot["instance_id"]))

    watching = asyncio.create_task(watch(), name="watching")
    two = await servers.start("two")
    await until(lambda: sum(two.house.bots.has_user(user) for user in users) == 3)
    await servers.run_once_each(*users)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert "connected" in seen
    assert "stopped" not in seen


async def test_a_server_that_joins_says_what_may_be_set_up_wrong(
    servers: Servers, victim: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    await servers.start("another")
    said = capsys.readouterr().err
    assert f'"others": {{"victim": {LONG_LEASE}}}' in said
    assert "has the same name" not in said
    await servers.start("victim")
    said = capsys.readouterr().err
    assert "another server has the same name: set IMPOSTER_NODE_NAME" in said
    assert '"node_id": "' in said


async def test_the_log_tells_of_an_outage_of_the_database_and_of_its_end_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    postgres = PostgresServer()
    postgres.start()
    try:
        async with open_servers(postgres.new_database(), tmp_path) as servers:
            one = await servers.start("one")
            await servers.run_once_each(*[await one.put("anna") and "anna"])
            capsys.readouterr()
            postgres.halt()
            for _ in range(5):
                assert (await one.api.get("/chatbot")).status_code == 503
            await until(lambda: not one.house.bots.has_user("anna"))  # its lease is over
            postgres.start()
            await until(lambda: one.house.bots.has_user("anna"))
            said = capsys.readouterr().err
    finally:
        postgres.stop()
    assert said.count("the database cannot be reached") == 1
    assert said.count("the database is back") == 1
    for noise in ('"trace"', "commit failed", "store does not answer", "desk does not see"):
        assert noise not in said


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        (None, "gone, or gave it away"),
        (Heartbeat(None, 10.5, 10, -0.5, connected=True), "gone, or gave it away"),
        (
            Heartbeat(None, 5.1, 10, 4.9, connected=True),
            "has not been heard of for 6 s; if it is gone, another takes it",
        ),
        (Heartbeat(None, 0.3, 10, 9.7, connected=False), "has not been heard of for 1 s"),
        (Heartbeat(None, 4.9, 10, 5.1, connected=True), None),
        (Heartbeat(None, None, None, 0.1, connected=True), None),
    ],
)
def test_what_a_server_is_said_to_be_by_when_it_was_heard_of(sign: Heartbeat | None, words: str | None) -> None:
    said = liveness.told(sign)
    assert said is None if words is None else words in str(said)
