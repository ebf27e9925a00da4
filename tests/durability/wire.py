"""A line to PostgreSQL that reads along: it sees each statement as it is sent, and can be cut.

Only what a client sends is taken apart, by the frontend messages of protocol 3.0: Query, Parse, Bind, Execute. The
server must not want TLS on it (`sslmode=disable`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.engine import URL, make_url


@dataclass(frozen=True, slots=True)
class Seen:
    """A statement that begins like this, in capitals or not."""

    begins: str
    after: bool = False
    """When the server has carried it out, and before the client knows."""
    still_in_trouble: bool = False
    """The line does not break there: the statement is sent when the strike, which may take its time, is over."""
    behind: tuple[str, ...] = ()
    """Only in a transaction in which a statement came before that begins like one of these, in capitals."""


@dataclass(slots=True)
class _Trap:
    seen: Seen
    strike: Callable[[], None]


class Line:
    """`url` leads through it."""

    def __init__(self, server: URL, port: int) -> None:
        self.url = server.set(host="127.0.0.1", port=port, query={"sslmode": "disable"})
        self.away = False
        """Whoever connects is turned away."""
        self._trap: _Trap | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    def trap(self, seen: Seen, strike: Callable[[], None]) -> None:
        """At the next statement like this, `strike`; in the place of the trap before."""
        self._trap = _Trap(seen, strike)

    def clear(self) -> None:
        self._trap = None

    def drop_all(self) -> None:
        """Every connection breaks."""
        for writer in tuple(self._connections):
            writer.transport.abort()

    def strikes(self, statement: str, before: Sequence[str]) -> _Trap | None:
        """The trap, if this statement springs it; `before` are those of its transaction before it, in capitals."""
        trap = self._trap
        if trap is None or not statement.upper().startswith(trap.seen.begins.upper()):
            return None
        if trap.seen.behind and not any(earlier.startswith(trap.seen.behind) for earlier in before):
            return None
        self._trap = None
        return trap


class _Client:
    """One client's statements, as they come by."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._rest = b""
        self._greeted = False
        self._prepared: dict[bytes, str] = {}
        self._before: list[str] = []

    def read(self, data: bytes) -> list[_Trap]:
        """What the statements in `data` spring."""
        self._rest += data
        sprung = []
        while (message := self._next()) is not None:
            statement = self._statement(*message)
            if statement is None:
                continue
            if trap := self._line.strikes(statement, self._before):
                sprung.append(trap)
            if statement.upper().startswith(("COMMIT", "ROLLBACK")) and "SAVEPOINT" not in statement.upper():
                self._before.clear()
            else:
                self._before.append(statement.upper())
        return sprung

    def _next(self) -> tuple[bytes, bytes] | None:
        """Kind and body of one whole message; the first ones of a connection have no kind."""
        head = 1 if self._greeted else 0
        if len(self._rest) < head + 4:
            return None
        length = int.from_bytes(self._rest[head : head + 4])
        if len(self._rest) < head + length:
            return None
        kind, body = self._rest[:head], self._rest[head + 4 : head + length]
        self._rest = self._rest[head + length :]
        if not kind:  # StartupMessage has version 3.0; what asks for TLS or GSS before it has other numbers
            self._greeted = body[:4] == (3 << 16).to_bytes(4)
        return kind, body

    def _statement(self, kind: bytes, body: bytes) -> str | None:
        """The text of a statement that is about to run."""
        match kind:
            case b"Q":
                return _text(body.split(b"\0")[0])
            case b"P":
                name, statement, *_ = body.split(b"\0")
                self._prepared[name] = _text(statement)
            case b"B":
                _portal, name, *_ = body.split(b"\0")
                return self._prepared.get(name)
        return None


def _text(statement: bytes) -> str:
    return statement.decode(errors="replace").lstrip()


@asynccontextmanager
async def open_line(server_url: str) -> AsyncIterator[Line]:
    """A line of its own to this server, which `server_url` reaches by a socket's folder or by host and port."""
    server = make_url(server_url)
    tasks: set[asyncio.Task[None]] = set()
    lines: list[Line] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await _serve(lines[0], server, reader, writer)
        except asyncio.CancelledError:
            pass  # the line is closed
        finally:
            tasks.discard(task)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    lines.append(Line(server, listening.sockets[0].getsockname()[1]))
    try:
        yield lines[0]
    finally:
        listening.close()
        lines[0].drop_all()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _serve(line: Line, server: URL, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if line.away:
        writer.transport.abort()
        return
    there, to_server = await _reach(server)
    line._connections.update((writer, to_server))  # noqa: SLF001 - the line's own
    after: list[_Trap] = []

    async def ask() -> None:
        client = _Client(line)
        while data := await reader.read(1 << 16):
            for trap in client.read(data):
                if trap.seen.after:
                    after.append(trap)
                else:
                    trap.strike()
                    if not trap.seen.still_in_trouble:
                        return
            to_server.write(data)
            await to_server.drain()

    async def answer() -> None:
        while data := await there.read(1 << 16):
            if after:
                after.pop().strike()
                return
            writer.write(data)
            await writer.drain()

    ways = [asyncio.create_task(ask(), name="to-postgresql"), asyncio.create_task(answer(), name="to-client")]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)  # either side may go at any moment
        line._connections.difference_update((writer, to_server))  # noqa: SLF001 - the line's own
        writer.close()
        to_server.close()


async def _reach(server: URL) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host = server.query.get("host") or server.host or "127.0.0.1"
    assert isinstance(host, str)
    port = int(str(server.query.get("port") or server.port or 5432))
    if host.startswith("/"):
        return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
    return await asyncio.open_connection(host, port)
