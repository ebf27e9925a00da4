"""A server that cannot start says what to set, and leaves nothing behind."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from imposter.contracts.errors import ImposterError
from imposter.secrets import KEY_FILE
from imposter.settings import Settings
from imposter.storage.engine import DATABASE_FILE
from main import open_server


async def start(data: Path, **more: str) -> None:
    async with open_server(Settings.read({"IMPOSTER_DATA_DIR": str(data), **more})):
        pass


async def test_a_database_without_its_key_is_refused_and_gets_no_new_one(tmp_path: Path) -> None:
    await start(tmp_path)
    key = (tmp_path / KEY_FILE).read_bytes()
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(ImposterError, match=r"secret\.key.*IMPOSTER_SECRET_KEY"):
        await start(tmp_path)
    assert not (tmp_path / KEY_FILE).exists()
    (tmp_path / KEY_FILE).write_bytes(key)
    await start(tmp_path)
    with pytest.raises(ImposterError, match="sealed with another secret key"):
        await start(tmp_path, IMPOSTER_SECRET_KEY=key.decode().strip())


async def test_a_folder_or_a_file_that_cannot_be_used_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImposterError, match=f"IMPOSTER_DATA_DIR: {tmp_path}/file"):
        await start(tmp_path / "file")
    theirs = tmp_path / "theirs" / DATABASE_FILE
    theirs.parent.mkdir()
    with closing(sqlite3.connect(theirs)) as database:
        database.execute("CREATE TABLE theirs (id INTEGER)")
    for settings in ({}, {"IMPOSTER_SECRET_KEY": "a key of sixteen letters"}):
        with pytest.raises(ImposterError, match=f"{theirs}.*IMPOSTER_DATABASE_URL"):
            await start(theirs.parent, **settings)


async def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(ImposterError, match="IMPOSTER_DATABASE_URL: the database does not open") as refusal:
        await start(tmp_path, IMPOSTER_DATABASE_URL="postgresql://me:hunter2@127.0.0.1:9/nothing")
    assert "hunter2" not in str(refusal.value)
