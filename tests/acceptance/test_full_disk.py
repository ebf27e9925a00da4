"""A disk that takes nothing more: the server says so everywhere, and goes on by itself when there is room."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.conftest import bot
from tests.acceptance.product import ROOT, Product, running
from tests.timeouts import FACT

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk of a few megabytes")

FULL, READ_ONLY = "The disk is full", "can only be read"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small one, for the server's data."""
    place = tmp_path / "data"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    return filler


async def ready(product: Product) -> httpx2.Response:
    return await product.api.get("/readyz")


async def test_a_full_disk_is_told_of_everywhere_until_there_is_room(tmp_path: Path, disk: Path) -> None:
    async with running(tmp_path, {"OPENAI_API_KEY": "sk-none"}) as product:
        [instance_id] = await product.put(bot())
        assert (await ready(product)).status_code == 200
        filler = fill(disk)
        answer = await product.until(lambda: ready(product), lambda answer: answer.status_code == 503)
        assert FULL in answer.json()["detail"]
        status = await product.status(instance_id)
        assert FULL in status["last_error"]
        assert status["last_error_at"]
        assert FULL in (await product.api.get("/", headers={"Accept": "text/html"})).text
        figures = (await product.api.get("/metrics")).text
        assert "imposter_store_writable 0.0" in figures
        assert "imposter_failed_commits_total 0.0" not in figures
        assert (await product.api.put("/chatbot", json=[bot(user_id="ben")])).status_code == 503
        filler.unlink()
        await product.until(lambda: ready(product), lambda answer: answer.status_code == 200)
        assert (await product.status(instance_id))["last_error"] is None
        assert FULL not in (await product.api.get("/", headers={"Accept": "text/html"})).text
        await product.put(bot(user_id="ben"))
    assert FULL in product.output.read_text()


async def test_it_goes_on_without_being_asked_whether_it_does(tmp_path: Path, disk: Path) -> None:
    async with running(tmp_path, {"OPENAI_API_KEY": "sk-none"}) as product:
        [instance_id] = await product.put(bot())
        filler = fill(disk)
        assert (await product.api.put("/chatbot", json=[bot(user_id="ben")])).status_code == 503
        assert FULL in (await product.status(instance_id))["last_error"]
        filler.unlink()
        await product.until(lambda: product.status(instance_id), lambda status: status["last_error"] is None)


@pytest.mark.parametrize("how", ["read-only", "full"])
async def test_a_start_on_a_folder_that_takes_nothing_names_the_setting(tmp_path: Path, disk: Path, how: str) -> None:
    if how == "full":
        fill(disk)
    else:
        await asyncio.to_thread(lambda: subprocess.run(["mount", "-o", "remount,ro", disk], check=True))
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "uvicorn", "main:app", "--port", "0", cwd=ROOT,
        env=kept | {"IMPOSTER_DATA_DIR": str(disk)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), FACT)
    # Whoever runs the server is to free some room, or sees to it that it goes on when there is some.
    assert process.returncode == (78 if how == "read-only" else 3), said.decode()
    assert f"IMPOSTER_DATA_DIR: {disk}" in said.decode()
    assert "Traceback" not in said.decode()
