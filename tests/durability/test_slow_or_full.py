"""A PostgreSQL that is full, slow or held up by somebody else: all of it waits, and nothing is lost or doubled."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from tests.durability.test_isolation import Phone, Scene, scene
from tests.durability.wire import open_line
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import until
from tests.postgres import QUICK, PostgresServer

LEASE = "3"
MESSAGES = 6


@pytest.fixture
def few_connections() -> Iterator[str]:
    server = PostgresServer(settings=QUICK | {"max_connections": "10"})
    server.start()
    yield server.new_database()
    server.stop()


@pytest.fixture
def slow_disk() -> Iterator[str]:
    """A tenth of a second for each commit, on top of what the disk itself takes."""
    server = PostgresServer(settings=QUICK | {"fsync": "on", "commit_delay": "100000", "commit_siblings": "0"})
    server.start()
    yield server.new_database()
    server.stop()


async def take_all_connections(url: str, held: ExitStack) -> None:
    """Those of a server too, which must have lost them."""
    first = held.enter_context(psycopg.connect(url, autocommit=True))
    theirs = "SELECT FROM pg_stat_activity WHERE application_name LIKE 'imposter%'"
    await until(lambda: not first.execute(theirs).fetchall())
    while (more := _connection(url)) is not None:
        held.enter_context(more)


def _connection(url: str) -> "psycopg.Connection[tuple[object, ...]] | None":
    try:
        return psycopg.connect(url, autocommit=True)
    except psycopg.OperationalError:
        return None


async def written(here: Scene) -> str:
    return here.victim.output.read_text()


async def leases_lost(here: Scene) -> int:
    [node] = (await here.victim.api.get("/nodes")).json()
    return int(node["report"]["leases_lost"])


async def test_a_database_without_a_connection_to_spare_is_waited_for(
    tmp_path: Path, network: WhatsAppNetwork, phone: Phone, few_connections: str
) -> None:
    async with (
        open_line(few_connections) as line,
        scene(tmp_path, network, phone, line.url.render_as_string(hide_password=False)) as here,
    ):
        with ExitStack() as held:
            line.away = True
            line.drop_all()
            await take_all_connections(few_connections, held)
            line.away = False
            await here.say(here.ann, "any room?")
            api = here.victim.api
            said = await here.victim.until(
                lambda: api.get(f"/chatbot/{here.instance_id}/messages"),
                lambda answer: answer.status_code != 200,
            )
            assert said.status_code == 503
            assert "the server's log says why" in said.text
            await here.victim.until(lambda: written(here), lambda log: "too many clients" in log)
            assert await here.is_not_ready()
            await here.say(here.ben, "for me?")
        await here.is_answered(here.ann, "hello", "any room?")
        await here.is_answered(here.ben, "hello", "for me?")
        await here.victim.until_status(here.instance_id, "connected")
        assert (await here.victim.api.get("/readyz")).status_code == 200


async def test_a_slow_disk_loses_doubles_and_reorders_nothing(
    tmp_path: Path, network: WhatsAppNetwork, phone: Phone, slow_disk: str
) -> None:
    async with scene(tmp_path, network, phone, slow_disk, IMPOSTER_LEASE_SECONDS=LEASE) as here:
        told = ["hello"]
        for number in range(MESSAGES):
            for contact in (here.ann, here.ben):
                await here.say(contact, f"number {number}")
            told.append(f"number {number}")
            for contact in (here.ann, here.ben):
                await here.is_answered(contact, *told)
        assert (await here.victim.status(here.instance_id))["status"] == "connected"
        assert (await here.victim.api.get("/readyz")).status_code == 200
        assert await leases_lost(here) == 0


async def test_a_table_that_somebody_else_has_locked_is_waited_for(
    tmp_path: Path, network: WhatsAppNetwork, phone: Phone, postgres_database: str
) -> None:
    """For longer than the server keeps its lease without being able to renew it."""
    async with scene(tmp_path, network, phone, postgres_database, IMPOSTER_LEASE_SECONDS=LEASE) as here:
        with psycopg.connect(postgres_database) as other:
            other.execute("LOCK TABLE messages")
            await here.say(here.ann, "are you busy?")
            assert await here.is_not_ready()
            await here.say(here.ben, "and now?")
            other.rollback()
        await here.is_answered(here.ann, "hello", "are you busy?")
        await here.is_answered(here.ben, "hello", "and now?")
        await here.victim.until_status(here.instance_id, "connected")
