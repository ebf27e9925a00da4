"""What a machine has no more of, and what others do to the database: a server serves, refuses or goes on afterwards.

Nothing that was accepted is lost by it, and nothing is answered in two texts.
"""

import asyncio
import os
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import psutil
import pytest

from tests.acceptance.product import Product
from tests.chaos.power_loss_world import World, accepted, bot, built, heard, texts, world
from tests.house import until

__all__ = ["built", "world"]


INODES = 24
HELD = "Another program holds the database"
CONTACTS = "a b c d e f"


async def ready(product: Product) -> httpx2.Response:
    return await product.api.get("/readyz")


@pytest.fixture
def disk(world: World) -> Iterator[Path]:
    """The data folder, on a disk that holds few files."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk of a few files")
    world.data.mkdir()
    options = f"size=200m,nr_inodes={INODES},mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", world.data], check=True)
    yield world.data
    subprocess.run(["umount", "--lazy", world.data], check=True)


def leave(disk: Path, files: int) -> None:
    """Room for so many more."""
    for number in range(INODES):
        filler = disk / f"filler-{number}"
        if os.statvfs(disk).f_ffree > files:
            filler.touch()
        elif os.statvfs(disk).f_ffree < files:
            filler.unlink(missing_ok=True)


async def refuses(product: Product) -> None:
    """The start, in words for whoever runs the server."""
    said = product.output.stat().st_size
    with pytest.raises(AssertionError):
        await product.start()
    words = product.output.read_text()[said:]
    assert product.status_of_exit == 3
    assert "Cannot start: IMPOSTER_DATA_DIR" in words
    assert "Traceback" not in words


async def test_a_disk_without_inodes(world: World, disk: Path) -> None:
    """What runs goes on, for its files are there; what needs another one is refused, by a sentence at the start."""
    async with world.server() as product:
        await product.start()
        [instance_id] = await product.put(bot(world.journal, "anna", CONTACTS, 10, 0.02))
        leave(disk, 0)
        assert (await ready(product)).status_code == 200
        await product.put(bot(world.journal, "ben", CONTACTS, 1))
        assert (await product.api.post("/backup")).status_code == 503
        await world.all_are_answered(66)
        assert (await product.api.delete(f"/chatbot/{instance_id}/contacts/a")).json()["files"] == "scrubbed"
        await product.kill()
        await refuses(product)
        leave(disk, 1)
        await product.start()
        await product.stop()
        leave(disk, 1)  # of the two that SQLite wants
        await refuses(product)
        leave(disk, INODES // 2)
        await product.start()
        assert len(await product.messages(instance_id)) == 100
        assert (await product.api.post("/backup")).status_code == 200


async def test_a_server_without_memory_answers_and_goes_on_when_there_is_some(world: World) -> None:
    """Or it dies, and comes back: it never hangs."""
    async with world.server() as product:
        await product.start()
        await product.put(bot(world.journal, "anna", CONTACTS, 20, 0.02))
        await until(lambda: bool(accepted(heard(world.journal))))
        size = psutil.Process(product.pid).memory_info().vms
        resource.prlimit(product.pid, resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))
        more = [bot(world.journal, user, CONTACTS, 1) for user in ("ben", "cara", "dora")]
        await asyncio.gather(*(product.api.put("/chatbot", json=[each]) for each in more), return_exceptions=True)
        if product.status_of_exit is None:
            assert (await ready(product)).status_code in (200, 503)
            resource.prlimit(product.pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        else:
            await product.start()
        await product.put(*more)
        await world.all_are_answered(138)
        assert (await ready(product)).status_code == 200


async def test_a_program_that_holds_the_file_is_told_of_until_it_lets_go(world: World) -> None:
    """For longer than SQLite waits."""
    async with world.server() as product:
        await product.start()
        [instance_id] = await product.put(bot(world.journal, "anna", CONTACTS, 20, 0.02))
        await until(lambda: bool(texts(heard(world.journal))))
        with closing(sqlite3.connect(world.data / "imposter.db", isolation_level=None)) as stranger:
            stranger.execute("BEGIN EXCLUSIVE")
            answer = await product.until(lambda: ready(product), lambda answer: HELD in answer.text)
            assert answer.status_code == 503
            assert HELD in (await product.status(instance_id))["last_error"]
            assert "imposter_store_writable 0.0" in (await product.api.get("/metrics")).text
            assert (await product.api.put("/chatbot", json=[bot(world.journal, "ben", "a", 1)])).status_code == 503
            stranger.execute("ROLLBACK")
        await product.until(lambda: ready(product), lambda answer: answer.status_code == 200)
        await world.all_are_answered(120)
        await product.until(lambda: product.status(instance_id), lambda status: status["last_error"] is None)
