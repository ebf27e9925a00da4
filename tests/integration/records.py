"""What is on record of a bot's messages, and a database that takes no more of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import MessageState, StoredMessage
from imposter.storage.database.engine import DATABASE_FILE
from tests.house import House


@contextmanager
def changes_refused(folder: Path, which: str) -> Iterator[None]:
    """The database refuses these, as if the disk had no room for them."""
    with closing(sqlite3.connect(folder / DATABASE_FILE, isolation_level=None)) as outside:
        outside.execute(f"CREATE TRIGGER refusal BEFORE {which} BEGIN SELECT RAISE(FAIL, 'no room'); END")
        try:
            yield
        finally:
            outside.execute("DROP TRIGGER refusal")


async def rows(house: House, instance_id: str) -> list[StoredMessage]:
    """What is on record, oldest first."""
    return list(reversed(await house.bot_service.messages(instance_id, limit=200)))


async def waiting(house: House, instance_id: str) -> list[str]:
    return [row.content for row in await rows(house, instance_id) if row.state is MessageState.WAITING]


async def nothing_waits(house: House) -> bool:
    return not any([await waiting(house, bot.instance_id) for bot in house.bots.all()])


async def has_delivery(house: House, instance_id: str, text: str, state: DeliveryState) -> bool:
    return any(row.content == text and row.delivery is state for row in await rows(house, instance_id))
