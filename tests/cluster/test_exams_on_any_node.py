"""An exam is held where the bot lives; any server begins, shows and cancels it, and says what became of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from imposter.storage.learning.voice import VoiceLine
from tests.cluster.servers import Server, Servers, open_servers
from tests.house import until


@pytest.fixture
async def servers(stored_database: str, tmp_path: Path) -> AsyncIterator[Servers]:
    async with open_servers(stored_database, tmp_path) as servers:
        yield servers


async def examined(servers: Servers) -> tuple[str, Server, Server]:
    """A bot with two lines to ask about, the server that has it, and another."""
    one, two = await servers.start("one"), await servers.start("two")
    instance_id = await one.put("anna")
    await servers.run_once_each("anna")
    then = datetime.now(UTC) - timedelta(days=3)
    lines = [VoiceLine(f"{number}?", (f"{number}!",), then + timedelta(hours=number), 1.0) for number in (1, 2)]
    await one.house.store.voice.replace(instance_id, "ben", lines)
    at, away = (one, two) if one.house.bots.has(instance_id) else (two, one)
    return f"/chatbot/{instance_id}/exam", at, away


async def state(server: Server, address: str) -> str:
    return str((await server.api.get(address)).json()["state"])


async def test_any_server_begins_shows_and_cancels_it(servers: Servers) -> None:
    address, at, away = await examined(servers)
    model = at.house.models["anna"]
    model.hold = {"1?": asyncio.Event(), "2?": asyncio.Event()}
    begun = await away.api.post(address)
    assert (begun.status_code, begun.json()["total"]) == (202, 2)
    again = await away.api.post(address)
    assert (again.status_code, again.json()["detail"][:22]) == (409, "An exam is under way: ")
    for server in (at, away):
        assert await state(server, address) == "running"
    assert (await away.api.delete(address)).json()["state"] == "cancelled"
    for event in model.hold.values():
        event.set()
    assert (await away.api.post(address)).status_code == 202

    async def is_done() -> bool:
        return await state(away, address) == "done"

    await until(is_done, "the exam ends")
    assert {pair["bot"] for pair in (await away.api.get(address)).json()["pairs"]} == {"re: 1?", "re: 2?"}


async def test_it_is_said_to_be_cut_short_where_its_server_is_lost(servers: Servers) -> None:
    address, at, away = await examined(servers)
    at.house.models["anna"].hold = {"1?": asyncio.Event(), "2?": asyncio.Event()}
    assert (await away.api.post(address)).status_code == 202
    assert await state(away, address) == "running"
    await servers.expire(at)

    async def is_cut_short() -> bool:
        return await state(away, address) == "interrupted"

    await until(is_cut_short, "the exam is said to be cut short")
    await servers.run_once_each("anna")
    assert (await away.api.get(address)).json()["told"].startswith("It was cut short")
