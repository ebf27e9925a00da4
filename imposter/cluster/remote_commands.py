"""What only a bot's owner can do, in a form that travels: each errand is data, and so are its answer and its failure.

An errand is done at most once. Asked again after no answer came, each does what is then still to do.
"""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from imposter.contracts.config import BotConfig
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
from imposter.contracts.status import BotStatus
from imposter.runtime.supervisor import Supervisor
from imposter.storage.queue.dead_letters import Retried
from imposter.storage.queue.draft_rows import Draft


class RemoteCommand(BaseModel):
    """Something to be done where the bot lives. `do` may raise any of `_FAILURES`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    answer: ClassVar[TypeAdapter[Any]] = TypeAdapter(None)

    async def do(self, here: Supervisor, instance_id: str) -> Any:
        raise NotImplementedError


class PutBot(RemoteCommand):
    config: dict[str, Any]
    """As it was given, secrets included."""

    async def do(self, here: Supervisor, instance_id: str) -> None:
        await here.put(BotConfig.model_validate(self.config), only=instance_id)


class StartBot(RemoteCommand):
    answer = TypeAdapter(BotStatus)

    async def do(self, here: Supervisor, instance_id: str) -> BotStatus:
        return await (await here.start(instance_id)).status()


class StopBot(RemoteCommand):
    answer = TypeAdapter(BotStatus)

    async def do(self, here: Supervisor, instance_id: str) -> BotStatus:
        return await (await here.stop(instance_id)).status()


class UnlinkBot(RemoteCommand):
    answer = TypeAdapter(BotStatus)

    async def do(self, here: Supervisor, instance_id: str) -> BotStatus:
        return await (await here.unlink(instance_id)).status()


class PauseBot(RemoteCommand):
    answer = TypeAdapter(BotStatus)
    contact: str | None = None
    minutes: float | None = None

    async def do(self, here: Supervisor, instance_id: str) -> BotStatus:
        return await (await here.pause(instance_id, self.contact, self.minutes)).status()


class ResumeBot(RemoteCommand):
    answer = TypeAdapter(BotStatus)
    contact: str | None = None

    async def do(self, here: Supervisor, instance_id: str) -> BotStatus:
        return await (await here.resume(instance_id, self.contact)).status()


class DeleteBot(RemoteCommand):
    """Its answer is None, which is all that older servers know, unless something is left to do."""

    answer = TypeAdapter(str | None)

    async def do(self, here: Supervisor, instance_id: str) -> str | None:
        return await here.delete(instance_id)


class RequestPairingCode(RemoteCommand):
    answer = TypeAdapter(str)
    phone: str

    async def do(self, here: Supervisor, instance_id: str) -> str:
        return await here.pairing_code(instance_id, self.phone)


class RetryDeadLetters(RemoteCommand):
    answer = TypeAdapter(Retried)
    letter: int | None = None

    async def do(self, here: Supervisor, instance_id: str) -> Retried:
        return await here.get(instance_id).retry(self.letter)


class EraseContact(RemoteCommand):
    answer = TypeAdapter(tuple[int, bool])
    contact: str

    async def do(self, here: Supervisor, instance_id: str) -> tuple[int, bool]:
        return await here.get(instance_id).forget(self.contact)


class DecideDraft(RemoteCommand):
    answer = TypeAdapter(Draft)
    number: int
    send: bool
    text: str | None = None

    async def do(self, here: Supervisor, instance_id: str) -> Draft:
        return await here.get(instance_id).decide_draft(self.number, send=self.send, text=self.text)


class SendOwnerMessage(RemoteCommand):
    answer = TypeAdapter(str)
    contact: str
    text: str
    key: str

    async def do(self, here: Supervisor, instance_id: str) -> str:
        return await here.get(instance_id).say(self.contact, self.text, self.key)


class UndoAwaySummary(RemoteCommand):
    answer = TypeAdapter(int)
    contact: str
    last: int

    async def do(self, here: Supervisor, instance_id: str) -> int:
        return await here.get(instance_id).undo_brief(self.contact, self.last)


class BeginEvaluation(RemoteCommand):
    most: int
    contact: str | None = None

    async def do(self, here: Supervisor, instance_id: str) -> None:
        await here.get(instance_id).begin_exam(self.most, self.contact)


class CancelEvaluation(RemoteCommand):
    async def do(self, here: Supervisor, instance_id: str) -> None:
        await here.get(instance_id).cancel_exam()


class ReportLoop(RemoteCommand):
    """Another of our bots talks to this one there."""

    conversation: str

    async def do(self, here: Supervisor, instance_id: str) -> None:
        await here.get(instance_id).loop_found(self.conversation)


_COMMANDS = {
    kind.__name__: kind
    for kind in (
        PutBot,
        StartBot,
        StopBot,
        UnlinkBot,
        PauseBot,
        ResumeBot,
        DeleteBot,
        RequestPairingCode,
        RetryDeadLetters,
        EraseContact,
        DecideDraft,
        SendOwnerMessage,
        UndoAwaySummary,
        BeginEvaluation,
        CancelEvaluation,
        ReportLoop,
    )
}
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


def pack(remote_command: RemoteCommand) -> dict[str, Any]:
    """What was left out is not named: an older version may not know it."""
    return {
        "command": type(remote_command).__name__,
        "of": remote_command.model_dump(mode="json", exclude_defaults=True),
    }


def unpack(body: dict[str, Any]) -> RemoteCommand:
    """Raises: NotSupported (a newer version's)."""
    kind = _COMMANDS.get(body["command"])
    if kind is None:
        raise NotSupported("The machine that runs this bot has an older version, which cannot do that.")
    return kind.model_validate(body["of"])


def pack_answer(remote_command: RemoteCommand, answer: Any) -> dict[str, Any]:
    return {"answer": remote_command.answer.dump_python(answer, mode="json")}


def pack_failure(error: ImposterError) -> dict[str, Any]:
    kind = next((name for name, failure in _FAILURES.items() if isinstance(error, failure)), InvalidState.__name__)
    problems = error.problems if isinstance(error, InvalidConfig) else ()
    code = error.code if isinstance(error, Refused) else None
    return {"failure": kind, "text": str(error), "problems": _PROBLEMS.dump_python(problems, mode="json"), "code": code}


def unpack_answer(remote_command: RemoteCommand, body: dict[str, Any]) -> Any:
    """What `do` gave. Raises what `do` raised."""
    if "answer" in body:
        return remote_command.answer.validate_python(body["answer"])
    kind = _FAILURES.get(body["failure"], InvalidState)
    if kind is InvalidConfig:
        raise InvalidConfig(*_PROBLEMS.validate_python(body["problems"]))
    if kind is Refused:
        raise Refused(body["text"], code=body["code"])
    raise kind(body["text"])
