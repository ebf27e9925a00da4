"""Messages keep their order where the store takes none for a while."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chat_providers._whatsapp.account import Account
from chat_providers._whatsapp.protocol import REQUEST, Inbound, InboundMessage
from imposter.contracts.errors import InvalidState, StorageError

PAYLOADS = Path(__file__).parents[1] / "integration" / "payloads" / "inbound.json"
FIRST = json.loads(PAYLOADS.read_text("utf-8"))[0]["expected"]


class Disk:
    """Stores what it is given, each a moment later; nothing while it is down, nor behind what it did not store."""

    def __init__(self) -> None:
        self.down = False
        self.stored: list[str] = []

    def receive(self, message: InboundMessage, sent_at: Any, linked_at: Any, behind: Any) -> "asyncio.Task[None]":
        return asyncio.create_task(self._store(message.id, behind, self.down))

    async def _store(self, message_id: str, behind: "asyncio.Task[None] | None", down: bool) -> None:
        await asyncio.sleep(0)
        if behind is not None:
            await asyncio.wait([behind])
        if down or (behind is not None and behind.exception() is not None):
            raise StorageError("the disk is full")
        self.stored.append(message_id)


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def account(disk: Disk) -> Account:
    context: Any = SimpleNamespace(instance_id="i1", now=lambda: datetime.now(UTC))
    nowhere: Any = None  # nothing is connected
    return Account(context, sidecars=nowhere, receive=disk.receive)


def request(message_id: str) -> Inbound:
    found = REQUEST.validate_python({"type": "message", "message": {**FIRST, "id": message_id}})
    assert isinstance(found, Inbound)
    return found


async def give(account: Account, *ids: str) -> list[str]:
    """Give these at once, in this order; those that are to be given again."""
    answers = await asyncio.gather(*(account.serve(request(each)) for each in ids), return_exceptions=True)
    assert all(answer is None or isinstance(answer, StorageError | InvalidState) for answer in answers), answers
    return [each for each, answer in zip(ids, answers, strict=True) if answer is not None]


async def test_what_comes_meanwhile_does_not_overtake(account: Account, disk: Disk) -> None:
    disk.down = True
    assert await give(account, "1") == ["1"]
    disk.down = False
    assert await give(account, "2") == ["2"], "the first is not given again yet"
    assert await give(account, "1") == []
    assert await give(account, "3") == ["3"], "the second is not given again yet"
    assert await give(account, "2", "3") == []
    assert disk.stored == ["1", "2", "3"]


async def test_many_that_failed_together_go_through_together(account: Account, disk: Disk) -> None:
    ids = [str(number) for number in range(50)]
    disk.down = True
    assert await give(account, *ids) == ids
    disk.down = False
    assert await give(account, *ids, "new") == []
    assert disk.stored == [*ids, "new"]
