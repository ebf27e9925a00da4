"""What PostgreSQL alone can do to the Store: be away, end a connection, be too old, belong to another server."""

import asyncio
import re
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import Any, Literal

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection

from imposter.contracts.errors import StorageError
from imposter.domain.claims import Claim
from imposter.secrets import Cipher
from imposter.storage import open_store
from imposter.storage.database.engine import open_engine
from imposter.storage.database.jobs import Pending
from imposter.storage.database.postgresql import ONE_SERVER
from imposter.storage.database.writer import Writer
from tests.postgres import PASSWORD, PostgresServer
from tests.storage.desk import BOT, KEY, Desk, Time
from tests.timeouts import FACT


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One that may be killed."""
    server = PostgresServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def url(server: PostgresServer) -> str:
    return server.new_database()


def end_connections(url: str, database: str) -> None:
    """What an administrator does; returns when they are gone."""
    with psycopg.connect(url) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'imposter' AND datname = %s",
            [psycopg.conninfo.conninfo_to_dict(database)["dbname"]],
        ).fetchall()
    assert ended == [(True,)]


async def test_a_connection_that_was_ended_is_replaced_before_anybody_notices(
    server: PostgresServer, url: str, tmp_path: Path, time: Time
) -> None:
    async with open_store(url, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, time)
        for text in ("one", "two", "three"):
            await desk.receive(text)
            end_connections(server.url, url)
        assert await desk.prompt() == ["one", "two", "three"]


@pytest.mark.parametrize("how", ["INT", "KILL"])
async def test_the_store_works_on_after_the_database_was_restarted(
    server: PostgresServer, url: str, tmp_path: Path, time: Time, how: Literal["INT", "KILL"]
) -> None:
    async with open_store(url, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, time)
        await desk.receive("before")
        server.restart(how)
        await desk.receive("after")
        assert await desk.prompt() == ["before", "after"]


async def test_while_the_database_is_away_everything_fails_and_then_works_by_itself(
    server: PostgresServer, url: str, tmp_path: Path, time: Time
) -> None:
    async with open_store(url, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, time)
        await desk.receive("before")
        server.halt()
        for _ in range(3):
            with pytest.raises(StorageError) as refusal:
                await desk.receive("meanwhile")
            assert PASSWORD not in str(refusal.value)
        server.start()
        await desk.receive("after")
        assert await desk.prompt() == ["before", "after"]


def test_a_connection_lost_within_a_commit_leaves_nothing_half_done(url: str, tmp_path: Path) -> None:
    with closing(Writer(open_engine(url, tmp_path).connect())) as writer:
        writer.submit(lambda connection: write(connection, "CREATE TABLE word (text VARCHAR)")).result(FACT)
        go = Event()
        jobs: list[Pending[Any]] = [
            writer.submit(lambda connection: go.wait(FACT)),
            writer.submit(lambda connection: write(connection, "INSERT INTO word VALUES ('good')")),
            writer.submit(lambda connection: write(connection, "SELECT pg_terminate_backend(pg_backend_pid())")),
            writer.submit(lambda connection: write(connection, "INSERT INTO word VALUES ('late')")),
        ]
        go.set()
        jobs[0].exception(FACT)
        good, broken, late = jobs[1:]
        with pytest.raises(StorageError):
            broken.result(FACT)
        stored = [word for word, job in (("good", good), ("late", late)) if job.exception(FACT) is None]
        writer.submit(lambda connection: write(connection, "INSERT INTO word VALUES ('next')")).result(FACT)
        words = writer.submit(lambda connection: connection.exec_driver_sql("SELECT text FROM word").all())
        assert [text for (text,) in words.result(FACT)] == [*stored, "next"]


def write(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)


async def test_a_server_that_does_not_share_the_database_keeps_others_out_and_is_kept_out_by_them(
    postgres_database: str, tmp_path: Path, time: Time
) -> None:
    with psycopg.connect(postgres_database, autocommit=True) as older:
        older.execute("SELECT pg_advisory_lock(%s)", [ONE_SERVER])
        with pytest.raises(StorageError, match='an older version is using the database "test_') as refusal:
            async with open_store(postgres_database, tmp_path, Cipher(KEY), now=time):
                pass
        assert PASSWORD not in str(refusal.value)
    async with open_store(postgres_database, tmp_path, Cipher(KEY), now=time):
        with psycopg.connect(postgres_database, autocommit=True) as older:
            assert older.execute("SELECT pg_try_advisory_lock(%s)", [ONE_SERVER]).fetchone() == (False,)


async def test_several_servers_work_on_one_database(postgres_database: str, tmp_path: Path, time: Time) -> None:
    async with (
        open_store(postgres_database, tmp_path / "one", Cipher(KEY), now=time) as one,
        open_store(postgres_database, tmp_path / "two", Cipher(KEY), now=time) as two,
    ):
        made = await one.bots.add(BOT, "anna", {"n": 1})
        assert await two.bots.all() == [made]


async def test_a_server_that_hangs_within_a_commit_does_not_keep_others_from_its_rows_for_long(
    postgres_database: str, tmp_path: Path, time: Time
) -> None:
    async with open_store(postgres_database, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        with open_engine(postgres_database, tmp_path).connect() as hanging:
            hanging.exec_driver_sql("SELECT number FROM bots FOR SHARE")
            async with asyncio.timeout(FACT):
                assert await store.bots.claim(BOT) == Claim(BOT, 1)
            hanging.invalidate()  # as it is ended by then, it cannot say goodbye


def test_what_a_server_that_hung_within_a_commit_had_begun_is_done_again(url: str, tmp_path: Path) -> None:
    ended: list[bool] = []

    def hang_once(connection: Connection) -> None:
        write(connection, "INSERT INTO word VALUES ('once')")
        if not ended:
            write(connection, "SET LOCAL idle_in_transaction_session_timeout = '20ms'")
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            with psycopg.connect(url, autocommit=True) as other:
                while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone():
                    pass
            ended.append(True)
        write(connection, "INSERT INTO word VALUES ('twice')")

    with closing(Writer(open_engine(url, tmp_path).connect())) as writer:
        writer.submit(lambda connection: write(connection, "CREATE TABLE word (text VARCHAR)")).result(FACT)
        writer.submit(hang_once).result(FACT)
        words = writer.submit(lambda connection: connection.exec_driver_sql("SELECT text FROM word").all())
        assert words.result(FACT) == [("once",), ("twice",)]


async def test_who_lost_the_database_to_another_server_writes_nothing_any_more(
    postgres_database: str, tmp_path: Path, time: Time
) -> None:
    async with open_store(postgres_database, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, time)
        await desk.receive("mine")
        with psycopg.connect(postgres_database, autocommit=True) as other:
            waiting = Thread(target=other.execute, args=("SELECT pg_advisory_lock(%s)", [ONE_SERVER]))
            waiting.start()
            end_holder(postgres_database)
            waiting.join(FACT)
            with pytest.raises(StorageError, match="an older version is using"):
                await desk.receive("theirs")
        await desk.receive("mine again")
        assert await desk.prompt() == ["mine", "mine again"]


async def test_a_database_server_that_is_too_old_is_refused(postgres_database: str, tmp_path: Path, time: Time) -> None:
    with (
        speaking_as("14", postgres_database) as url,
        pytest.raises(StorageError, match=r"is PostgreSQL 14\.\d+: 15 or"),
    ):
        async with open_store(url, tmp_path, Cipher(KEY), now=time):
            pass


async def test_a_database_in_another_encoding_is_refused(postgres_url: str, tmp_path: Path, time: Time) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        try:
            with pytest.raises(StorageError, match="encoding is LATIN1: make one with ENCODING 'UTF8'"):
                async with open_store(postgres_url.replace("/postgres?", "/latin?"), tmp_path, Cipher(KEY), now=time):
                    pass
        finally:
            connection.execute("DROP DATABASE latin")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("canary", "wrong-canary"), "password authentication failed.*the password in the URL is wrong"),
        (("/test_", "/no_test_"), "does not exist.*CREATE DATABASE"),
        (("host=", "host=/nowhere"), "No such file"),
        (("?host=", "?canary=1&host="), "invalid connection option"),
    ],
)
async def test_a_database_that_does_not_open_is_refused_without_its_password(
    postgres_database: str, tmp_path: Path, time: Time, change: tuple[str, str], reason: str
) -> None:
    url = postgres_database.replace(*change, 1)
    with pytest.raises(StorageError, match=f"the database does not open.*{reason}") as refusal:
        async with open_store(url, tmp_path, Cipher(KEY), now=time):
            pass
    assert PASSWORD not in str(refusal.value)


async def test_no_secret_stands_in_any_table(postgres_database: str, tmp_path: Path, time: Time) -> None:
    config_canary, state_canary = "sk-canary-in-the-config", b"canary in the state"
    async with open_store(postgres_database, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {"api_key": config_canary})
        await store.state.write(Claim(BOT, 0), [("creds", "me", state_canary)])
    rows = everything_in(postgres_database)
    assert "anna" in rows
    for canary in (config_canary, state_canary.decode(), config_canary.encode().hex(), state_canary.hex()):
        assert canary not in rows


async def test_the_words_of_a_deleted_bot_are_in_no_table(postgres_database: str, tmp_path: Path, time: Time) -> None:
    async with open_store(postgres_database, tmp_path, Cipher(KEY), now=time) as store:
        for name in ("stays", "goes"):
            await store.bots.add(name, name, {})
            await Desk(store, time, name).receive(f"{name}-canary")
        await store.bots.delete("goes")
    rows = everything_in(postgres_database)
    assert "stays-canary" in rows
    assert "goes" not in rows


async def test_the_driver_may_be_named(postgres_database: str, tmp_path: Path, time: Time) -> None:
    url = postgres_database.replace("postgresql://", "postgresql+psycopg://")
    async with open_store(url, tmp_path, Cipher(KEY), now=time) as store:
        assert await store.bots.all() == []


def everything_in(url: str) -> str:
    """All rows of all tables as text, what is sealed in hexadecimal."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return "".join(
            str(connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(name))).fetchall())
            for (name,) in tables
        )


def end_holder(url: str) -> None:
    """End the connection that holds what another one is waiting for, as soon as it does."""
    with psycopg.connect(url, autocommit=True) as connection:
        while not connection.execute(
            "SELECT pg_terminate_backend(held.pid, 5000) FROM pg_locks held JOIN pg_locks wanted"
            " USING (locktype, database, classid, objid) WHERE held.granted AND NOT wanted.granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchall():
            pass


@contextmanager
def speaking_as(version: str, database: str) -> Iterator[str]:
    """The server of `database` over TCP, under another major version. Yields its URL there."""
    place = psycopg.conninfo.conninfo_to_dict(database)

    class Line(BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as upstream:
                upstream.connect(f"{place['host']}/.s.PGSQL.5432")
                asking = Thread(target=relay, args=(self.request, upstream), daemon=True)
                asking.start()
                relay(upstream, self.request, version)
                asking.join(FACT)

    with ThreadingTCPServer(("127.0.0.1", 0), Line) as proxy:
        serving = Thread(target=proxy.serve_forever, daemon=True)
        serving.start()
        port = proxy.server_address[1]
        yield f"postgresql://{place['user']}:{place['password']}@127.0.0.1:{port}/{place['dbname']}?sslmode=disable"
        proxy.shutdown()
        serving.join(FACT)


def relay(source: socket.socket, target: socket.socket, version: str | None = None) -> None:
    while chunk := source.recv(65536):
        target.sendall(re.sub(rb"(?<=server_version\0)\d+", version.encode(), chunk) if version else chunk)
    target.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize(("given", "used"), [("off", "on"), ("remote_apply", "remote_apply"), ("local", "local")])
def test_what_is_accepted_is_on_the_disk_also_where_the_database_is_set_up_to_be_hasty(
    url: str, tmp_path: Path, given: str, used: str
) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = {}").format(name, sql.Literal(given)))
    with open_engine(url, tmp_path).connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == used
