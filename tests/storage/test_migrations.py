"""The tables' revisions: which program may work on which, and how tables are changed while others use them."""

import tracemalloc
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, delete, inspect, update

from imposter.contracts.errors import StorageError
from imposter.contracts.messages import Source
from imposter.domain.messages import MessageState, Verdict
from imposter.domain.reasons import ForeignReason
from imposter.secrets import Cipher
from imposter.storage import Store, open_store
from imposter.storage.database.engine import open_engine
from imposter.storage.database.postgresql import change_tables
from imposter.storage.migrations import FOLDER, NEWEST, SAYS_OLDEST, upgrade
from imposter.storage.schema.tables import meta, metadata
from tests.storage.desk import BOT, KEY, ONE, Desk, Time, judge_as
from tests.storage.schema import schema, schema_of

LEASE = timedelta(minutes=1)


@pytest.fixture
def database(empty_database: str | None) -> str | None:
    """Its tables are what these tests are about."""
    return empty_database


def make_old(database: str | None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables as they were at first."""
    with monkeypatch.context() as then, open_engine(database, folder).begin() as connection:
        then.setattr("imposter.storage.migrations.NEWEST", "0001")
        upgrade(connection, None)


def make_newer(database: str | None, folder: Path) -> None:
    """As if a program of tomorrow had added to the tables."""
    with open_engine(database, folder).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.exec_driver_sql("ALTER TABLE bots ADD COLUMN mood VARCHAR")


def say_oldest(database: str | None, folder: Path, oldest: str | None) -> None:
    """Have the tables say which revision a program must know; None: nothing, as those did that had no nodes."""
    with open_engine(database, folder).begin() as connection:
        if oldest is None:
            connection.execute(delete(meta).where(meta.c.name == SAYS_OLDEST))
        else:
            connection.execute(update(meta).where(meta.c.name == SAYS_OLDEST).values(value=oldest.encode()))


@pytest.mark.parametrize("oldest", [None, "9998"])
async def test_a_database_of_a_newer_version_is_refused_and_left_alone(
    database: str | None, tmp_path: Path, time: Time, oldest: str | None
) -> None:
    async with open_store(database, tmp_path, Cipher(KEY), now=time):
        pass
    make_newer(database, tmp_path)
    say_oldest(database, tmp_path, oldest)
    before = schema(database, tmp_path)
    with pytest.raises(StorageError, match="newer version"):
        async with open_store(database, tmp_path, Cipher(KEY), now=time):
            pass
    assert schema(database, tmp_path) == before


@pytest.mark.parametrize("old", [False, True])
async def test_a_database_of_a_newer_version_that_only_added_to_it_is_worked_on_and_left_alone(
    database: str | None, tmp_path: Path, time: Time, monkeypatch: pytest.MonkeyPatch, old: bool
) -> None:
    if old:
        make_old(database, tmp_path, monkeypatch)
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        bot = await store.bots.add("bot-1", "anna", {"a": 1})
    make_newer(database, tmp_path)
    before = schema(database, tmp_path)
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        assert await store.bots.all() == [bot]
        await store.bots.add("bot-2", "otto", {})
    assert schema(database, tmp_path) == before


async def test_what_a_program_of_before_manners_wrote_is_read(database: str | None, tmp_path: Path, time: Time) -> None:
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, time)
        await desk.answer(await desk.receive("q", group="team", addressed=True), "hi", message_id="OUT")
        await desk.receive("waits", group="team", addressed=True)
    with open_engine(database, tmp_path).begin() as connection:
        connection.exec_driver_sql("UPDATE messages SET addressed = NULL")
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        desk = Desk(store, time)
        [outgoing] = await store.outbox.pending(BOT, "team")
        assert (outgoing.due_at, outgoing.content) == (None, "hi")
        await store.bots.update(
            BOT, {}, lambda message, ids: Verdict(MessageState.IGNORED, ForeignReason(str(message.addressed)))
        )
        assert (await desk.states())["waits"] == "ignored:False"


MARKED = {
    "[image] a cat": ("image", "a cat", "", "context"),
    "[voice message]": ("voice", "", "", "context"),
    "[document] paper.pdf": ("document", "", "paper.pdf", "context"),
    "[poll] where?": ("poll", "where?", "", "context"),
    "[deleted a message]": ("deletion", "", "", "ignored"),
    "[edit] at eight": ("edit", "at eight", "", "ignored"),
    "[unsupported message]": ("unsupported", "", "", "ignored"),
    "[sticker] said nobody": ("text", "[sticker] said nobody", "", "context"),
    "[image]nation": ("text", "[image]nation", "", "context"),
    "[note] to myself": ("text", "[note] to myself", "", "context"),
}
"""What an earlier version wrote, and what becomes of it: kind, words, details, state."""


async def test_marks_among_the_words_of_before_become_what_they_stand_for(
    database: str | None, tmp_path: Path, time: Time
) -> None:
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        desk = Desk(store, time)
        for text in MARKED:
            await desk.receive(text, source=Source.OWNER, judge=judge_as(MessageState.CONTEXT, "owner"))
        await desk.answer(await desk.receive("waits"), "[image] of words")
    with open_engine(database, tmp_path).begin() as connection:
        take_back_to(connection, "0010")
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        rows = (await Desk(store, time).history())[: len(MARKED)]
        found = [(row.kind, row.content, row.details, row.state) for row in rows]
        assert found == list(MARKED.values())
        assert (await Desk(store, time).history())[-1].content == "[image] of words", "the bot's own words stay"


async def test_however_many_they_are_only_some_are_in_memory_at_once(
    database: str | None, tmp_path: Path, time: Time
) -> None:
    """A row takes 100 kB: all of them would take 60 MB."""
    words = "[image] " + "x" * 100_000
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        await store.bots.add(BOT, "anna", {})
        first = await Desk(store, time).receive(words, source=Source.OWNER, judge=judge_as(MessageState.CONTEXT))
    with open_engine(database, tmp_path).begin() as connection:
        take_back_to(connection, "0010")
        columns = [each["name"] for each in inspect(connection).get_columns("messages") if each["name"] != "seq"]
        copied = ", ".join("message_id || i" if name == "message_id" else name for name in columns)
        connection.exec_driver_sql(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600) "  # noqa: S608
            f"INSERT INTO messages ({', '.join(columns)}) SELECT {copied} FROM messages, n WHERE seq = {first.seq}"
        )
    tracemalloc.start()
    try:
        async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
            _, most = tracemalloc.get_traced_memory()
            page = await store.messages.page(BOT, limit=1)
    finally:
        tracemalloc.stop()
    assert most < 40_000_000
    assert [row.kind for row in page] == ["image"]


def take_back_to(connection: Connection, revision: str) -> None:
    """Have the tables say that they are older than they are, without what came since."""
    for index in ("by_end", "by_life", "by_change", "by_quote", "by_member", "of_owner", "unreadable", "changing"):
        connection.exec_driver_sql(f"DROP INDEX ix_messages_{index}")
    connection.exec_driver_sql("DROP INDEX ix_drafts_note_id")
    for table in ("wordings", "names", "gone"):
        connection.exec_driver_sql(f"DROP TABLE {table}")
    connection.exec_driver_sql("ALTER TABLE summaries DROP COLUMN by_owner")
    for column in ADDED:
        connection.exec_driver_sql(f"ALTER TABLE messages DROP COLUMN {column}")
    connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")


ADDED = (
    "kind",
    "details",
    "quoted",
    "mentions",
    "changes",
    "forwarded",
    "disappears_after",
    "disappears_at",
    "secret",
    "edited_at",
    "edits",
    "changed",
    "deleted_at",
    "deletes_of",
)


async def test_a_node_that_was_out_while_the_tables_became_too_new_for_it_does_not_come_back(
    pair: tuple[Store, Store], stored_database: str, tmp_path: Path
) -> None:
    make_newer(stored_database, tmp_path)
    say_oldest(stored_database, tmp_path, "9998")
    with pytest.raises(StorageError, match="newer version"):
        await pair[0].nodes.join(ONE, "one", None, LEASE)
    say_oldest(stored_database, tmp_path, NEWEST)
    await pair[0].nodes.join(ONE, "one", None, LEASE)


async def test_tables_that_something_else_holds_stay_as_they_are_and_nobody_waits_for_long(
    postgres_database: str, tmp_path: Path, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imposter.storage.database.postgresql.WAIT_FOR_TABLE", "50ms")
    make_old(postgres_database, tmp_path, monkeypatch)
    before = schema(postgres_database, tmp_path)
    with psycopg.connect(postgres_database) as dump:
        dump.execute("SELECT FROM messages")
        with pytest.raises(StorageError, match="something else holds one of them"):
            async with open_store(postgres_database, tmp_path, Cipher(KEY), now=time):
                pass
    assert schema(postgres_database, tmp_path) == before
    async with open_store(postgres_database, tmp_path, Cipher(KEY), now=time) as store:
        assert await store.bots.all() == []


def test_a_change_that_would_keep_other_servers_waiting_is_given_up(
    postgres_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imposter.storage.database.postgresql.HOLD_UP", "50ms")
    with (
        open_engine(postgres_database, tmp_path).begin() as connection,
        pytest.raises(StorageError, match="stop the others first"),
        change_tables(connection, in_haste=True),
    ):
        connection.exec_driver_sql("SELECT pg_sleep(10)")


def test_the_migrations_replayed_from_nothing_make_the_tables(database: str | None, tmp_path: Path) -> None:
    engine = open_engine(database, tmp_path)
    with engine.begin() as connection:
        metadata.create_all(connection)
    by_tables = schema(database, tmp_path)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        assert schema_of(connection) == {}
        upgrade(connection, None)
    assert schema(database, tmp_path) == by_tables


def test_the_newest_revision_is_the_one_the_code_asks_for() -> None:
    assert max(path.stem.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py")) == NEWEST
