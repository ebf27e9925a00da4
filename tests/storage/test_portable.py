"""The SQL is PostgreSQL's too."""

import pytest
from sqlalchemy import ClauseElement, Table
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.schema import CreateIndex, CreateTable

from imposter.storage.bots import bot_store, provider_state
from imposter.storage.conversation import identity
from imposter.storage.learning import evaluations
from imposter.storage.messages import intake, message_store, outbox
from imposter.storage.queue import pending_work, queue_limits
from imposter.storage.schema.tables import metadata

POSTGRESQL = PGDialect()  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
ROOMS = (bot_store, identity, evaluations, intake, message_store, outbox, provider_state, pending_work, queue_limits)
STATEMENTS = [
    pytest.param(value, id=f"{room.__name__.rpartition('.')[2]}{name}")
    for room in ROOMS
    for name, value in vars(room).items()
    if name.startswith("_") and name.isupper() and isinstance(value, ClauseElement)
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_statement_can_be_said_to_postgresql(statement: ClauseElement) -> None:
    assert str(statement.compile(dialect=POSTGRESQL))


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_every_table_can_be_made_in_postgresql(table: Table) -> None:
    elements: list[ClauseElement] = [CreateTable(table), *map(CreateIndex, table.indexes)]
    for element in elements:
        assert str(element.compile(dialect=POSTGRESQL))
