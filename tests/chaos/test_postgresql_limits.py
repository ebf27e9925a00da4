"""What a stranger's lock on PostgreSQL's tables does, and a fail-over to a copy that lags behind."""

import asyncio
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.acceptance.product import Product
from tests.chaos.power_loss_world import World, accepted, bot, built, heard, texts, two_texts, world
from tests.house import until
from tests.postgres import PostgresServer

__all__ = ["built", "world"]


CONTACTS = "a b"


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """A server of its own, for it is stopped and its data replaced."""
    server = PostgresServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def url(postgres: PostgresServer, world: World) -> str:
    url = postgres.new_database()
    world.environment["IMPOSTER_DATABASE_URL"] = url
    return url


async def ready(product: Product) -> httpx2.Response:
    return await product.api.get("/readyz")


@pytest.mark.parametrize(
    ("table", "trouble", "times"), [("messages", "did not answer", 5), ("nodes", "may have no bots now", 1)]
)
async def test_a_table_that_a_stranger_holds(world: World, url: str, table: str, trouble: str, times: int) -> None:
    """Of messages for longer than a statement may take (an answer takes 5 s then); of nodes, for longer than a lease.

    Either way it says so, is there all the time, and goes on when the stranger does.
    """
    async with world.server() as product:
        await product.start()
        [instance_id] = await product.put(bot(world.journal, "anna", CONTACTS, 10, 0.2))
        await until(lambda: bool(texts(heard(world.journal))))
        with closing(psycopg.connect(url)) as stranger:
            stranger.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
            answer = await product.until(lambda: ready(product), lambda answer: answer.status_code == 503)
            assert trouble in answer.json()["detail"]
            for _ in range(times - 1):
                assert (await ready(product)).status_code == 503
        await product.until(lambda: ready(product), lambda answer: answer.status_code == 200)
        await world.all_are_answered(20)
        await product.until_status(instance_id, "connected")


async def test_a_fail_over_to_a_copy_that_lags_behind(
    world: World, url: str, postgres: PostgresServer, tmp_path: Path
) -> None:
    """As to an asynchronous standby: what it has not seen never happened, and the server goes on from there.

    What was answered before is not answered again. What was answered since may be, under the same id, and what came
    since is lost where nobody says it again.
    """
    data, copy = postgres.socket.parent / "data", tmp_path / "copy"
    async with world.server() as product:
        await product.start()
        await product.put(bot(world.journal, "anna", CONTACTS, 15, 0.2))
        await until(lambda: len(texts(heard(world.journal))) > 5)
        await asyncio.to_thread(postgres.halt)
        await _copied(data, copy)
        known, before = accepted(heard(world.journal)), texts(heard(world.journal))
        await asyncio.to_thread(postgres.start)
        await until(lambda: len(texts(heard(world.journal))) > len(before) + 5)
        await asyncio.to_thread(postgres.halt)
        since = accepted(heard(world.journal)) - known
        await asyncio.to_thread(shutil.rmtree, data)
        await _copied(copy, data)
        await asyncio.to_thread(postgres.start)
        await product.until(lambda: ready(product), lambda answer: answer.status_code == 200)
        await until(lambda: len(accepted(heard(world.journal))) == 30)
        await until(lambda: accepted(heard(world.journal)) - set(texts(heard(world.journal))) <= since)
        assert product.status_of_exit is None
    lines = heard(world.journal)
    again = two_texts(lines)
    assert set(again) & set(before) == set()
    ids = defaultdict(set)
    for _, message_id, _, _, _, _, *words in (line for line in lines if line[0] == "sent"):
        if len(words) == 1:
            ids[words[0]].add(message_id)
    assert {word: found for word, found in ids.items() if len(found) > 1} == {}


async def _copied(data: Path, to: Path) -> None:
    await asyncio.to_thread(lambda: subprocess.run(["cp", "-a", data, to], check=True))
