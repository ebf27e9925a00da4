"""The exceptions of this project, grouped by what the caller should do next.

    ImposterError
    ├── InvalidConfig             the caller's mistake; names the fields and how to fix them
    ├── BotNotFound               no bot has this instance id
    ├── ContactNotFound           the bot knows no contact with this id
    ├── DeadLetterNotFound        the bot has no such dead letter
    ├── MessageNotFound           the bot has no such message
    ├── AwaySummaryNotFound       the bot said nothing in this chat
    ├── EvaluationNotFound        the bot has no evaluation
    ├── DraftNotFound             the bot has no such draft
    ├── NotSupported              the platform does not have this ability
    ├── NodeUnresponsive          the node that runs the bot does not answer
    ├── StorageError              nothing was stored
    │   ├── ConfigurationError    a restart does not help until the operator changes something
    │   └── DatabaseUnreachable   the database is down; the writer or reader has already logged it
    ├── ChatError                 from a chat provider
    │   ├── NotConnected          not handed over; wait for the link
    │   ├── Refused               the platform refused it; do not retry
    │   └── DeliveryUncertain     handed over without an answer; retry only with the same id
    └── ModelError                from a model provider
        ├── ModelUnavailable      retry, after `retry_after` seconds if given
        │   └── ResourceExhausted the model was not asked: this machine is out of a resource
        └── ModelRefused          a retry does not help
            └── ModelDeclined     a longer prompt does not help either: leave these messages out of later prompts

Texts are written for the owner. They never hold a secret or a contact's words, and no contact ever sees them.

The docstring of an exception class is its default text for the owner.
"""

from dataclasses import dataclass

from imposter.contracts.answer import Answer


class ImposterError(Exception):
    """Base class of the project's exceptions. Without a message, `str()` returns the class's docstring."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One problem in a config: `field` is a dotted path, `message` describes the problem and the fix."""

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
    """No contact has this id. Use an id or a number with its country code, such as +49 151 2345678, not a name."""


class DeadLetterNotFound(ImposterError):
    """There is no such dead letter, or it was retried or removed already."""


class MessageNotFound(ImposterError):
    """There is no such message. For an answer of the bot, ask about the message that it answers."""


class AwaySummaryNotFound(ImposterError):
    """The bot said nothing there in its owner's name, or all of it was taken back."""


class EvaluationNotFound(ImposterError):
    """This bot has had no exam."""


class DraftNotFound(ImposterError):
    """There is no such draft."""


class NotSupported(ImposterError):
    """This platform cannot do that."""


class InvalidState(ImposterError):
    """The bot's present state does not allow that."""


class NodeUnresponsive(ImposterError):
    """The server that runs this bot did not answer in time. Try again; the command may have been carried out."""


class StorageError(ImposterError):
    """Nothing was stored."""


class UnstorableValue(StorageError):
    """The database cannot store this value. Trying again does not help."""


class ConfigurationError(StorageError):
    """The server's configuration does not work."""


class DatabaseUnreachable(StorageError):
    """The database cannot be reached."""


class ChatError(ImposterError):
    """The chat platform did not take the message."""


class NotConnected(ChatError):
    """The account is not connected. The message was not sent."""


class Refused(ChatError):
    """The platform refused the message."""

    def __init__(self, message: str = "", *, code: int | None = None) -> None:
        """Keep the platform's own error code, if it sent one."""
        super().__init__(message)
        self.code = code


class DeliveryUncertain(ChatError):
    """The message was sent, but the platform did not confirm it."""


class ModelError(ImposterError):
    """The model gave no answer."""

    spent: Answer | None = None
    """The tokens that the failed call used, if the vendor reported them. Its text is empty."""


class ModelUnavailable(ModelError):
    """The model cannot answer now."""

    def __init__(self, message: str = "", *, retry_after: float | None = None, costly: bool = False) -> None:
        """Set `costly` if the attempt may have cost as much as an answer; such calls are not repeated often."""
        super().__init__(message)
        self.retry_after = retry_after
        self.costly = costly


class ResourceExhausted(ModelUnavailable):
    """This machine lacks the resources to ask the model."""


class ModelRefused(ModelError):
    """The model does not answer this. Trying again does not help."""


class ModelDeclined(ModelRefused):
    """The model's vendor blocks these messages, also in later prompts."""
