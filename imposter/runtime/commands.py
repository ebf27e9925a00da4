"""The commands for one bot, as data, so that any server can pass them to the one that runs the bot.

A command is carried out at most once. A command that is sent again, because no answer came, does only the rest of
its work.
"""

from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from imposter.contracts.status import BotStatus
from imposter.domain.dead_letters import Retried
from imposter.domain.drafts import Draft

Result = TypeVar("Result")


class Command(BaseModel, Generic[Result]):
    """A command for one bot. `Result` is the type of its answer, which `answer` reads and writes as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    answer: ClassVar[TypeAdapter[Any]] = TypeAdapter(None)


class PutBot(Command[None]):
    config: dict[str, Any]
    """The config as it was given, including secrets."""


class StartBot(Command[BotStatus]):
    answer = TypeAdapter(BotStatus)


class StopBot(Command[BotStatus]):
    answer = TypeAdapter(BotStatus)


class UnlinkBot(Command[BotStatus]):
    answer = TypeAdapter(BotStatus)


class DeleteBot(Command[str | None]):
    """Returns the step left for the owner to do, or None."""

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
    """Returns the number of deleted messages, and whether they are already scrubbed from the database files."""

    answer = TypeAdapter(tuple[int, bool])
    contact: str


class DecideDraft(Command[Draft]):
    answer = TypeAdapter(Draft)
    number: int
    send: bool
    text: str | None = None


class SendOwnerMessage(Command[str]):
    """Returns the message's id."""

    answer = TypeAdapter(str)
    contact: str
    text: str
    key: str


class UndoAwaySummary(Command[int]):
    """Returns the number of messages that were taken back."""

    answer = TypeAdapter(int)
    contact: str
    last: int


class BeginEvaluation(Command[None]):
    most: int
    contact: str | None = None


class CancelEvaluation(Command[None]):
    pass


class ReportLoop(Command[None]):
    """Reports that another bot of this system and this one answer each other in a conversation."""

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
"""Every command by its name in the database."""
