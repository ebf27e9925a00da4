"""The connections of a node that is gone: whatever they are in the middle of, they keep nothing from the others."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from imposter.secrets import Cipher
from imposter.storage import Store, open_store
from imposter.storage.database.engine import open_engine
from tests.house import until
from tests.storage.desk import BOT, KEY, LEASE, ONE, TWO, Named, Time
from tests.storage.test_nodes import SHORT, has_ended, owners, renew
from tests.timeouts import FACT

Pair = tuple[Store, Store]

ENDED = "PLACE OF THE NODE THAT WAS THERE"
BOT_ROW = "SELECT number FROM bots FOR UPDATE"
NODE_ROW = f"SELECT until FROM nodes WHERE node_id = '{ONE}' FOR UPDATE"


def connection_of(node_id: str, url: str, folder: Path) -> Connection:
    """One that this node has left behind."""
    return open_engine(url, folder, Named(node_id)).connect()


def is_there(connection: Connection) -> bool:
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    try:
        raw.execute("SELECT")
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.parametrize("held", [BOT_ROW, NODE_ROW])
async def test_a_node_whose_lease_ended_in_the_middle_of_a_commit_is_gone_and_so_is_its_connection(
    pair: Pair, stored_database: str, tmp_path: Path, held: str
) -> None:
    one, two = pair
    await one.nodes.join(ONE, "one", None, SHORT)
    await two.nodes.join(TWO, "two", None, LEASE)
    await one.bots.add(BOT, "anna", {})
    with closing(connection_of(ONE, stored_database, tmp_path)) as left_behind:
        left_behind.execute(text(held))
        await until(lambda: has_ended(two, ONE))
        await renew(two, TWO)
        assert not is_there(left_behind)
        assert (await renew(two, TWO)).free == 1
        assert [row.instance_id for row in await two.nodes.take(TWO, 10)] == [BOT]
        left_behind.invalidate()


async def test_who_holds_a_place_ends_the_connection_of_the_node_that_was_there(
    pair: Pair, stored_database: str, tmp_path: Path
) -> None:
    one, two = pair
    await one.nodes.join(ONE, "one", ENDED, LEASE)
    await one.bots.add(BOT, "anna", {})
    with closing(connection_of(ONE, stored_database, tmp_path)) as left_behind:
        left_behind.execute(text(BOT_ROW))
        await two.nodes.join(TWO, "two", ENDED, LEASE)
        assert not is_there(left_behind)
        await renew(two, TWO)
        assert [row.instance_id for row in await two.nodes.take(TWO, 10)] == [BOT]
        left_behind.invalidate()


async def test_who_joins_anew_keeps_its_connection(pair: Pair, stored_database: str) -> None:
    """Under the name that it has now; one of before would be ended with the node that it was."""
    one, two = pair
    before = await one.nodes.join(ONE, "one", ENDED, LEASE)
    assert before <= await one.nodes.join("one-1", "one", ENDED, LEASE)
    await two.nodes.join(TWO, "two", None, LEASE)
    await renew(two, TWO)
    with psycopg.connect(stored_database) as watch:
        names = watch.execute("SELECT application_name FROM pg_stat_activity WHERE datname = current_database()")
        assert {"imposter one-1", f"imposter {TWO}"} <= {name for (name,) in names}


async def test_connections_of_nodes_that_live_stay(pair: Pair, stored_database: str, tmp_path: Path) -> None:
    one, two = pair
    await one.nodes.join(ONE, "one", None, SHORT)
    await two.nodes.join(TWO, "two", None, LEASE)
    with (
        closing(connection_of(ONE, stored_database, tmp_path)) as of_one,
        closing(connection_of(TWO, stored_database, tmp_path)) as of_two,
    ):
        await until(lambda: has_ended(two, ONE))
        await renew(two, TWO)
        assert (is_there(of_one), is_there(of_two)) == (False, True)
        of_one.invalidate()


@pytest.fixture
def roles(postgres_url: str) -> Iterator[tuple[str, str]]:
    """Two that may do everything with the tables, and nothing besides."""
    names = [f"role_{uuid4().hex[:8]}" for _ in range(2)]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'canary'".encode())
        yield names[0], names[1]


def grant(url: str, role: str) -> str:
    """The URL for this role."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}".encode())
        connection.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}".encode())
    return make_url(url).set(username=role, password="canary").render_as_string(hide_password=False)


@pytest.mark.parametrize("why", ["another role", "revoked"])
async def test_who_may_not_end_a_connection_goes_on_all_the_same(
    postgres_database: str, roles: tuple[str, str], tmp_path: Path, time: Time, why: str
) -> None:
    async with open_store(postgres_database, tmp_path / "tables", Cipher(KEY), now=time):
        pass
    mine, other = (grant(postgres_database, role) for role in roles)
    if why == "revoked":
        other = mine
        with psycopg.connect(postgres_database, autocommit=True) as connection:
            connection.execute("REVOKE EXECUTE ON FUNCTION pg_terminate_backend(int, bigint) FROM PUBLIC")
    async with open_store(mine, tmp_path / TWO, Cipher(KEY), now=time, identity=Named(TWO)) as two:
        await two.nodes.join(ONE, "one", None, SHORT)
        await two.nodes.join(TWO, "two", None, LEASE)
        with closing(connection_of(ONE, other, tmp_path)) as left_behind:
            await until(lambda: has_ended(two, ONE))
            assert [(await renew(two, TWO)).lost, (await renew(two, TWO)).lost] == [("one",), ()]
            assert is_there(left_behind)
            assert await asyncio.wait_for(owners(two), FACT) == {}
