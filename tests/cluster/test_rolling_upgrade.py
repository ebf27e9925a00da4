"""Three versions of the program on one database: the second adds to the tables, the third takes away from them."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from imposter.storage.migrations import NEWEST
from tests.acceptance.product import ROOT, Product
from tests.cluster.cluster import KEY, dummy
from tests.cluster.programs import changed, copied
from tests.house import HASTE

NEXT, AFTER = (f"{int(NEWEST) + more:04}" for more in (1, 2))
EXPAND = f'''
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{NEXT}", "{NEWEST}"


def upgrade() -> None:
    op.add_column("messages", sa.Column("language", sa.String()))
    op.create_index("ix_messages_language", "messages", ["language"], if_not_exists=True)
    op.add_column("outbox", sa.Column("mood", sa.String()))
    op.create_table(
        "diaries",
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", name="pk_diaries"),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["bots.instance_id"], name="fk_diaries_instance_id", ondelete="CASCADE"
        ),
    )
'''
CONTRACT = f'''
from alembic import op

revision, down_revision = "{AFTER}", "{NEXT}"


def upgrade() -> None:
    op.execute("UPDATE outbox SET mood = 'calm' WHERE mood IS NULL")
    op.alter_column("outbox", "mood", nullable=False)
'''
DIARIES = """
diaries = Table(
    "diaries",
    metadata,
    Column("instance_id", String, ForeignKey("bots.instance_id", ondelete="CASCADE"), primary_key=True),
)
"""

TALKERS, LOADED = ("anna", "otto", "ida", "uwe"), ("flood 1", "flood 2")
LOAD = {"messages": [], "rate": 10, "conversations": 3}


def expanding(folder: Path) -> Path:
    """The program's next version: every answer has a mood, which it writes and does not expect."""
    program = copied(ROOT, folder)
    storage = program / "imposter" / "storage"
    (storage / "migrations" / "versions" / f"{NEXT}_moods.py").write_text(EXPAND)
    changed(storage / "migrations" / "__init__.py", r'^NEWEST = ".*"', f'NEWEST = "{NEXT}"')
    tables = storage / "schema" / "tables.py"
    changed(tables, r'^    Column\("joined", Number\),$', r'\g<0> Column("language", String, index=True),')
    changed(tables, r'^    Column\("attempts", Integer, .*$', r'\g<0> Column("mood", String, default="calm"),')
    tables.write_text(tables.read_text() + DIARIES)
    return program


def contracting(before: Path, folder: Path) -> Path:
    """The version after that: no answer is without."""
    program = copied(before, folder)
    storage = program / "imposter" / "storage"
    (storage / "migrations" / "versions" / f"{AFTER}_no_answer_without_mood.py").write_text(CONTRACT)
    changed(storage / "migrations" / "__init__.py", r'^NEWEST = ".*"', f'NEWEST = "{AFTER}"')
    changed(storage / "migrations" / "__init__.py", r'^OLDEST = ".*"', f'OLDEST = "{NEXT}"')
    changed(storage / "schema" / "tables.py", r'default="calm"', r"\g<0>, nullable=False")
    return program


class Fleet:
    """Servers of several versions, and the bots that they share."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._bots: dict[str, str] = {}
        self._said: Counter[str] = Counter()

    async def ask(self, query: str) -> list[Any]:
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            return await (await connection.execute(query.encode())).fetchall()

    async def revision(self) -> str:
        [(revision,)] = await self.ask("SELECT version_num FROM alembic_version")
        return str(revision)

    async def settle(self, seen_by: Product, **shares: int) -> None:
        """Returns when each server, by its name, has so many bots."""
        await seen_by.until(self._shares, lambda there: there == shares)

    async def moods(self) -> list[Any]:
        return [mood for (mood,) in await self.ask("SELECT DISTINCT mood FROM outbox")]

    async def make(self, at: Product) -> None:
        for user in TALKERS:
            [self._bots[user]] = await at.put(talker(user))
        for user in LOADED:
            [self._bots[user]] = await at.put(flooded(user, LOAD))

    async def everybody_is_answered(self, *servers: Product) -> None:
        """Each talker, asked to say something by one server and seen by another, whichever it lives on."""
        for place, user in enumerate(TALKERS):
            self._said[user] += 1
            word = f"{user} {self._said[user]}"
            asked, looked = (servers[(place + more) % len(servers)] for more in (0, 1))
            assert await asked.put(talker(user, word)) == [self._bots[user]]
            await looked.until_message(self._bots[user], content=f"Echo: {word}", delivery="sent")

    async def be_quiet(self, at: Product) -> None:
        """No load any more, and an answer to all there was."""
        for user in LOADED:
            await at.put(flooded(user, {"messages": []}))
        await at.until(lambda: self.ask("SELECT seq FROM messages WHERE state = 'waiting'"), lambda left: not left)
        await at.until(lambda: self.ask("SELECT seq FROM outbox WHERE state <> 'sent'"), lambda left: not left)

    async def _shares(self) -> dict[str, int]:
        owned = "SELECT name, count(*) FROM bots JOIN nodes ON node_id = owner WHERE until > clock_timestamp()"
        return dict(await self.ask(f"{owned} GROUP BY name"))

    async def check(self) -> None:
        """Everything that was said is there, in order, and has been answered once."""
        for user, bot in self._bots.items():
            rows = await self.ask(
                "SELECT said.content, said.state, count(answer.seq) FROM messages said LEFT JOIN messages answer"
                " ON answer.answers = coalesce(said.joined, said.seq) AND answer.instance_id = said.instance_id"
                f" WHERE said.source = 'user' AND said.instance_id = '{bot}' GROUP BY said.seq ORDER BY said.seq"
            )
            word = f"{user} {{}}" if user in TALKERS else "Load message {}"
            assert len(rows) >= self._said[user]
            assert rows
            assert rows == [(word.format(number), "answered", 1) for number in range(1, len(rows) + 1)]


def talker(user: str, word: str | None = None) -> dict[str, Any]:
    says = [] if word is None else [{"content": word, "sender": "a friend"}]
    return flooded(user, {"messages": says})


def flooded(user: str, chat: dict[str, Any]) -> dict[str, Any]:
    return dummy(user, chat_provider_config={"provider_name": "dummy", "provider_config": chat}, limits_config=HASTE)


@pytest.fixture
async def server(postgres_database: str, tmp_path: Path) -> AsyncIterator[Callable[[str, Path], Product]]:
    """Makes one, which does not run yet, by its name and its program."""
    made: list[Product] = []

    def make(name: str, program: Path) -> Product:
        (folder := tmp_path / name).mkdir()
        environment = {
            "IMPOSTER_DATABASE_URL": postgres_database,
            "IMPOSTER_SECRET_KEY": KEY,
            "IMPOSTER_NODE_NAME": name,
            "IMPOSTER_LEASE_SECONDS": "3",
        }
        made.append(Product(folder, environment, program))
        return made[-1]

    yield make
    for product in made:
        await product.kill()
        await product.api.aclose()


async def refused(product: Product) -> str:
    """What it says as it does not start."""
    with pytest.raises(AssertionError) as end:
        await product.start()
    return str(end.value)


async def test_old_and_new_versions_share_a_database_whose_tables_change(
    server: Callable[[str, Path], Product], postgres_database: str, tmp_path: Path
) -> None:
    bot_service = Fleet(postgres_database)
    old = server("old", ROOT)
    newer = server("newer", expanding(tmp_path / "expanding"))
    newest = server("newest", contracting(tmp_path / "expanding", tmp_path / "contracting"))

    await old.start()
    await bot_service.make(old)
    await bot_service.everybody_is_answered(old)

    await newer.start()  # while the old one works
    assert await bot_service.revision() == NEXT
    await bot_service.settle(newer, old=3, newer=3)
    await bot_service.everybody_is_answered(old, newer)
    assert set(await bot_service.moods()) == {None, "calm"}

    await old.stop()
    await bot_service.settle(newer, newer=6)
    await old.start()  # on the newer tables
    await bot_service.settle(newer, old=3, newer=3)
    await bot_service.everybody_is_answered(newer, old)

    assert re.search(rf"could not work on: old \({NEWEST}\)\. Stop them first", await refused(newest))
    assert await bot_service.revision() == NEXT
    await bot_service.everybody_is_answered(old, newer)

    await old.stop()
    await newest.start()
    assert await bot_service.revision() == AFTER
    await bot_service.settle(newer, newer=3, newest=3)
    await bot_service.everybody_is_answered(newer, newest)
    assert await bot_service.moods() == ["calm"]
    assert "written by a newer version of this program" in await refused(old)

    await bot_service.be_quiet(newer)
    await bot_service.check()
