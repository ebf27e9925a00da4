"""Linking, losing and regaining the link, through the real sidecar and unmodified Baileys, on the fake network."""

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chat_providers._whatsapp import account, sidecar
from imposter.contracts.errors import InvalidState, NotConnected
from imposter.contracts.status import LinkState
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import until
from tests.integration.whatsapp_desk import (
    ANN,
    BOB,
    BOT,
    NOT_NOW,
    Desk,
    Server,
    kill_sidecar,
    open_server,
    sidecar_process,
    sidecars,
)


async def test_a_scanned_code_links_the_account(network: WhatsAppNetwork, server: Server) -> None:
    desk = server.desk()
    await desk.provider.start_listening()
    status = await desk.becomes(LinkState.LINKING)
    assert status.qr is not None
    assert status.qr_expires_at is not None
    assert status.qr_expires_at > datetime.now(UTC)
    await network.scan(status.qr, BOT)
    status = await desk.becomes(LinkState.CONNECTED)
    assert (status.account, status.qr) == (f"{BOT}@s.whatsapp.net", None)
    assert [report.status.value for report in desk.reports] == ["connecting", "linking", "connecting", "connected"]


async def test_a_code_that_nobody_scanned_is_followed_by_a_new_one(network: WhatsAppNetwork, server: Server) -> None:
    desk = server.desk()
    await desk.provider.start_listening()
    first = await desk.becomes(LinkState.LINKING)
    assert first.qr is not None
    await network.end_pairing(first.qr)
    second = await desk.becomes(LinkState.LINKING, lambda status: status.qr != first.qr)
    assert {report.status for report in desk.reports} == {LinkState.CONNECTING, LinkState.LINKING}
    assert second.qr is not None
    await network.scan(second.qr, BOT)
    await desk.becomes(LinkState.CONNECTED)


async def test_a_wanted_passkey_is_said_in_words(network: WhatsAppNetwork, server: Server) -> None:
    desk = server.desk()
    await desk.provider.start_listening()
    status = await desk.becomes(LinkState.LINKING)
    assert status.qr is not None
    await network.ask_for_passkey(status.qr)
    status = await desk.becomes(LinkState.PASSKEY_REQUIRED)
    assert status.detail is not None
    assert "passkey" in status.detail


async def test_a_pairing_code_links_the_account(network: WhatsAppNetwork, server: Server) -> None:
    desk = server.desk()
    with pytest.raises(InvalidState):
        await desk.provider.request_pairing_code(BOT)
    await desk.provider.start_listening()
    await desk.becomes(LinkState.LINKING)
    code = await desk.provider.request_pairing_code(BOT)
    await network.enter_code(BOT, code)
    await desk.becomes(LinkState.CONNECTED)
    with pytest.raises(InvalidState):
        await desk.provider.request_pairing_code(BOT)


async def test_a_restart_keeps_the_link(network: WhatsAppNetwork, desk: Desk) -> None:
    await desk.provider.stop_listening()
    async with open_server(network) as later:
        again = later.desk(before=desk)
        await again.provider.start_listening()
        await again.becomes(LinkState.CONNECTED)
        assert LinkState.LINKING not in {report.status for report in again.reports}
        await network.say(BOT, ANN, "hello")
        await again.hears(1)


async def test_an_account_that_the_phone_unlinked_is_forgotten(
    network: WhatsAppNetwork, server: Server, desk: Desk
) -> None:
    await network.log_out(BOT)
    status = await desk.becomes(LinkState.LOGGED_OUT)
    assert status.detail is not None
    assert "unlinked" in status.detail
    await until(lambda: not desk.state.entries)
    await desk.provider.stop_listening()
    again = server.desk(before=desk)
    await again.link(network)


async def unlinked(network: WhatsAppNetwork) -> None:
    async def gone() -> bool:
        return not (await network.phones())[BOT].linked

    await until(gone)


async def test_unlinking_is_told_to_whatsapp_and_leaves_nothing(network: WhatsAppNetwork, desk: Desk) -> None:
    await desk.provider.logout()
    assert not desk.state.entries
    await unlinked(network)


async def test_who_is_stopped_is_unlinked_at_whatsapp_too(network: WhatsAppNetwork, server: Server, desk: Desk) -> None:
    await desk.provider.stop_listening()
    await server.desk(before=desk).provider.logout()
    assert not desk.state.entries
    await unlinked(network)


async def test_who_is_between_two_connections_is_unlinked_over_the_next(network: WhatsAppNetwork, desk: Desk) -> None:
    await network.drop(BOT)
    await desk.becomes(LinkState.RECONNECTING)
    await desk.provider.logout()
    assert not desk.state.entries
    await unlinked(network)


async def test_whatsapp_out_of_reach_does_not_keep_an_account_here(
    network: WhatsAppNetwork, server: Server, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "UNLINK_PATIENCE", 0.5)
    await desk.provider.stop_listening()
    await network.refuse_connections()
    with pytest.raises(NotConnected):
        await server.desk(before=desk).provider.logout()
    assert not desk.state.entries


async def test_who_was_never_linked_is_unlinked_without_a_process(server: Server) -> None:
    desk = server.desk()
    desk.state.entries["left", "over"] = b""
    await desk.provider.logout()
    assert not desk.state.entries
    assert not sidecars()


async def test_nothing_is_heard_of_an_account_after_it_is_said_to_be_unlinked(
    network: WhatsAppNetwork, desk: Desk
) -> None:
    desk.inbox.trouble.extend([NOT_NOW] * 1000)
    await network.say(BOT, ANN, "old words")
    await until(lambda: len(desk.inbox.trouble) < 1000)
    await network.log_out(BOT)
    await desk.becomes(LinkState.LOGGED_OUT)
    desk.inbox.trouble.clear()
    await until(lambda: not desk.state.entries)
    await desk.provider.stop_listening()
    assert not desk.inbox.messages


async def test_who_is_replaced_steps_back(network: WhatsAppNetwork, desk: Desk) -> None:
    await network.close_with(BOT, 440)
    status = await desk.becomes(LinkState.REPLACED)
    assert status.detail is not None
    assert desk.state.entries


async def test_who_was_replaced_stays_so_when_the_process_is_new(
    network: WhatsAppNetwork, server: Server, desk: Desk
) -> None:
    other = server.desk("i2")
    await other.link(network, BOB)
    await network.close_with(BOT, 440)
    await desk.becomes(LinkState.REPLACED)
    await kill_sidecar()
    await other.becomes(LinkState.RECONNECTING)
    await other.becomes(LinkState.CONNECTED)
    assert (await desk.status()).status is LinkState.REPLACED
    assert (await network.phones())[BOT].logins == 1


@pytest.mark.parametrize("politely", [True, False])
@pytest.mark.parametrize("code", [500, 503])
async def test_a_connection_that_whatsapp_ends_comes_back(
    network: WhatsAppNetwork, desk: Desk, code: int, politely: bool
) -> None:
    await network.close_with(BOT, code, politely=politely)
    status = await desk.becomes(LinkState.RECONNECTING)
    assert status.detail is not None
    assert status.code == code
    await desk.becomes(LinkState.CONNECTED)


async def test_a_connection_that_breaks_comes_back(network: WhatsAppNetwork, desk: Desk) -> None:
    await network.drop(BOT)
    await desk.becomes(LinkState.RECONNECTING)
    await network.say(BOT, ANN, "hello")
    await desk.hears(1)


async def test_a_refused_account_keeps_its_credentials_and_goes_on_trying(network: WhatsAppNetwork, desk: Desk) -> None:
    await network.refuse_logins(BOT, 403)
    await network.drop(BOT)
    await desk.becomes(LinkState.RECONNECTING, lambda status: "restricted" in (status.detail or ""))
    await network.refuse_logins(BOT, None)
    await desk.becomes(LinkState.CONNECTED)


async def test_accounts_live_side_by_side_in_one_process(network: WhatsAppNetwork, server: Server, desk: Desk) -> None:
    other = server.desk("i2")
    await other.link(network, BOB)
    assert len(sidecars()) == 1
    await network.log_out(BOT)
    await desk.becomes(LinkState.LOGGED_OUT)
    await network.say(BOB, ANN, "hello")
    await other.hears(1)
    assert (await other.status()).status is LinkState.CONNECTED


async def test_the_process_ends_with_the_server(network: WhatsAppNetwork) -> None:
    async with open_server(network) as server:
        await server.desk().link(network)
        process = await sidecar_process()
    assert process not in sidecars()


async def test_a_process_that_hangs_is_replaced(
    network: WhatsAppNetwork, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sidecar, "HUNG_AFTER", 6)
    desk = server.desk()
    await desk.link(network)
    process = await sidecar_process()
    os.kill(process, signal.SIGSTOP)
    await until(lambda: any("does not answer" in (report.detail or "") for report in desk.reports))
    await until(lambda: any("ended" in (report.detail or "") for report in desk.reports))
    await desk.becomes(LinkState.CONNECTED)
    assert sidecars() != [process]


async def test_a_sidecar_that_is_not_installed_names_the_cure(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sidecar, "FOLDER", tmp_path)
    desk = server.desk()
    await desk.provider.start_listening()
    status = await desk.status()
    assert status.status is LinkState.ERROR
    assert status.detail is not None
    assert "npm install --prefix chat_providers/whatsapp_baileys_server" in status.detail
