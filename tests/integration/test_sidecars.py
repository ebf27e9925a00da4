"""Many accounts in several Node processes, on the fake network."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from imposter.contracts.status import LinkState
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import until
from tests.integration.whatsapp_desk import ANN, Desk, Server, open_server, sidecars

PHONES = [f"491000000{number}" for number in range(5)]


@asynccontextmanager
async def waiting(server: Server, count: int) -> AsyncIterator[list[Desk]]:
    """Accounts that wait for their codes to be scanned."""
    desks = [server.desk(f"i{number}") for number in range(count)]
    for desk in desks:
        await desk.provider.start_listening()
        await desk.becomes(LinkState.LINKING)
    yield desks
    for desk in desks:
        await desk.provider.stop_listening()


def was_lost(desk: Desk) -> bool:
    return any(report.status is LinkState.RECONNECTING for report in desk.reports)


async def logins(network: WhatsAppNetwork) -> list[int]:
    phones = await network.phones()
    return [phones[phone].logins for phone in PHONES]


async def test_the_end_of_a_process_touches_its_accounts_only(network: WhatsAppNetwork) -> None:
    async with open_server(network, accounts_per_process=2) as server:
        desks: list[Desk] = []
        started: list[int] = []
        """Each account's process."""
        for number, phone in enumerate(PHONES):
            desks.append(server.desk(f"i{number}"))
            before = set(sidecars())
            await desks[-1].link(network, phone)
            new = set(sidecars()) - before
            started.append(new.pop() if new else started[-1])
        assert [started.count(process) for process in started] == [2, 2, 2, 2, 1]

        for desk in desks:
            desk.reports.clear()
        before_it = await logins(network)
        os.kill(started[2], signal.SIGKILL)
        for desk in desks[2:4]:
            await until(partial(was_lost, desk))
            await desk.becomes(LinkState.CONNECTED)
        for phone, desk in zip(PHONES, desks, strict=True):
            await network.say(phone, ANN, f"to {phone}")
            await desk.hears_all({f"to {phone}"})
            await desk.send(f"{ANN}@s.whatsapp.net", f"from {phone}")
        answers = await network.wait_inbox(ANN, len(PHONES))
        assert {answer.text for answer in answers} == {f"from {phone}" for phone in PHONES}

        again = [after - before for before, after in zip(before_it, await logins(network), strict=True)]
        assert again == [0, 0, 1, 1, 0]
        assert [bool(desk.reports) for desk in desks] == [False, False, True, True, False]
        assert len(sidecars()) == 3


async def test_a_new_account_goes_where_most_are_so_that_other_processes_may_end(network: WhatsAppNetwork) -> None:
    async with open_server(network, accounts_per_process=3) as server, waiting(server, 5) as desks:
        assert len(sidecars()) == 2
        for desk in desks[:2]:
            await desk.provider.stop_listening()
        async with waiting(server, 1):
            await desks[2].provider.stop_listening()
            await until(lambda: len(sidecars()) == 1)
            for desk in desks[3:]:
                assert (await desk.status()).status is LinkState.LINKING


async def test_the_last_process_waits_for_the_next_account(network: WhatsAppNetwork) -> None:
    async with open_server(network, accounts_per_process=1) as server:
        async with waiting(server, 3):
            assert len(sidecars()) == 3
        await until(lambda: len(sidecars()) == 1)
        [kept] = sidecars()
        async with waiting(server, 1):
            assert sidecars() == [kept]
    assert not sidecars()
