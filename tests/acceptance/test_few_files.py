"""A server that may have few files and connections open, or none more: messages wait, and none is lost by it."""

import json
import resource
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.product import Product, running
from tests.fakes.model_server import ModelServer
from tests.house import AT_ONCE, HASTE

FEW = 64
ENOUGH = 8192
CONTACTS = 80
SHORT = "This server may have no more files and connections open"
FILES = resource.RLIMIT_NOFILE


@pytest.fixture
def backend() -> str:
    """What a model call takes is the same on every database."""
    return "sqlite"


@pytest.fixture
async def few(tmp_path: Path, environment: dict[str, str]) -> AsyncIterator[Product]:
    at_once = {"IMPOSTER_MODEL_CALLS_AT_ONCE": str(CONTACTS)}
    async with running(tmp_path, environment | at_once, most_files=(FEW, FEW)) as product:
        yield product


def talk(contacts: int) -> dict[str, Any]:
    """A bot that so many contacts write to, all at once."""
    said = [{"content": f"hello {number}", "sender": f"contact {number}"} for number in range(contacts)]
    return {
        "user_id": "anna",
        "chat_provider_config": {"provider_name": "dummy", "provider_config": {"messages": said}},
        "llm_provider_config": {"provider_name": "openAi", "provider_config": {"model": "gpt-4"}},
        "queue_config": {"max_messages": 1000, "max_characters": 100_000},
        "limits_config": HASTE,
        "behaviour_config": AT_ONCE,
    }


def open_files(product: Product) -> int:
    return len(list(Path(f"/proc/{product.pid}/fd").iterdir()))


async def owner_knows(product: Product, instance_id: str) -> None:
    """Returns when the status says what there is none left of, after some tries that failed."""
    await product.until(
        lambda: product.status(instance_id), lambda status: SHORT in (status["last_error"] or "") and status["waiting"]
    )


async def all_are_answered(product: Product, instance_id: str) -> None:
    """Returns when each contact has its answer, and nothing has failed."""

    async def said() -> list[dict[str, Any]]:
        return [row for row in await product.messages(instance_id) if row["content"].startswith("hello")]

    def settled(rows: list[dict[str, Any]]) -> bool:
        return len(rows) == CONTACTS and not any(row["state"] == "waiting" for row in rows)

    rows = await product.until(said, settled)
    assert [(row["state"], row["reason"]) for row in rows] == [("answered", None)] * CONTACTS
    assert (await product.api.get(f"/chatbot/{instance_id}/dead-letters")).json()["dead_letters"] == []


async def test_more_answers_at_once_than_files_wait_for_each_other(few: Product, model: ModelServer) -> None:
    model.hang()
    [instance_id] = await few.put(talk(CONTACTS))
    await owner_knows(few, instance_id)
    assert len(model.requests) < CONTACTS
    model.release()
    await all_are_answered(few, instance_id)


async def test_no_file_left_at_the_very_first_call_is_waited_for(few: Product) -> None:
    [instance_id] = await few.put(talk(0))
    await few.until_status(instance_id, "connected")
    in_use = open_files(few)
    resource.prlimit(few.pid, FILES, (in_use, FEW))
    assert await few.put(talk(CONTACTS)) == [instance_id]
    await owner_knows(few, instance_id)
    resource.prlimit(few.pid, FILES, (FEW, FEW))
    await all_are_answered(few, instance_id)


async def test_a_low_bound_is_told_once_with_its_cure(few: Product) -> None:
    lines = [json.loads(line) for line in few.output.read_text().splitlines() if line.startswith("{")]
    [warning] = [line for line in lines if "LimitNOFILE" in line["event"]]
    assert (warning["most"], warning["level"]) == (FEW, "warning")
    assert "ulimit -n" in warning["event"]


async def test_the_server_allows_itself_what_it_may(tmp_path: Path, environment: dict[str, str]) -> None:
    _, hard = resource.getrlimit(FILES)
    most = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    async with running(tmp_path, environment, most_files=(FEW, most)) as product:
        assert resource.prlimit(product.pid, FILES) == (most, most)
        assert "LimitNOFILE" not in product.output.read_text()
