"""Deleting very much at once: it holds nobody up, and takes what it should and nothing else."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from imposter.contracts.messages import Sender, Source
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import MessageState
from imposter.secrets import Cipher
from imposter.storage import Store, open_store
from imposter.storage.database.engine import open_engine
from imposter.storage.schema.batch_delete import AT_ONCE
from imposter.storage.schema.tables import messages, outbox
from tests.storage.desk import BOT, KEY, Desk, Time

PORTIONS = 8
"""More than there are commits beside them, in each of which others have a turn, too."""
EXCHANGES = PORTIONS * AT_ONCE // 2 + 1
"""Of a message and its answer."""


@pytest.fixture
async def folder(database: str | None, tmp_path: Path, time: Time) -> Path:
    """A Store's, in which a talker has said very much to one bot, and others something to this one and another."""
    async with open_store(database, tmp_path, Cipher(KEY), now=time) as store:
        for bot in (BOT, "other"):
            await store.bots.add(bot, f"user of {bot}", {})
            for sender in ("talker", "ben"):
                await Desk(store, time, bot).receive(f"{sender} says hello", sender, sender=Sender(sender))
        [first, *_] = await store.messages.page(BOT, limit=1)
    begin = first.seq + 1000 + first.seq % 2
    rows = [exchanged(seq, time) for seq in range(begin, begin + 2 * EXCHANGES)]
    with open_engine(database, tmp_path).begin() as connection:
        connection.execute(insert(messages), rows)
        connection.execute(insert(outbox), [sent(row) for row in rows if row["source"] is Source.BOT])
    return tmp_path


def exchanged(seq: int, time: Time) -> dict[str, Any]:
    mine = seq % 2 == 1
    return {
        "seq": seq,
        "instance_id": BOT,
        "conversation": "talker",
        "message_id": f"id-{seq}",
        "source": Source.BOT if mine else Source.CONTACT,
        "content": "words",
        "characters": 5,
        "sender_id": "me" if mine else "talker",
        "sender_name": "",
        "reply_to": "talker",
        "sent_at": time(),
        "received_at": time(),
        "state": MessageState.CONTEXT if mine else MessageState.ANSWERED,
        "answers": seq - 1 if mine else None,
    }


def sent(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: row[name] for name in ("seq", "instance_id", "message_id")}
    return kept | {"state": DeliveryState.SENT, "attempts": 1, "created_at": row["sent_at"]}


async def served_meanwhile(store: Store, deletion: asyncio.Task[Any]) -> int:
    """How often another bot was before it ended."""
    served = 0
    while not deletion.done():
        await store.messages.waiting_count("other")
        served += 1
    return served


async def said(store: Store, bot: str) -> list[str]:
    return [row.content for row in await store.messages.page(bot, limit=200)]


async def test_a_bot_with_very_many_messages_is_deleted_while_others_are_served(
    folder: Path, database: str | None, time: Time
) -> None:
    async with open_store(database, folder, Cipher(KEY), now=time) as store:
        deletion = asyncio.create_task(store.bots.delete(BOT))
        assert await served_meanwhile(store, deletion) >= PORTIONS
        await deletion
        assert [row.instance_id for row in await store.bots.all()] == ["other"]
        assert (await said(store, BOT), await said(store, "other")) == ([], ["ben says hello", "talker says hello"])


async def test_a_person_who_said_very_much_is_forgotten_while_others_are_served(
    folder: Path, database: str | None, time: Time
) -> None:
    async with open_store(database, folder, Cipher(KEY), now=time) as store:
        deletion = asyncio.create_task(store.erasure.forget(BOT, "talker", str))
        assert await served_meanwhile(store, deletion) >= PORTIONS
        assert (await deletion).messages == 2 * EXCHANGES + 1
        assert (await said(store, BOT), await said(store, "other")) == (
            ["ben says hello"],
            ["ben says hello", "talker says hello"],
        )
