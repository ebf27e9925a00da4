"""Trouble again and again, with a full recovery in between each time: the tenth is over as soon as the first."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from imposter.contracts.status import LinkState
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import until
from tests.integration.whatsapp_desk import ANN, BOT, Desk, Server, kill_sidecar, sidecar_process, sidecars

ROUNDS = 4
LONGEST_FIRST_WAIT = 1.0


class Lease:
    """Of a server of several; it is asked from before its first helper is started."""

    def __init__(self, server: Server) -> None:
        self.left = 10
        server.shared.hold = lambda: self.left


@pytest.fixture
def said() -> Iterator[list[Any]]:
    """What the log was told."""
    with structlog.testing.capture_logs() as lines:
        yield lines


def waits(said: list[Any]) -> list[float | None]:
    """What was waited after each end of a process."""
    return [line["again_in"] for line in said if line["event"] == "whatsapp helper ended"]


async def has_ended(said: list[Any], times: int) -> None:
    """Returns when the end of a process has been noticed so often."""
    await until(lambda: len(waits(said)) == times)


async def is_there(network: WhatsAppNetwork, desk: Desk, turn: int) -> None:
    """Returns when the account is connected, hears and is heard."""
    await desk.becomes(LinkState.CONNECTED)
    await network.say(BOT, ANN, f"question {turn}")
    await desk.hears_all({f"question {turn}"})
    await desk.send(f"{ANN}@s.whatsapp.net", f"answer {turn}")
    await network.wait_inbox(ANN, turn + 1)


async def test_a_helper_that_is_killed_again_and_again(network: WhatsAppNetwork, desk: Desk, said: list[Any]) -> None:
    for turn in range(ROUNDS):
        await kill_sidecar()
        await has_ended(said, turn + 1)
        await is_there(network, desk, turn)
    found = waits(said)
    assert len(found) == ROUNDS
    assert all(wait is not None and wait <= LONGEST_FIRST_WAIT for wait in found)


async def test_a_helper_that_ends_as_the_lease_does_waits_for_the_next_account(
    network: WhatsAppNetwork, server: Server, said: list[Any]
) -> None:
    lease = Lease(server)
    desk = server.desk()
    await desk.link(network)
    for turn in range(ROUNDS):
        lease.left = 0
        await desk.provider.stop_listening()
        await has_ended(said, turn + 1)
        assert not sidecars()
        lease.left = 10
        desk = server.desk(before=desk)
        await desk.provider.start_listening()
        await is_there(network, desk, turn)
    assert waits(said) == [None] * ROUNDS


async def test_no_helper_is_started_without_a_lease_and_one_is_when_it_is_there_again(
    network: WhatsAppNetwork, server: Server, said: list[Any]
) -> None:
    lease = Lease(server)
    desk = server.desk()
    await desk.link(network)
    for turn in range(ROUNDS):
        lease.left = 0
        await has_ended(said, turn + 1)
        assert not sidecars()
        lease.left = 10
        await is_there(network, desk, turn)
    assert all(wait is not None and wait <= LONGEST_FIRST_WAIT for wait in waits(said))


async def test_a_helper_that_was_killed_without_accounts_stays_away_until_there_is_one(
    network: WhatsAppNetwork, server: Server, desk: Desk, said: list[Any]
) -> None:
    await desk.provider.stop_listening()
    os.kill(await sidecar_process(), signal.SIGKILL)
    await has_ended(said, 1)
    assert waits(said) == [None]
    assert not sidecars()
    again = server.desk(before=desk)
    await again.provider.start_listening()
    await is_there(network, again, 0)
    assert len(sidecars()) == 1
