"""Commands, their answers and their failures as JSON, for a bot that another node runs."""

from typing import Any

from pydantic import TypeAdapter

from imposter.contracts.errors import (
    AwaySummaryNotFound,
    BotNotFound,
    ContactNotFound,
    DeadLetterNotFound,
    DraftNotFound,
    FieldProblem,
    ImposterError,
    InvalidConfig,
    InvalidState,
    NotSupported,
    Refused,
    StorageError,
)
from imposter.runtime.commands import COMMANDS, Command, Result

_FAILURES = {
    kind.__name__: kind
    for kind in (
        InvalidConfig,
        InvalidState,
        NotSupported,
        Refused,
        StorageError,
        BotNotFound,
        AwaySummaryNotFound,
        ContactNotFound,
        DraftNotFound,
        DeadLetterNotFound,
    )
}
_PROBLEMS: TypeAdapter[tuple[FieldProblem, ...]] = TypeAdapter(tuple[FieldProblem, ...])


def pack(command: Command[Any]) -> dict[str, Any]:
    """Return a command as JSON. Defaults are omitted, because an older version may not know these fields."""
    return {
        "command": type(command).__name__,
        "of": command.model_dump(mode="json", exclude_defaults=True),
    }


def unpack(body: dict[str, Any]) -> Command[Any]:
    """Return the command in a JSON body. Raises: NotSupported (a newer version's command)."""
    kind = COMMANDS.get(body["command"])
    if kind is None:
        raise NotSupported("The machine that runs this bot has an older version, which cannot do that.")
    return kind.model_validate(body["of"])


def pack_answer(command: Command[Any], answer: Any) -> dict[str, Any]:
    return {"answer": command.answer.dump_python(answer, mode="json")}


def pack_failure(error: ImposterError) -> dict[str, Any]:
    kind = next((name for name, failure in _FAILURES.items() if isinstance(error, failure)), InvalidState.__name__)
    problems = error.problems if isinstance(error, InvalidConfig) else ()
    code = error.code if isinstance(error, Refused) else None
    return {"failure": kind, "text": str(error), "problems": _PROBLEMS.dump_python(problems, mode="json"), "code": code}


def unpack_answer(command: Command[Result], body: dict[str, Any]) -> Result:
    """Return the answer in a JSON body. Raises: the failure in it."""
    if "answer" in body:
        answer: Result = command.answer.validate_python(body["answer"])
        return answer
    kind = _FAILURES.get(body["failure"], InvalidState)
    if kind is InvalidConfig:
        raise InvalidConfig(*_PROBLEMS.validate_python(body["problems"]))
    if kind is Refused:
        raise Refused(body["text"], code=body["code"])
    raise kind(body["text"])
