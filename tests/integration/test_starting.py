"""A server that cannot start says what to set, and leaves nothing behind."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from signal import SIGTERM

import psycopg
import pytest

from imposter.contracts.errors import ImposterError
from imposter.secrets import KEY_FILE
from imposter.settings import Settings
from imposter.storage.database.engine import DATABASE_FILE
from main import EX_CONFIG, open_server
from tests.acceptance.product import ROOT, Product
from tests.house import until


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
    with pytest.raises(ImposterError, match="IMPOSTER_SECRET_KEY: this database was sealed with another secret key"):
        await start(tmp_path, IMPOSTER_SECRET_KEY=key.decode().strip())


async def test_a_server_beside_others_is_told_that_it_needs_their_key(
    postgres_database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await start(tmp_path / "one", IMPOSTER_DATABASE_URL=postgres_database)
    key_file = tmp_path / "one" / KEY_FILE
    assert "copy this file to their folders" in (said := capsys.readouterr().err)
    assert str(key_file) in said
    with pytest.raises(ImposterError, match=r"^IMPOSTER_SECRET_KEY: .*it is not set, and .* was not there"):
        await start(tmp_path / "two", IMPOSTER_DATABASE_URL=postgres_database)
    assert not (tmp_path / "two" / KEY_FILE).exists()
    shutil.copy(key_file, tmp_path / "two")
    await start(tmp_path / "two", IMPOSTER_DATABASE_URL=postgres_database)
    await start(tmp_path / "one", IMPOSTER_DATABASE_URL=postgres_database.replace("postgresql://", "postgres://"))


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


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"IMPOSTER_API_KY": "a key of sixteen letters"}, EX_CONFIG),
        ({"IMPOSTER_DATABASE_URL": "mysql://me:hunter2@host/db"}, EX_CONFIG),
        ({"IMPOSTER_DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:9/nothing"}, 3),
    ],
)
async def test_what_only_the_operator_can_mend_has_an_exit_status_of_its_own(
    tmp_path: Path, settings: dict[str, str], status: int
) -> None:
    server = Product(tmp_path, settings)
    with pytest.raises(AssertionError, match="Cannot start"):
        await server.start()
    assert server.status_of_exit == status
    await server.api.aclose()
    unit = (ROOT / "deploy" / "imposter@.service").read_text()
    assert f"RestartPreventExitStatus={EX_CONFIG}\n" in unit


async def test_a_start_that_waits_for_the_database_says_so(postgres_database: str, tmp_path: Path) -> None:
    environment = {"IMPOSTER_DATABASE_URL": postgres_database}
    server = Product(tmp_path, environment)
    await server.start()
    await server.stop(SIGTERM)
    before = len(server.output.read_text())
    async with await psycopg.AsyncConnection.connect(postgres_database) as other:
        await other.execute("LOCK TABLE meta IN ACCESS EXCLUSIVE MODE")
        starting = asyncio.create_task(server.start(), name="starting")
        await until(lambda: "the start waits for the database" in server.output.read_text()[before:])
    await starting
    await server.stop()
    await server.api.aclose()
