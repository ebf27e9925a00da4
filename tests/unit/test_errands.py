"""Errands and what comes of them, over the way from one server to another."""

import json
from typing import Any

import pytest

from imposter.cluster.errands import (
    Errand,
    PairingCode,
    Put,
    Retry,
    pack,
    pack_answer,
    pack_failure,
    unpack,
    unpack_answer,
)
from imposter.contracts.errors import (
    DeliveryUncertain,
    FieldProblem,
    ImposterError,
    InvalidConfig,
    NotNow,
    NotSupported,
    Refused,
    UnknownLetter,
)
from imposter.storage.dead_letters import Retried


def travelled(body: dict[str, Any]) -> dict[str, Any]:
    back: dict[str, Any] = json.loads(json.dumps(body))
    return back


@pytest.mark.parametrize("errand", [Put(config={"user_id": "anna"}), Retry(), Retry(letter=5), PairingCode(phone="49")])
def test_an_errand_arrives_as_it_was(errand: Errand) -> None:
    assert unpack(travelled(pack(errand))) == errand


def test_an_answer_arrives_as_it_was() -> None:
    errand = Retry()
    said = Retried(letters=2, refused=1)
    assert unpack_answer(errand, travelled(pack_answer(errand, said))) == said


@pytest.mark.parametrize(
    "error",
    [
        InvalidConfig(FieldProblem("user_id", "must not be empty"), FieldProblem("limits", "is no setting")),
        NotNow("The bot is not running."),
        Refused("No.", code=463),
        UnknownLetter(),
    ],
)
def test_a_failure_arrives_as_it_was(error: ImposterError) -> None:
    with pytest.raises(type(error)) as raised:
        unpack_answer(Retry(), travelled(pack_failure(error)))
    assert str(raised.value) == str(error)
    assert getattr(raised.value, "problems", None) == getattr(error, "problems", None)
    assert getattr(raised.value, "code", None) == getattr(error, "code", None)


def test_a_failure_that_does_not_travel_still_says_what_it_was() -> None:
    with pytest.raises(NotNow, match="nothing came back"):
        unpack_answer(Retry(), travelled(pack_failure(DeliveryUncertain())))


def test_what_a_newer_server_asks_for_is_not_supported() -> None:
    with pytest.raises(NotSupported, match="older version"):
        unpack({"errand": "Teleport", "of": {}})
