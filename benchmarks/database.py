"""A PostgreSQL server to measure with, and what is asked of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass
from typing import Any, LiteralString

import psutil
import psycopg

from tests.postgres import PostgresServer

AS_SHIPPED = {"listen_addresses": ""}
"""PostgreSQL's own defaults, `fsync` among them; reached by a Unix socket."""
FLUSHED = 2.5
"""Seconds after which a session that goes on working has told its statistics: it does so once a second at most."""

_STATISTICS = """
    SELECT xact_commit + xact_rollback, tup_returned + tup_fetched, tup_inserted + tup_updated + tup_deleted,
           pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')
    FROM pg_stat_database WHERE datname = current_database()
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What a database has done, since it was made or between two looks."""

    transactions: float
    read: float
    """Rows, also those that were looked at in passing."""
    written: float
    wal: float
    """Bytes."""
    cpu: float
    """Seconds, of all processes of the server."""

    def __sub__(self, other: "Load") -> "Load":
        return Load(*(mine - theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def __truediv__(self, parts: float) -> "Load":
        return Load(*(value / parts for value in astuple(self)))

    def __mul__(self, times: float) -> "Load":
        return self / (1 / times)


class Database:
    """One database on a server of its own, and a connection that looks at it."""

    def __init__(self, server: PostgresServer, url: str, connection: psycopg.AsyncConnection[Any]) -> None:
        self.url = url
        self._server = server
        self._connection = connection

    async def rows(self, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        return await (await self._connection.execute(query, values)).fetchall()

    async def one(self, query: LiteralString, *values: object) -> Any:
        """The only value of the only row."""
        [[value]] = await self.rows(query, *values)
        return value

    def at(self, url: str) -> "Database":
        """The same, which is told to others by another address."""
        return Database(self._server, url, self._connection)

    async def analyze(self) -> None:
        """Have it look at its tables, as it does by itself a minute after they have grown: it plans by that."""
        await self._connection.execute("ANALYZE")

    async def load(self) -> Load:
        """Up to now."""
        await asyncio.sleep(FLUSHED)
        await self.rows("SELECT pg_stat_force_next_flush()")  # what was asked here, which the next look would count
        [statistics] = await self.rows(_STATISTICS)
        return Load(*map(float, [*statistics, self._cpu()]))

    def _cpu(self) -> float:
        pid = int((self._server.socket.parent / "data" / "postmaster.pid").read_text().split()[0])
        first = psutil.Process(pid)
        # Of children that ended, their parent has it.
        used = [process.cpu_times() for process in (first, *first.children())]
        return sum(times.user + times.system for times in used) + used[0].children_user + used[0].children_system


@asynccontextmanager
async def database() -> AsyncIterator[Database]:
    """An empty one."""
    server = PostgresServer(settings=AS_SHIPPED)
    await asyncio.to_thread(server.start)
    try:
        url = server.new_database()
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            yield Database(server, url, connection)
    finally:
        await asyncio.to_thread(server.stop)
