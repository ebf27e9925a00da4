"""Commands and what comes of them, over the way from one server to another."""

import json
from typing import Any

import pytest

from imposter.cluster.remote_commands import (
    pack,
    pack_answer,
    pack_failure,
    unpack,
    unpack_answer,
)
from imposter.contracts.errors import (
    DeadLetterNotFound,
    DeliveryUncertain,
    FieldProblem,
    ImposterError,
    InvalidConfig,
    InvalidState,
    NotSupported,
    Refused,
)
from imposter.domain.dead_letters import Retried
from imposter.runtime.commands import Command, PutBot, RequestPairingCode, RetryDeadLetters


def travelled(body: dict[str, Any]) -> dict[str, Any]:
    back: dict[str, Any] = json.loads(json.dumps(body))
    return back


@pytest.mark.parametrize(
    "command",
    [
        PutBot(config={"user_id": "anna"}),
        RetryDeadLetters(),
        RetryDeadLetters(letter=5),
        RequestPairingCode(phone="49"),
    ],
)
def test_a_command_arrives_as_it_was(command: Command[Any]) -> None:
    assert unpack(travelled(pack(command))) == command


def test_an_answer_arrives_as_it_was() -> None:
    command = RetryDeadLetters()
    said = Retried(letters=2, refused=1)
    assert unpack_answer(command, travelled(pack_answer(command, said))) == said


@pytest.mark.parametrize(
    "error",
    [
        InvalidConfig(FieldProblem("user_id", "must not be empty"), FieldProblem("limits", "is no setting")),
        InvalidState("The bot is not running."),
        Refused("No.", code=463),
        DeadLetterNotFound(),
    ],
)
def test_a_failure_arrives_as_it_was(error: ImposterError) -> None:
    with pytest.raises(type(error)) as raised:
        unpack_answer(RetryDeadLetters(), travelled(pack_failure(error)))
    assert str(raised.value) == str(error)
    assert getattr(raised.value, "problems", None) == getattr(error, "problems", None)
    assert getattr(raised.value, "code", None) == getattr(error, "code", None)


def test_a_failure_that_does_not_travel_still_says_what_it_was() -> None:
    with pytest.raises(InvalidState, match="did not confirm"):
        unpack_answer(RetryDeadLetters(), travelled(pack_failure(DeliveryUncertain())))


def test_what_a_newer_server_asks_for_is_not_supported() -> None:
    with pytest.raises(NotSupported, match="older version"):
        unpack({"command": "Teleport", "of": {}})
