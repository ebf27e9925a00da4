"""What can be asked of one bot, as data: the server that runs the bot carries it out, whichever server was asked.

A command is carried out at most once. Sent again after no answer came, each does what is then still to do.
"""

from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from imposter.contracts.status import BotStatus
from imposter.storage.queue.dead_letters import Retried
from imposter.storage.queue.draft_rows import Draft

Result = TypeVar("Result")


class Command(BaseModel, Generic[Result]):
    """Something to do for one bot. `Result` is what it answers; `answer` reads and writes that as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    answer: ClassVar[TypeAdapter[Any]] = TypeAdapter(None)


class PutBot(Command[None]):
    config: dict[str, Any]
    """As it was given, secrets included."""


class StartBot(Command[BotStatus]):
    answer = TypeAdapter(BotStatus)


class StopBot(Command[BotStatus]):
    answer = TypeAdapter(BotStatus)


class UnlinkBot(Command[BotStatus]):
    answer = TypeAdapter(BotStatus)


class DeleteBot(Command[str | None]):
    """Answers what is left for the owner to do."""

    answer = TypeAdapter(str | None)


class PauseBot(Command[BotStatus]):
    answer = TypeAdapter(BotStatus)
    contact: str | None = None
    minutes: float | None = None


class ResumeBot(Command[BotStatus]):
    answer = TypeAdapter(BotStatus)
    contact: str | None = None


class RequestPairingCode(Command[str]):
    answer = TypeAdapter(str)
    phone: str


class RetryDeadLetters(Command[Retried]):
    answer = TypeAdapter(Retried)
    letter: int | None = None


class EraseContact(Command[tuple[int, bool]]):
    """Answers how many messages went, and whether they are out of the files already."""

    answer = TypeAdapter(tuple[int, bool])
    contact: str


class DecideDraft(Command[Draft]):
    answer = TypeAdapter(Draft)
    number: int
    send: bool
    text: str | None = None


class SendOwnerMessage(Command[str]):
    """Answers the message's id."""

    answer = TypeAdapter(str)
    contact: str
    text: str
    key: str


class UndoAwaySummary(Command[int]):
    """Answers how many messages were taken back."""

    answer = TypeAdapter(int)
    contact: str
    last: int


class BeginEvaluation(Command[None]):
    most: int
    contact: str | None = None


class CancelEvaluation(Command[None]):
    pass


class ReportLoop(Command[None]):
    """Another of our bots and this one answer each other there."""

    conversation: str


COMMANDS: dict[str, type[Command[Any]]] = {
    kind.__name__: kind
    for kind in (
        PutBot,
        StartBot,
        StopBot,
        UnlinkBot,
        DeleteBot,
        PauseBot,
        ResumeBot,
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
"""Every command, by its name in the database."""
