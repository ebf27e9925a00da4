"""Whatever is killed, whenever: everything accepted is answered once, in order, and never with two texts.

DURABILITY_SEED=<number> brings a run back.
"""

import os
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom

import pytest

from tests.durability.driver import driving
from tests.durability.plan import DATABASE, DATABASE_LOST, ON_SQLITE, plan
from tests.durability.wire import open_line
from tests.fakes.whatsapp_network import WhatsAppNetwork


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("DURABILITY_SEED") or SystemRandom().randrange(1_000_000))


async def test_nothing_is_lost_and_nothing_answered_twice(
    tmp_path: Path, network: WhatsAppNetwork, phone: Callable[[], str], seed: int
) -> None:
    async with driving(tmp_path, network, seed, phone) as driver:
        result = await driver.play(plan(seed, ON_SQLITE, len(ON_SQLITE)))
    assert set(result.steps) == {step.name for step in ON_SQLITE}


async def test_the_same_on_postgresql(
    tmp_path: Path, network: WhatsAppNetwork, phone: Callable[[], str], seed: int, postgres_database: str
) -> None:
    steps = (*DATABASE, DATABASE_LOST)
    async with (
        open_line(postgres_database) as line,
        driving(tmp_path, network, seed, phone, line=line) as driver,
    ):
        result = await driver.play(plan(seed, steps, len(steps)))
    assert set(result.steps) == {step.name for step in steps}
