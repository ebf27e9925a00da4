"""A copy that is made while the database is being written to."""

import asyncio
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from imposter.contracts.errors import NotSupported, StorageError
from imposter.domain.messages import MessageState
from imposter.secrets import Cipher, load_key
from imposter.storage import Store, open_store
from imposter.storage.database.engine import DATABASE_FILE
from imposter.storage.upkeep.backup import BACKUPS, KEPT, dump_command
from tests.storage.desk import BOT, KEY, Desk, Time, judge_as

LARGE = 48_000_000
"""Bytes that take some time to copy."""
DONE = judge_as(MessageState.CONTEXT)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}


async def test_a_copy_under_load_is_whole_and_others_are_stored_meanwhile(tmp_path: Path, time: Time) -> None:
    async with open_store(None, tmp_path, Cipher(load_key(None, tmp_path)), now=time) as store:
        await store.bots.add(BOT, "anna", {"api_key": "secret"})
        desk = Desk(store, time)
        await asyncio.gather(*(desk.receive(f"before {number} " + "x" * 9000, judge=DONE) for number in range(600)))
        await store.state.write(desk.claim, [("keys", "many", bytes(LARGE))])
        copying, during = asyncio.ensure_future(store.backup.make()), 0
        while not copying.done():
            await desk.receive(f"during {during}", judge=DONE)
            during += 1
        backup = await copying
        assert during > 3, "one may come before the copy, and one behind it"
        assert not list((tmp_path / BACKUPS).glob("*.unfinished"))
    assert modes(backup) == {backup.name: 0o700, DATABASE_FILE: 0o600, "secret.key": 0o600}
    with closing(sqlite3.connect(backup / DATABASE_FILE)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    key = load_key(None, backup)
    async with open_store(None, backup, Cipher(key), now=time) as restored:
        assert [row.config for row in await restored.bots.all()] == [{"api_key": "secret"}]
        page = await restored.messages.page(BOT, limit=2000)
        texts = {row.content.split(" x")[0] for row in page}
        assert {f"before {number}" for number in range(600)} <= texts


async def test_what_was_forgotten_meanwhile_is_gone_from_the_database_and_the_copy_is_whole(
    tmp_path: Path, time: Time
) -> None:
    """The file is written anew in the middle of a copy."""
    async with open_store(None, tmp_path, Cipher(KEY), now=time) as store:
        for bot in (BOT, "bot-2"):
            await store.bots.add(bot, bot, {})
            desk = Desk(store, time, bot)
            await asyncio.gather(*(desk.receive(f"{bot} {number} " + "x" * 9000) for number in range(600)))
        copying = store.backup.make()
        await store.bots.delete("bot-2")
        assert b"bot-2 5" not in (tmp_path / DATABASE_FILE).read_bytes()
        backup = await copying
        assert len(await store.messages.page(BOT, limit=2000)) == 600
    with closing(sqlite3.connect(backup / DATABASE_FILE)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        kept = copy.execute("SELECT count(*) FROM messages WHERE instance_id = ?", [BOT]).fetchone()
        assert kept == (600,)


async def test_a_copy_that_fails_leaves_nothing_behind_and_harms_nobody(tmp_path: Path, time: Time) -> None:
    async with open_store(None, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, time)
        (tmp_path / BACKUPS).write_text("in the way")
        with pytest.raises(StorageError, match="copy could not be made"):
            await store.backup.make()
        await desk.receive("after")
        (tmp_path / BACKUPS).unlink()
        assert (await store.backup.make()).is_dir()


async def test_a_server_that_stops_meanwhile_finishes_the_copy(tmp_path: Path, time: Time) -> None:
    async with open_store(None, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        copying = store.backup.make()
    assert (await copying / DATABASE_FILE).exists()


async def test_postgresql_is_backed_up_by_its_own_program(postgres_database: str, tmp_path: Path, time: Time) -> None:
    async with open_store(postgres_database, tmp_path, Cipher(KEY), now=time) as store:
        with pytest.raises(NotSupported, match="pg_dump"):
            await store.backup.make()


async def test_two_copies_never_get_into_each_others_way(store: Store, database: str | None) -> None:
    if database is None:
        first, second = await asyncio.gather(store.backup.make(), store.backup.make(), return_exceptions=True)
        assert isinstance(first, Path)
        assert isinstance(second, StorageError), "the same moment, by the test's clock"
        assert (first / DATABASE_FILE).exists()


def test_what_a_killed_process_left_is_cleared_away_and_what_another_is_making_is_not(
    tmp_path: Path, time: Time
) -> None:
    (tmp_path / BACKUPS / "20260101T000000000000Z.unfinished").mkdir(parents=True)
    dumps = []
    for _ in range(2):
        time.pass_by(seconds=1)
        dump = dump_command("postgresql://me@localhost/name", tmp_path, time())
        assert dump is not None
        dumps.append(dump)
    assert {path for path in (tmp_path / BACKUPS).iterdir() if path.is_dir()} == {dump.draft for dump in dumps}
    for dump in dumps:
        finished = dump.finish()
        dump.clean_up()
        assert finished.is_dir()
    assert modes(tmp_path / BACKUPS)["lock"] == 0o600


async def test_the_newest_copies_are_kept_and_nothing_that_is_not_a_copy_is_deleted(tmp_path: Path, time: Time) -> None:
    folder = tmp_path / BACKUPS
    theirs = [folder / "20200101T000000000000Z", folder / "20200102T000000000000Z", folder / "0-before-the-move"]
    for path in theirs:
        path.mkdir(parents=True)
        (path / DATABASE_FILE).touch()
        (path / "notes.txt").touch()
    (folder / "20200103T000000000000Z").symlink_to(tmp_path)
    async with open_store(None, tmp_path, Cipher(KEY), now=time) as store:
        made = []
        for _ in range(KEPT + 2):
            time.pass_by(seconds=1)
            made.append(await store.backup.make())
    kept = {path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()}
    assert kept == {*made[2:], *theirs}
    assert (tmp_path / DATABASE_FILE).exists()


async def test_a_copy_that_would_fill_the_disk_is_not_begun(tmp_path: Path, time: Time) -> None:
    async with open_store(None, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
    _grow(tmp_path / DATABASE_FILE, 2 * shutil.disk_usage(tmp_path).free)
    async with open_store(None, tmp_path, Cipher(KEY), now=time) as store:
        with pytest.raises(
            StorageError, match=r"no room for a copy: it takes \d+ MB .* and \d+ MB are free in .*backups"
        ):
            await store.backup.make()
        assert [path.name for path in (tmp_path / BACKUPS).iterdir()] == ["lock"]
        assert len(await store.bots.all()) == 1


def _grow(database: Path, size: int) -> None:
    """Make it so large by its own account; the file has holes and takes no room. Its header names its pages."""
    pages = min(size, 4 * 10**12) // 4096
    os.truncate(database, pages * 4096)
    with database.open("r+b") as file:
        file.seek(28)
        file.write(pages.to_bytes(4, "big"))
