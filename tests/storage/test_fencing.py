"""A write of a run that lost its bot while it was under way: another node has taken over when it gets through."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from threading import Event

import psycopg
import pytest
from anyio.from_thread import start_blocking_portal

from imposter.contracts.errors import StorageError
from imposter.domain.claims import Superseded
from imposter.secrets import Cipher
from imposter.storage import Store, open_store
from tests.durability.wire import Line, Seen, open_line
from tests.house import until
from tests.storage.desk import BOT, KEY, LEASE, ONE, TWO, Desk, Named, Time
from tests.timeouts import FACT

BEFORE_IT_BEGINS = Seen("BEGIN", still_in_trouble=True)
BEFORE_ITS_COMMIT = Seen("COMMIT", behind=("INSERT INTO OUTBOX",), still_in_trouble=True)
PATIENCE = FACT
"""Seconds that the line is held at most, so that a test that fails ends."""


class Ways:
    """Node `ONE` reaches the database over a line that can be held, node `TWO` as it is."""

    def __init__(self, url: str, line: Line, one: Store, two: Store) -> None:
        self.one, self.two = one, two
        self._url = url
        self._line = line

    async def hold(self, seen: Seen) -> tuple[Event, Event]:
        """Nothing of `ONE` gets through from this statement on. Gives what is set then, and what ends it."""
        held, healed = Event(), Event()

        def strike() -> None:
            held.set()
            healed.wait(PATIENCE)

        self._line.trap(seen, strike)
        return held, healed

    async def take_over(self) -> None:
        """The lease of `ONE` is over, and the bot is TWO's; what is open of `ONE` in the database is ended."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("UPDATE nodes SET until = clock_timestamp() WHERE node_id = %s", [ONE])
            await self.two.nodes.renew(TWO, {}, LEASE)
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND state = 'idle in transaction'"
            )
        await until(self._is_taken)

    async def _is_taken(self) -> bool:
        await self.two.nodes.renew(TWO, {}, LEASE)
        return [row.instance_id for row in await self.two.nodes.take(TWO, 1)] == [BOT]


@pytest.fixture
async def ways(stored_database: str, tmp_path: Path, time: Time) -> AsyncIterator[Ways]:
    async with AsyncExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())  # a store is opened on this thread, and waits for it
        line = stack.enter_context(portal.wrap_async_context_manager(open_line(stored_database)))
        urls = {ONE: line.url.render_as_string(hide_password=False), TWO: stored_database}
        one, two = [
            await stack.enter_async_context(
                open_store(url, tmp_path / name, Cipher(KEY), now=time, identity=Named(name))
            )
            for name, url in urls.items()
        ]
        for store, name in ((one, ONE), (two, TWO)):
            await store.nodes.join(name, name, None, LEASE)
        yield Ways(stored_database, line, one, two)


@pytest.mark.parametrize("seen", [BEFORE_IT_BEGINS, BEFORE_ITS_COMMIT], ids=["before it begins", "before its commit"])
async def test_what_was_held_in_the_line_while_another_took_over_comes_to_nothing(
    ways: Ways, time: Time, seen: Seen
) -> None:
    await ways.one.bots.add(BOT, "anna", {})
    old, new = Desk(ways.one, time), Desk(ways.two, time)
    old.claim = await ways.one.bots.claim(BOT)
    waits = await old.receive("hello", claim=old.claim)
    held, healed = await ways.hold(seen)
    late = asyncio.ensure_future(old.answer(waits, "late"))
    try:
        await until(held.is_set)
        await ways.take_over()
        new.claim = await ways.two.bots.claim(BOT)
    finally:
        healed.set()
    with pytest.raises(StorageError):
        await late
    with pytest.raises(Superseded):
        await old.answer(waits, "late")
    assert await new.states() == {"hello": "waiting"}
    assert await new.prompt() == ["hello"]
    await new.answer(waits, "in time")
    assert await new.states() == {"hello": "answered", "in time": "context"}
