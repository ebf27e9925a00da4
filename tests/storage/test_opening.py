"""Opening the Store, and what is on the disk."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random

import pytest

from imposter.contracts.errors import StorageError
from imposter.domain.claims import Claim
from imposter.secrets import Cipher, SecretKeyError, load_key
from imposter.storage import open_store
from imposter.storage.database.engine import DATABASE_FILE, InUse, open_engine
from imposter.storage.migrations import NEWEST, current_revision, upgrade
from imposter.storage.upkeep.backup import copy_stopped
from tests.storage.desk import KEY, Desk, Time
from tests.storage.schema import schema
from tests.timeouts import FACT

ROOT = Path(__file__).parents[2]

CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from imposter.secrets import Cipher
from imposter.storage import open_store
from tests.storage.desk import BOT, KEY, ROOMY, WAITS, Desk, Time

async def main():
    async with open_store(sys.argv[2] or None, Path(sys.argv[1]), Cipher(KEY), now=Time()) as store:
        await store.bots.add(BOT, "anna", {})
        await Desk(store, Time()).receive("durable")
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.fixture
def database(empty_database: str | None) -> str | None:
    """Its tables are what these tests are about."""
    return empty_database


async def test_a_message_accepted_is_there_after_a_kill(database: str | None, tmp_path: Path, time: Time) -> None:
    child = run(CHILD, tmp_path, database)
    assert child.returncode == -signal.SIGKILL
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
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


async def test_a_second_server_on_the_same_file_is_refused_whatever_its_folder_and_the_files_name(
    tmp_path: Path, time: Time
) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "one" / DATABASE_FILE)
    async with open_store(None, tmp_path / "one", Cipher(KEY), now=time):
        for name in (f"one/{DATABASE_FILE}", "link.db"):
            url = f"sqlite:///{tmp_path}/{name}"
            with pytest.raises(StorageError, match=r"another server is using the database .*IMPOSTER_DATABASE_URL"):
                async with open_store(url, tmp_path / "two", Cipher(KEY), now=time):
                    pass
            with pytest.raises(InUse):
                copy_stopped(url, tmp_path / "two", time())
    async with open_store(f"sqlite:///{tmp_path}/link.db", tmp_path / "two", Cipher(KEY), now=time):
        pass


async def test_another_secret_key_is_refused_at_the_door(database: str | None, tmp_path: Path, time: Time) -> None:
    async with open_store(database, tmp_path, Cipher(KEY), now=time):
        pass
    with pytest.raises(SecretKeyError, match="sealed with another secret key"):
        async with open_store(database, tmp_path, Cipher(b"x" * 32), now=time):
            pass
    async with open_store(database, tmp_path, Cipher(KEY), now=time):
        pass


@pytest.mark.parametrize("old", [False, True])
def test_servers_that_start_together_on_an_empty_or_an_old_database_all_open(
    postgres_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bool
) -> None:
    if old:
        with monkeypatch.context() as then, open_engine(postgres_database, tmp_path).begin() as connection:
            then.setattr("imposter.storage.migrations.NEWEST", "0001")
            upgrade(connection, None)
    script = CHILD.replace('await store.bots.add(BOT, "anna", {})', "return")
    script = script.replace("asyncio.run(", "print(flush=True); sys.stdin.readline(); asyncio.run(")
    with ExitStack() as stack:
        children = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", script, str(tmp_path / name), postgres_database],
                    cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                )
            )
            for name in ("one", "two")
        ]  # fmt: skip
        for child in children:
            assert child.stdout
            assert child.stdout.readline() == "\n"
        for child in children:
            assert child.stdin
            child.stdin.close()
        assert [child.wait(FACT) for child in children] == [0, 0]
    with open_engine(postgres_database, tmp_path).connect() as connection:
        assert current_revision(connection) == NEWEST


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path, time: Time) -> None:
    (tmp_path / DATABASE_FILE).write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageError, match=rf"IMPOSTER_DATA_DIR \({tmp_path}/{DATABASE_FILE}\).*not a database"):
        async with open_store(None, tmp_path, Cipher(KEY), now=time):
            pass
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match=rf"IMPOSTER_DATABASE_URL \({tmp_path}/folder\).*does not open"):
        async with open_store(f"sqlite:///{tmp_path}/folder", tmp_path, Cipher(KEY), now=time):
            pass


async def test_another_programs_database_is_refused_and_left_alone(
    database: str | None, tmp_path: Path, time: Time
) -> None:
    with open_engine(database, tmp_path).begin() as other:
        other.exec_driver_sql("CREATE TABLE messages (id INTEGER)")
    before = schema(database, tmp_path)
    with pytest.raises(StorageError, match=r"must be empty or ours.*IMPOSTER_DATABASE_URL.*IMPOSTER_DATA_DIR"):
        async with open_store(database, tmp_path, Cipher(KEY), now=time):
            pass
    assert schema(database, tmp_path) == before


async def test_other_tables_may_stay_in_postgresql_but_not_in_a_file(
    postgres_database: str, tmp_path: Path, time: Time
) -> None:
    file = f"sqlite:///{tmp_path}/theirs.db"
    for url in (postgres_database, file):
        with open_engine(url, tmp_path).begin() as other:
            other.exec_driver_sql("CREATE TABLE theirs (id INTEGER)")
    async with open_store(postgres_database, tmp_path, Cipher(KEY), now=time) as store:
        assert await store.bots.all() == []
    with pytest.raises(StorageError, match="must be empty or ours"):
        async with open_store(file, tmp_path, Cipher(KEY), now=time):
            pass


@pytest.mark.parametrize(
    "url",
    ["mysql://me:hunter2@host/db", "hunter2", "sqlite://", "sqlite:///:memory:", "postgresql+asyncpg://:hunter2@h/d"],
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
    files = ("imposter.db", "imposter.db-wal", "imposter.db-shm", "imposter.db.lock", "lock", "secret.key")
    assert modes == dict.fromkeys(files, 0o600)


async def test_no_secret_stands_in_any_file(tmp_path: Path, time: Time) -> None:
    config_canary, state_canary = "sk-canary-in-the-config", b"canary in the state"
    async with open_store(None, tmp_path, Cipher(load_key(None, tmp_path)), now=time) as store:
        await store.bots.add("bot-1", "anna", {"api_key": config_canary})
        await store.bots.update("bot-1", {"api_key": config_canary, "more": 1})
        await store.state.write(Claim("bot-1", 0), [("creds", "me", state_canary)])
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
    monkeypatch.setattr("imposter.storage.database.engine.BUSY_MILLISECONDS", 10)
    async with open_store(None, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add("bot-1", "anna", {})
        with closing(sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM bots").fetchone() == (1,)
            await store.bots.delete("bot-1")
            assert await store.bots.all() == []


async def test_a_database_that_is_up_to_date_opens_without_alembic_and_sqlite_without_a_driver(
    database: str | None, tmp_path: Path, time: Time
) -> None:
    async with open_store(database, tmp_path, Cipher(KEY), now=time):
        pass
    loaded = "print([name for name in ('alembic', 'psycopg') if name in sys.modules]); return"
    script = CHILD.replace('await store.bots.add(BOT, "anna", {})', loaded)
    assert run(script, tmp_path, database).stdout.strip() == str(["psycopg"] if database else [])


def run(script: str, folder: Path, database: str | None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, str(folder), database or ""]
    return subprocess.run(command, cwd=ROOT, check=False, timeout=FACT, stdout=subprocess.PIPE, text=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
