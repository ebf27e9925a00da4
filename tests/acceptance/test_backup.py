"""A backup made while messages come in, restored into a new folder."""

import asyncio
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

from imposter.storage.upkeep.backup import DUMP_FILE
from tests.acceptance.product import ROOT, Product, running
from tests.house import AT_ONCE
from tests.postgres import BINARIES, NEWEST, PACKAGE, drop_database, new_database

BOTS = 10
SECRET = "sk-canary-of-the-backup-0123456789"


def postgresql_programs() -> Path:
    """Of the server's own version: pg_dump refuses a newer one."""
    package = find_spec(PACKAGE)
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / BINARIES[NEWEST] / "bin"


def talkative(number: int) -> dict[str, Any]:
    """A bot whose contacts write for some seconds."""
    return {
        "user_id": f"user-{number}",
        "chat_provider_config": {
            "provider_name": "dummy",
            "provider_config": {"messages": [{"content": "hello"}], "rate": 15, "count": 95, "conversations": 5},
        },
        "queue_config": {"max_messages": 1000, "max_characters": 100_000, "max_days": 1},
        "llm_provider_config": {"provider_name": "fakeLlm", "provider_config": {}},
        "behaviour_config": AT_ONCE,
    }


async def back_up(product: Product, *arguments: str, **environment: str) -> tuple[int, str]:
    """What `script/backup` ends with, and says."""
    running = await asyncio.create_subprocess_exec(
        ROOT / "script" / "backup", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "IMPOSTER_DATA_DIR": str(product.data), **environment},
    )  # fmt: skip
    said, _ = await running.communicate()
    return running.returncode or 0, said.decode().strip()


async def stored(product: Product, bots: list[str]) -> set[tuple[str, str, str]]:
    """Every message on record: its bot, its id and its words."""
    return {(bot, message["message_id"], message["content"]) for bot in bots for message in await product.messages(bot)}


async def count(product: Product, bots: list[str]) -> int:
    return len(await stored(product, bots))


def folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir(exist_ok=True)
    return parent / name


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}


def restored(backup: Path, place: Path) -> Path:
    """The folder of a new server, as docs/backup.md says."""
    (place / "data").mkdir(mode=0o700, parents=True)
    for path in backup.iterdir():
        shutil.copy2(path, place / "data")
    return place


async def test_what_was_durable_before_a_backup_is_there_after_restoring_it(tmp_path: Path) -> None:
    async with running(folder(tmp_path, "old")) as product:
        bots = await product.put(*map(talkative, range(BOTS)))
        await product.until(lambda: count(product, bots), lambda number: number > 10 * BOTS)
        before = await stored(product, bots)
        code, said = await back_up(product, "--server", str(product.api.base_url), str(tmp_path / "copies"))
        assert code == 0, said
        assert await count(product, bots) > len(before), "messages came in all the while"
        backup = Path(said)
        assert backup.parent == tmp_path / "copies"
        assert modes(backup) == {backup.name: 0o700, "imposter.db": 0o600, "secret.key": 0o600}
        await product.kill()
    with closing(sqlite3.connect(backup / "imposter.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    async with running(restored(backup, tmp_path / "new")) as product:
        for bot in bots:
            assert (await product.until_status(bot, "connected"))["waiting"] >= 0
        found = await product.api.get(f"/chatbot/{bots[0]}/messages", params={"limit": 200})
        assert found.status_code == 200
        with closing(sqlite3.connect(backup / "imposter.db")) as copy:
            kept = set(copy.execute("SELECT instance_id, message_id, content FROM messages"))
        assert before <= kept


async def test_a_backup_needs_no_server(tmp_path: Path) -> None:
    async with running(folder(tmp_path, "old")) as product:
        [bot] = await product.put(talkative(1))
        await product.until_message(bot, content="hello", state="answered")
        await product.kill()
        code, said = await back_up(product)
        assert code == 0, said
        assert Path(said).parent == product.data / "backups"
    async with running(restored(Path(said), tmp_path / "new")) as product:
        await product.until_status(bot, "connected")
        await product.until_message(bot, content="hello", state="answered")


async def test_the_script_says_what_is_in_its_way(tmp_path: Path) -> None:
    async with running(folder(tmp_path, "one")) as one, running(folder(tmp_path, "two")) as two:
        code, said = await back_up(one, "--server", "http://127.0.0.1:9")
        assert (code, "--server" in said) == (1, True), said
        code, said = await back_up(one, "--server", str(two.api.base_url))
        assert (code, "not the one that uses" in said, "IMPOSTER_DATA_DIR" in said) == (1, True, True), said
        (tmp_path / "file").write_text("")
        code, said = await back_up(one, "--server", str(one.api.base_url), str(tmp_path / "file"))
        assert (code, "nothing was copied" in said) == (1, True), said
        assert not (one.data / "backups").exists()
    locked = Product(folder(tmp_path, "one"), {"IMPOSTER_API_KEY": SECRET})
    locked.api.headers["Authorization"] = f"Bearer {SECRET}"
    try:
        await locked.start()
        code, said = await back_up(locked, IMPOSTER_API_KEY=SECRET)
        assert (code, "name its address" in said) == (1, True), "a key goes to no address that nobody named"
        address = ("--server", str(locked.api.base_url))
        code, said = await back_up(locked, *address)
        assert (code, "IMPOSTER_API_KEY" in said) == (1, True), said
        code, said = await back_up(locked, *address, IMPOSTER_API_KEY=SECRET)
        assert code == 0, said
    finally:
        await locked.kill()
        await locked.api.aclose()
    # That no server holds the folder is no reason to copy it where a server was named.
    code, said = await back_up(locked, "--server", "http://127.0.0.1:9")
    assert (code, "no server answers" in said) == (1, True), said
    nowhere = Product(tmp_path / "nowhere", {})
    code, said = await back_up(nowhere)
    assert (code, "there is no database" in said, "IMPOSTER_DATA_DIR" in said) == (1, True, True), said
    assert not nowhere.data.exists()
    await nowhere.api.aclose()


async def test_a_key_follows_no_redirect(tmp_path: Path) -> None:
    heard: list[tuple[str, str | None]] = []

    class Stranger(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((self.path, self.headers.get("Authorization")))
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def do_GET(self) -> None:
            heard.append((self.path, self.headers.get("Authorization")))
            self.send_error(404)

    nowhere = Product(tmp_path, {})
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        code, said = await back_up(nowhere, "--server", address, IMPOSTER_API_KEY=SECRET)
        server.shutdown()
    await nowhere.api.aclose()
    assert (code, "refused: 302" in said) == (1, True), said
    assert heard == [("/backup", f"Bearer {SECRET}")]


async def test_a_postgresql_database_is_copied_by_pg_dump(
    tmp_path: Path, postgres_url: str, postgres_database: str
) -> None:
    programs = postgresql_programs()
    environment = {"IMPOSTER_DATABASE_URL": postgres_database, "PATH": f"{programs}:{os.environ['PATH']}"}
    async with running(folder(tmp_path, "old"), environment) as product:
        [bot] = await product.put(talkative(1))
        await product.until_message(bot, content="hello", state="answered")
        code, said = await back_up(product, **environment)
        assert code == 0, said
        backup = Path(said)
        assert modes(backup) == {backup.name: 0o700, DUMP_FILE: 0o600, "secret.key": 0o600}
        _, said = await back_up(product, **environment, IMPOSTER_SECRET_KEY=SECRET)
        assert "the secret key is not in it" in said
        await product.kill()
    other = new_database(postgres_url)
    try:
        restoring = await asyncio.create_subprocess_exec(
            programs / "pg_restore", "--no-owner", f"--dbname={other}", backup / DUMP_FILE
        )
        assert await restoring.wait() == 0
        (tmp_path / "new" / "data").mkdir(parents=True)
        shutil.copy2(backup / "secret.key", tmp_path / "new" / "data")
        async with running(tmp_path / "new", {"IMPOSTER_DATABASE_URL": other}) as product:
            await product.until_status(bot, "connected")
            await product.until_message(bot, content="hello", state="answered")
    finally:
        drop_database(postgres_url, other)
