"""Every reason has words for the owner. That each is used as a member, and none as a text, is for mypy to see."""

import json
import re
from pathlib import Path

import pytest

from imposter.contracts.messages import ASIDE
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import MessageState
from imposter.domain.reasons import Gate, Reason, reason_of
from imposter.runtime.explain import reason_text

ROOT = Path(__file__).parents[2]


def notes() -> set[str]:
    """What the other side of the pipe says of a message that wants no answer."""
    cases = json.loads((ROOT / "tests/integration/payloads/inbound.json").read_text("utf-8"))
    told = {case["expected"]["note"] for case in cases if case["expected"]} - {None}
    sources = (ROOT / "chat_providers/whatsapp_baileys_server/src").rglob("*.ts")
    written = {code for path in sources for code in re.findall(r"note: ['`]([a-z_]+)", path.read_text())}
    return {code.partition(":")[0] for code in told} | written | {kind.value for kind in ASIDE}


def test_the_sidecars_notes_are_found() -> None:
    assert notes() >= {"reaction", "edit", "revoke", "undecryptable", "event", "unsupported"}


def test_every_note_of_the_sidecar_has_words() -> None:
    assert {note for note in notes() if not isinstance(reason_of(note), Reason)} == set()


ENDED = [state for state in MessageState if state not in (MessageState.WAITING, MessageState.ANSWERED)]


@pytest.mark.parametrize("state", ENDED)
@pytest.mark.parametrize("code", [None, *Reason, "event:call", "unsupported:pollMessage", "KeyError", "x"])
def test_each_reads_as_the_rest_of_a_sentence(state: MessageState, code: str | None) -> None:
    told = reason_text.of_message(state, code)[1]
    assert told[0].islower()
    assert not told.endswith(".")


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.UNCERTAIN, DeliveryState.WITHDRAWN])
@pytest.mark.parametrize("code", [None, *Reason, "KeyError"])
def test_so_does_each_of_an_answer(state: DeliveryState, code: str | None) -> None:
    told = reason_text.of_answer(state, code)
    assert told[0].islower()
    assert not told.endswith(".")


def test_what_is_not_ours_is_named() -> None:
    assert reason_text.of_message(MessageState.FAILED, "KeyError")[0] is Gate.MODEL
    assert reason_text.of_message(MessageState.FAILED, "KeyError")[1] == "the model's provider failed (KeyError)"
    _, unread = reason_text.of_message(MessageState.IGNORED, "unsupported:pollMessage")
    assert unread == "it is of a kind that cannot be read here (unsupported:pollMessage)"
    assert reason_text.of_answer(DeliveryState.FAILED, "KeyError") == "sending it failed (KeyError)"
    judged = reason_text.of_answer(DeliveryState.WITHDRAWN, "not_allowed")
    assert judged.startswith("it was taken back by new rules: its sender is not on the whitelist")
