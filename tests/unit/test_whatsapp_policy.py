from collections.abc import Callable

import pytest

from chat_providers._whatsapp.disconnects import LONGEST_DELAY, DisconnectDecision, after_close, next_delay
from imposter.contracts.status import LinkState


def closed(code: int, *, linked: bool = True, qr_shown: bool = False, passkey: bool = False) -> DisconnectDecision:
    return after_close(code, linked=linked, qr_shown=qr_shown, passkey=passkey, delay=4)


def test_waiting_doubles_up_to_a_minute_and_half_of_it_is_chance() -> None:
    def always(part: float) -> Callable[[], float]:
        return lambda: part

    assert [next_delay(attempt, chance=always(1)) for attempt in (0, 1, 2, 3)] == [1, 2, 4, 8]
    assert [next_delay(attempt, chance=always(0)) for attempt in (0, 1, 2, 3)] == [0.5, 1, 2, 4]
    assert next_delay(10_000, chance=always(1)) == LONGEST_DELAY


def test_the_restart_that_follows_linking_is_not_waited_for() -> None:
    assert closed(515, linked=False, qr_shown=True) == DisconnectDecision(LinkState.CONNECTING, again_in=0)


def test_only_an_unlinked_account_loses_its_credentials() -> None:
    verdict = closed(401)
    assert (verdict.state, verdict.forget, verdict.again_in) == (LinkState.LOGGED_OUT, True, None)
    codes = (-1, 0, 400, 403, 405, 408, 428, 440, 500, 503, 515)
    assert not any(closed(code).forget for code in codes)
    assert not closed(401, linked=False).forget


def test_who_was_replaced_does_not_fight() -> None:
    verdict = closed(440)
    assert (verdict.state, verdict.again_in) == (LinkState.REPLACED, None)


@pytest.mark.parametrize("code", [408, 428])
def test_a_code_that_nobody_scanned_is_followed_by_a_new_one(code: int) -> None:
    assert closed(code, linked=False, qr_shown=True) == DisconnectDecision(LinkState.LINKING, again_in=0)


def test_a_network_that_is_down_is_not_asked_for_codes_without_a_pause() -> None:
    verdict = closed(408, linked=False)
    assert (verdict.state, verdict.again_in) == (LinkState.RECONNECTING, 4)


def test_a_wanted_passkey_stays_on_display() -> None:
    assert closed(428, linked=False, qr_shown=True, passkey=True).state is LinkState.PASSKEY_REQUIRED


@pytest.mark.parametrize("code", [-1, 0, 403, 405, 408, 428, 500, 503, 599])
def test_anything_else_is_tried_again_and_says_so(code: int) -> None:
    verdict = closed(code)
    assert (verdict.state, verdict.again_in) == (LinkState.RECONNECTING, 4)
    assert verdict.detail is not None
    assert "Trying again in 4 s" in verdict.detail
