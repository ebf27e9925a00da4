"""What a database is made of, for comparing one with another."""

import warnings
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from imposter.storage.database.engine import open_engine


def schema(database: str | None, folder: Path) -> dict[str, Any]:
    with open_engine(database, folder).connect() as connection:
        return schema_of(connection)


def schema_of(connection: Connection) -> dict[str, Any]:
    """What each table is made of, whatever order it was made in."""
    inspector = inspect(connection)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection")  # `_indexes` reads these
        return {
            table: {
                "columns": {column["name"]: str(column) for column in inspector.get_columns(table)},
                "key": inspector.get_pk_constraint(table),
                "unique": sorted(map(str, inspector.get_unique_constraints(table))),
                "foreign": sorted(map(str, inspector.get_foreign_keys(table))),
                "checks": sorted(map(str, inspector.get_check_constraints(table))),
                "indexes": _indexes(connection, table),
            }
            for table in inspector.get_table_names()
            if table != "alembic_version"
        }


def _indexes(connection: Connection, table: str) -> list[str]:
    # SQLAlchemy does not read expressions in indexes back from SQLite.
    query = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table AND sql IS NOT NULL",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE tablename = :table",
    }[connection.dialect.name]
    return sorted(" ".join(sql.split()) for (sql,) in connection.execute(text(query), {"table": table}))
