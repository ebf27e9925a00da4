"""What can go wrong, by what to do next.

    ImposterError
    ├── InvalidConfig        the caller's mistake: names fields and cures
    ├── BotNotFound           no instance has this id
    ├── ContactNotFound       the bot knows nobody of this name
    ├── DeadLetterNotFound        the bot has no such dead letter
    ├── MessageNotFound       the bot has no such message
    ├── AwaySummaryNotFound         the bot said nothing in a chat
    ├── EvaluationNotFound          the bot had no exam
    ├── DraftNotFound         the bot has no such draft
    ├── NotSupported         this platform has no such ability
    ├── NodeUnresponsive          the machine that runs the bot does not answer
    ├── StorageError         nothing was stored
    │   ├── ConfigurationError    no start will help until the operator has changed something
    │   └── DatabaseUnreachable      the database is away; who works on it has said so in the log
    ├── ChatError            from a chat provider
    │   ├── NotConnected     not handed over; wait for the link
    │   ├── Refused          the platform said no; do not try again
    │   └── DeliveryUncertain  handed over, no answer; only the same id may be sent again
    └── ModelError           from a model provider
        ├── ModelUnavailable   try again, after `retry_after` seconds if given
        │   └── ResourceExhausted   it was not even asked: this machine has none left of something
        └── ModelRefused       trying again would not help
            └── ModelDeclined  nor would it with more said: leave these messages out of what it is shown

Texts are for the owner and never hold a secret or a contact's words. Nothing of them ever reaches a contact.
"""

from dataclasses import dataclass

from imposter.contracts.answer import Answer


class ImposterError(Exception):
    """Root of what this project raises; without a message it shows its own docstring."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong with a config: `field` is a dotted path, `message` says what is wrong and the cure."""

    field: str
    message: str


class InvalidConfig(ImposterError):
    """The config cannot be used."""

    def __init__(self, *problems: FieldProblem) -> None:
        super().__init__("; ".join(f"{problem.field}: {problem.message}" for problem in problems))
        self.problems = problems


class BotNotFound(ImposterError):
    """There is no bot with this instance_id."""


class ContactNotFound(ImposterError):
    """Nobody is known by this id. Names do not count, and a number needs its country code, such as +49 151 2345678."""


class DeadLetterNotFound(ImposterError):
    """There is no such dead letter, or it was retried or removed already."""


class MessageNotFound(ImposterError):
    """There is no such message; for an answer of the bot's ask about the message that it answers."""


class AwaySummaryNotFound(ImposterError):
    """Nothing was said there in its owner's name, or all of it is taken back."""


class EvaluationNotFound(ImposterError):
    """This bot had no exam."""


class DraftNotFound(ImposterError):
    """There is no such draft."""


class NotSupported(ImposterError):
    """This platform cannot do that."""


class InvalidState(ImposterError):
    """The bot is not in a state in which that can be done."""


class NodeUnresponsive(ImposterError):
    """The machine that runs this bot did not answer in time. Ask again: it may have been done."""


class StorageError(ImposterError):
    """Nothing was stored."""


class UnstorableValue(StorageError):
    """The database cannot hold this; asked again, it says the same."""


class ConfigurationError(StorageError):
    """The server cannot work as it is set up."""


class DatabaseUnreachable(StorageError):
    """The database cannot be reached."""


class ChatError(ImposterError):
    """The chat platform did not take the message."""


class NotConnected(ChatError):
    """No live link; the message was not handed over."""


class Refused(ChatError):
    """The platform refused the message."""

    def __init__(self, message: str = "", *, code: int | None = None) -> None:
        """`code`: the platform's own number for why, where it gave one."""
        super().__init__(message)
        self.code = code


class DeliveryUncertain(ChatError):
    """The message was handed over and nothing came back."""


class ModelError(ImposterError):
    """The model gave no answer."""

    spent: Answer | None = None
    """What it took all the same, where its vendor told; there is no text in it."""


class ModelUnavailable(ModelError):
    """The model cannot answer now."""

    def __init__(self, message: str = "", *, retry_after: float | None = None, costly: bool = False) -> None:
        """`costly`: the try may have cost as much as an answer, so it is not repeated often."""
        super().__init__(message)
        self.retry_after = retry_after
        self.costly = costly


class ResourceExhausted(ModelUnavailable):
    """This machine has none left of what asking the model takes."""


class ModelRefused(ModelError):
    """The model will not answer this, however often it is asked."""


class ModelDeclined(ModelRefused):
    """The model's vendor does not let these messages through, and would not in a later prompt."""
