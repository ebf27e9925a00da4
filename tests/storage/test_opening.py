"""Opening the Store, and what is on the disk."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from imposter.contracts.errors import StorageError
from imposter.secrets import Cipher, load_key
from imposter.storage import open_store
from imposter.storage.engine import DATABASE_FILE, open_engine
from imposter.storage.migrations import FOLDER, NEWEST, upgrade
from imposter.storage.tables import metadata
from tests.storage.desk import KEY, Desk, Time

ROOT = Path(__file__).parents[2]

CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from imposter.secrets import Cipher
from imposter.storage import open_store
from tests.storage.desk import BOT, KEY, ROOMY, WAITS, Desk, Time

async def main():
    async with open_store(None, Path(sys.argv[1]), Cipher(KEY), now=Time()) as store:
        await store.bots.add(BOT, "anna", {})
        await Desk(store, Time()).receive("durable")
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_a_message_accepted_is_there_after_a_kill(tmp_path: Path, time: Time) -> None:
    child = run(CHILD, tmp_path)
    assert child.returncode == -signal.SIGKILL
    async with open_store(None, tmp_path, Cipher(KEY), now=time) as store:
        assert await Desk(store, time).prompt() == ["durable"]


async def test_everything_is_there_after_a_restart(database: str | None, tmp_path: Path, time: Time) -> None:
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        bot = await store.bots.add("bot-1", "anna", {"a": 1})
        await Desk(store, time).receive("hello")
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        assert await store.bots.all() == [bot]
        assert await Desk(store, time).prompt() == ["hello"]


async def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path, time: Time) -> None:
    async with open_store(None, tmp_path, Cipher(KEY), now=time):
        with pytest.raises(StorageError, match="another server is using"):
            async with open_store(None, tmp_path, Cipher(KEY), now=time):
                pass
    async with open_store(None, tmp_path, Cipher(KEY), now=time):
        pass


async def test_another_secret_key_is_refused_at_the_door(database: str | None, tmp_path: Path, time: Time) -> None:
    async with open_store(database, tmp_path, Cipher(KEY), now=time):
        pass
    with pytest.raises(StorageError, match="another secret key: put back its IMPOSTER_SECRET_KEY"):
        async with open_store(database, tmp_path, Cipher(b"x" * 32), now=time):
            pass
    async with open_store(database, tmp_path, Cipher(KEY), now=time):
        pass


async def test_a_database_from_a_newer_version_is_refused_and_left_alone(tmp_path: Path, time: Time) -> None:
    async with open_store(None, tmp_path, Cipher(KEY), now=time):
        pass
    with sqlite3.connect(tmp_path / DATABASE_FILE) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.close()
    with pytest.raises(StorageError, match="newer version"):
        async with open_store(None, tmp_path, Cipher(KEY), now=time):
            pass


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path, time: Time) -> None:
    (tmp_path / DATABASE_FILE).write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageError, match="not a database"):
        async with open_store(None, tmp_path, Cipher(KEY), now=time):
            pass


@pytest.mark.parametrize(
    "url",
    ["mysql://me:hunter2@host/db", "hunter2", "sqlite://", "sqlite:///:memory:", "postgresql+none://:hunter2@h/d"],
)
async def test_a_database_url_that_cannot_be_used_is_refused_without_repeating_it(
    url: str, tmp_path: Path, time: Time
) -> None:
    with pytest.raises(StorageError, match="IMPOSTER_DATABASE_URL") as refusal:
        async with open_store(url, tmp_path, Cipher(KEY), now=time):
            pass
    assert "hunter2" not in str(refusal.value)


async def test_a_database_elsewhere_can_be_named(tmp_path: Path, time: Time) -> None:
    async with open_store(f"sqlite:///{tmp_path}/mine.db", tmp_path / "data", Cipher(KEY), now=time):
        assert (tmp_path / "mine.db").exists()


async def test_nobody_else_can_read_the_data(tmp_path: Path, time: Time) -> None:
    folder = tmp_path / "deep" / "data"
    async with open_store(None, folder, Cipher(load_key(None, folder)), now=time) as store:
        await store.bots.add("bot-1", "anna", {})
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert modes == dict.fromkeys(("imposter.db", "imposter.db-wal", "imposter.db-shm", "lock", "secret.key"), 0o600)


async def test_no_secret_stands_in_any_file(tmp_path: Path, time: Time) -> None:
    config_canary, state_canary = "sk-canary-in-the-config", b"canary in the state"
    async with open_store(None, tmp_path, Cipher(load_key(None, tmp_path)), now=time) as store:
        await store.bots.add("bot-1", "anna", {"api_key": config_canary})
        await store.bots.update("bot-1", {"api_key": config_canary, "more": 1})
        await store.state.write("bot-1", [("creds", "me", state_canary)])
        files = contents(tmp_path)
    files |= {f"closed {name}": content for name, content in contents(tmp_path).items()}
    assert any(b"anna" in content for content in files.values())
    for name, content in files.items():
        assert config_canary.encode() not in content, name
        assert state_canary not in content, name


async def test_the_words_of_a_deleted_bot_are_in_no_file_while_the_store_is_open(tmp_path: Path, time: Time) -> None:
    async with open_store(None, tmp_path, Cipher(KEY), now=time) as store:
        desks = []
        for name in ("stays", "goes"):
            await store.bots.add(name, name, {})
            desks.append(Desk(store, time, name))
        # Two bots' rows side by side, so many that SQLite splits pages: with this seed that leaves copies behind.
        chance = Random(3)
        received = [
            desk.receive(f"{desk.bot}-canary " * chance.randint(1, 20), f"{desk.bot}-canary-{chance.randint(0, 50)}")
            for _ in range(600)
            for desk in desks
            if chance.random() < 0.6
        ]
        await asyncio.gather(*received)
        assert any(b"goes-canary" in content for content in contents(tmp_path).values())
        await store.bots.delete("goes")
        for name, content in contents(tmp_path).items():
            assert b"goes-canary" not in content, name
        assert any(b"stays-canary" in content for content in contents(tmp_path).values())


async def test_the_words_of_a_message_that_was_dropped_are_in_no_file(tmp_path: Path, time: Time) -> None:
    async with open_store(None, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add("bot-1", "anna", {})
        desk = Desk(store, time)
        await desk.receive("kept", "phone", message_id="SAME")
        await desk.receive("canary " * 100, "lid", message_id="SAME")
        await desk.receive("both", "lid", "phone")
        assert list(await desk.states()) == ["kept", "both"]
    for name, content in contents(tmp_path).items():
        assert b"canary" not in content, name


async def test_a_bot_is_deleted_while_another_program_reads_the_database(
    tmp_path: Path, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imposter.storage.engine.BUSY_MILLISECONDS", 10)
    async with open_store(None, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add("bot-1", "anna", {})
        with closing(sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM bots").fetchone() == (1,)
            await store.bots.delete("bot-1")
            assert await store.bots.all() == []


def test_the_migrations_replayed_from_nothing_make_the_tables(tmp_path: Path) -> None:
    by_migrations, by_tables = tmp_path / "migrations.db", tmp_path / "tables.db"
    with open_engine(f"sqlite:///{by_migrations}", tmp_path).begin() as connection:
        upgrade(connection, None)
    with open_engine(f"sqlite:///{by_tables}", tmp_path).begin() as connection:
        metadata.create_all(connection)
    assert schema(by_migrations) == schema(by_tables)


def test_the_newest_revision_is_the_one_the_code_asks_for() -> None:
    assert max(path.stem.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py")) == NEWEST


async def test_a_database_that_is_up_to_date_opens_without_alembic(tmp_path: Path, time: Time) -> None:
    async with open_store(None, tmp_path, Cipher(KEY), now=time):
        pass
    script = CHILD.replace('await store.bots.add(BOT, "anna", {})', "print('alembic' in sys.modules); return")
    assert run(script, tmp_path).stdout.strip() == "False"


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, str(folder)]
    return subprocess.run(command, cwd=ROOT, check=False, timeout=30, stdout=subprocess.PIPE, text=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def schema(path: Path) -> dict[str, str]:
    """The text behind each table and index, in one spelling."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {name: " ".join(sql.split()) for name, sql in rows if name not in ("alembic_version", "sqlite_sequence")}
