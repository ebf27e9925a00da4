"""The SQL is PostgreSQL's too."""

import pytest
from sqlalchemy import ClauseElement, Table
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.schema import CreateIndex, CreateTable

from imposter.storage import bots, conversations, exams, intake, messages, outbox, state, unfinished, waiting
from imposter.storage.tables import metadata

POSTGRESQL = PGDialect()  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
ROOMS = (bots, conversations, exams, intake, messages, outbox, state, unfinished, waiting)
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
