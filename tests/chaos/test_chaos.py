"""Contacts, owners and operators do all that they may at once while servers are killed, and the promise is kept.

CHAOS_SEED=<number> brings a run back.
"""

import os
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom

import pytest

from tests.chaos.driver import chaos
from tests.chaos.plan import Deed, kills, plan
from tests.fakes.whatsapp_network import WhatsAppNetwork

ROUNDS = int(os.environ.get("CHAOS_ROUNDS") or 5)
"""In which every deed is done."""


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("CHAOS_SEED") or SystemRandom().randrange(1_000_000))


async def test_whatever_is_done_while_servers_are_killed_the_promise_is_kept(
    tmp_path: Path, network: WhatsAppNetwork, phone: Callable[[], str], seed: int, database: str | None
) -> None:
    rounds = plan(seed, ROUNDS)
    assert {act.deed for planned in rounds for act in planned.acts} == set(Deed)
    async with chaos(tmp_path, network, seed, phone, database=database) as driver:
        result = await driver.play(rounds)
    assert result.kills.total() == kills(rounds)
    assert result.answered > 0
