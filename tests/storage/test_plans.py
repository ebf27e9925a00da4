"""Every statement finds its rows by an index: none reads a whole table that grows with what is said."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BindParameter, Connection, Delete, Select, Update, event, types
from sqlalchemy.sql.selectable import CompoundSelect

from imposter import storage
from imposter.storage.database.engine import open_engine
from imposter.storage.schema.tables import MentionsText, QuoteText, UtcTime
from tests.storage.large import BOT, TALKER, fill

SMALL = frozenset({"bots", "nodes", "commands", "statuses", "sign_ins", "meta", "pauses", "exams", "summaries"})
"""They grow with what there is to run, not with what is said."""
PARTS = frozenset({"SELECT_BOT", "_SELECT", "SELECT_STORED", "SELECT_OUTGOING", "COLUMNS", "_COLUMNS"})
"""No statements: others begin with them."""
ONE_ROW_BY_ORDER = frozenset({"retention._NEWEST", "voice._OLDEST", "usage._OLD", "usage._TOO_OLD"})
"""They read an index from its end, as far as they need."""
BY_DIALECT = {"sqlite": {"channels._NOTIFY", "sessions._CALL", "sessions._CONNECTED", "commands._PUT_BACK"}}
"""Statements that the other database alone knows."""
VALUES: dict[str, Any] = {
    "most": 10,
    "before": 900,
    "after": 1000,
    "now": datetime(2026, 5, 1, tzinfo=UTC),
    "instance_id": BOT,
    "bot": BOT,
    "instance": BOT,
    "claimed": BOT,
    "conversation": TALKER,
    "chat": TALKER,
}

BY_TYPE: dict[Any, Any] = {
    UtcTime: datetime(2026, 5, 1, tzinfo=UTC),
    types.DateTime: datetime(2026, 5, 1, tzinfo=UTC),
    types.Integer: 1000,
    types.Float: 1.0,
    types.Boolean: True,
    types.LargeBinary: b"",
    QuoteText: None,
    MentionsText: None,
}
QUERIES = frozenset({"chats", "lively"})

Statement = Select[Any] | Update | Delete | CompoundSelect[Any]


def statements() -> Iterator[tuple[str, Statement]]:
    """By `module.NAME`, of all that stand at the top of a module; an INSERT of values finds nothing."""
    seen: set[int] = set()
    for module in pkgutil.iter_modules(storage.__path__):
        found = vars(importlib.import_module(f"imposter.storage.{module.name}"))
        for name, value in found.items():
            for each in value.values() if isinstance(value, dict) else [value]:
                if isinstance(each, Select | Update | Delete | CompoundSelect) and id(each) not in seen:
                    seen.add(id(each))
                    yield f"{module.name}.{name}", each


@pytest.fixture(params=["sqlite", "postgresql"])
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    database = request.getfixturevalue("postgres_database") if request.param == "postgresql" else None
    fill(database, tmp_path, rows=20_000, chats=500)
    with open_engine(database, tmp_path).connect() as connection:
        if request.param == "postgresql":
            with connection.begin():
                for way in ("seqscan", "mergejoin", "hashjoin"):  # they are cheapest for so few
                    connection.exec_driver_sql(f"SET enable_{way} = off")
        yield connection


def test_no_statement_reads_a_whole_table(connection: Connection) -> None:
    kind = connection.dialect.name
    scans: list[str] = []
    looked_at = 0
    for name, statement in statements():
        if name.split(".")[1] not in PARTS and name not in ONE_ROW_BY_ORDER | BY_DIALECT.get(kind, set()):
            looked_at += 1
            scans += [f"{name}: {line}" for line in _scans(kind, _plan(connection, statement))]
    if scans:
        pytest.fail("\n".join(scans), pytrace=False)
    assert looked_at > 150


class _Captured(Exception):
    """What was to be executed."""


def _capture(_connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
    raise _Captured(statement, parameters)


def _plan(connection: Connection, statement: Statement) -> list[str]:
    """What the database would do, line by line."""
    binds = statement.compile(dialect=connection.dialect).bind_names.items()
    values = {name: _value(bind) for bind, name in binds if bind.required or bind.value is None}
    event.listen(connection, "before_cursor_execute", _capture)
    try:
        with connection.begin():
            connection.execute(statement, values)
    except _Captured as captured:
        text, parameters = captured.args
    finally:
        event.remove(connection, "before_cursor_execute", _capture)
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(explain + text, parameters)
        lines = [str(row[-1]) for row in cursor.fetchall()]
    connection.connection.rollback()
    return lines


def _value(bind: BindParameter[Any]) -> Any:
    value = VALUES.get(bind.key)
    if value is None:
        value = next((value for kind, value in BY_TYPE.items() if isinstance(bind.type, kind)), TALKER)
        value = next(iter(bind.type.enums)) if isinstance(bind.type, types.Enum) else value
    return [value] if bind.expanding else value


def _scans(kind: str, plan: list[str]) -> list[str]:
    """The lines of it that read all of a table, or of an index, that grows with what is said."""
    if kind == "sqlite":
        scanned = [(line, re.match(r"SCAN (\w+)", line)) for line in plan]
        return [line for line, found in scanned if found and found[1] not in SMALL and not _is_made_up(found[1])]
    found = []
    for place, line in enumerate(plan):
        read = re.search(r"(?:Seq Scan|(?:Bitmap )?Index(?: Only)? Scan)(?: using \w+)? on (\w+)", line)
        if read is None or read[1] in SMALL:
            continue
        behind = plan[place + 1] if place + 1 < len(plan) else ""
        if "Index Cond" not in behind and "Recheck Cond" not in behind:
            found.append(line.strip())
    return found


def _is_made_up(name: str) -> bool:
    """By the statement itself: a row of constants, a subquery."""
    return name == "CONSTANT" or name.isdecimal() or name.startswith("anon_") or name in QUERIES
