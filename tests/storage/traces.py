"""Where a word stands in what a database keeps."""

from contextlib import closing
from pathlib import Path

import psycopg


def traces(database: str | None, folder: Path, *words: str) -> list[str]:
    """The files of `folder` that hold one of `words`, in UTF-8, or the tables of PostgreSQL that do."""
    if database is None:
        return [
            path.name
            for path in sorted(folder.iterdir())
            if path.is_file() and any(word.encode() in path.read_bytes() for word in words)
        ]
    with closing(psycopg.connect(database)) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return [
            table
            for (table,) in tables
            for (row,) in connection.execute(f'SELECT CAST(t AS text) FROM "{table}" AS t')
            if any(word in row or word.encode().hex() in row for word in words)
        ]
