"""A way from one place to another that a test can cut, or hold up without a word, as networks do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Reach = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
CHUNK = 1 << 16


class Tunnel:
    """Listens on `port` of 127.0.0.1."""

    def __init__(self, reach: Reach) -> None:
        self.port = 0
        self._reach = reach
        self._cut = False
        self._flows = asyncio.Event()
        self._flows.set()
        self._word: bytes | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Every connection breaks, and new ones are turned away."""
        self._cut = True
        for writer in tuple(self._writers):
            writer.transport.abort()

    def hold(self) -> None:
        """Nothing gets through, not even the end of a connection. It all comes through once this is healed."""
        self._flows.clear()

    def hold_behind(self, word: bytes) -> None:
        """As `hold`, as soon as this word is sent, which is the last that gets through."""
        self._word = word

    @property
    def holds(self) -> bool:
        return not self._flows.is_set()

    def heal(self) -> None:
        self._cut = False
        self._word = None
        self._flows.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (asyncio.CancelledError, OSError):
            pass  # the tunnel is closed, or nobody is at its other end
        finally:
            self._tasks.discard(task)
            writer.close()

    async def close(self) -> None:
        self.cut()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._flows.wait()
        if self._cut:
            writer.transport.abort()
            return
        there, onward = await self._reach()
        both = {writer, onward}
        self._writers |= both
        ways = [
            asyncio.create_task(way, name="tunnel") for way in (self._ask(reader, onward), self._carry(there, writer))
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._writers -= both
            onward.close()

    async def _ask(self, reader: asyncio.StreamReader, onward: asyncio.StreamWriter) -> None:
        await self._carry(reader, onward, self._split)

    def _split(self, data: bytes) -> tuple[bytes, bytes]:
        """What still gets through, and what is held."""
        before, word, after = data.partition(self._word) if self._word else (data, b"", b"")
        if word:
            self._word = None
            self.hold()
        return before + word, after

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        split: Callable[[bytes], tuple[bytes, bytes]] = lambda data: (data, b""),
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._flows.wait()
                for part in split(data):
                    writer.write(part)
                    await writer.drain()
                    await self._flows.wait()
        await self._flows.wait()


@asynccontextmanager
async def tunnel(reach: Reach) -> AsyncIterator[Tunnel]:
    made = Tunnel(reach)
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        listening.close()
        await made.close()
