"""The interface of a chat provider: three required methods, and optional abilities.

A provider is one file in `chat_providers/`. Its class must have `__init__(user_id, config, user_queues)`,
`start_listening()` and `sendMessage(recipient, message)`. Methods may be plain or async; a plain method runs in its
own thread. Everything else here is an ability. The core detects an ability by its method and never checks which
platform the provider is for.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar, runtime_checkable

from pydantic import SecretStr

from imposter.contracts.status import LinkStatus
from imposter.contracts.url_guard import AddressGuard

Resource = TypeVar("Resource", bound="Closable")


class Closable(Protocol):
    """A resource that is opened once and must be closed once."""

    async def aclose(self) -> None: ...


class ChatProvider(Protocol):
    """The required methods of a chat provider. The provider defines the shape of `config`."""

    def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None: ...

    def start_listening(self) -> Awaitable[None] | None:
        """Start to receive messages, without blocking. Later problems are reported as a status, not raised."""

    def sendMessage(self, recipient: str, message: str) -> Awaitable[None] | None:  # noqa: N802 - the contract's name
        """Send `message` to `recipient` (a message's `reply_to`).

        Raises: NotConnected (not handed over; tried again), Refused (never tried again), DeliveryUncertain. Any other
        exception counts as Refused, so that a message is never sent twice.
        """


class ProviderState(Protocol):
    """A provider's own key-value store for one bot.

    It is encrypted at rest and deleted with the bot, on unlink and on LOGGED_OUT. Entries are bytes under
    (kind, key). A write is atomic, and durable when it returns.
    Raises: StorageError.
    """

    async def read(self, kind: str, keys: Sequence[str] | None = None) -> dict[str, bytes]:
        """Return the entries of `kind` among `keys`, or all entries of the kind if `keys` is None."""

    async def write(self, changes: Sequence[tuple[str, str, bytes | None]]) -> None:
        """Store (kind, key, value) entries. A value of None removes the entry."""

    async def clear(self) -> None:
        """Remove all entries of this bot because its account is gone. The same commit ends its waiting messages."""


class Shared(Protocol):
    """Resources that all bots of this server share. They are opened at first use and closed at shutdown."""

    environment: Mapping[str, str]
    """The environment for child processes: only PATH, HOME, proxy, CA and NODE_OPTIONS variables, never an API key."""
    node: str
    """The path of the Node program."""
    accounts_per_process: int
    """The most accounts that one child process of a provider serves, if it has child processes."""
    hold: Callable[[], float | None]
    """Returns the seconds for which connections may stay open if this server stops responding now.

    Another server may open the connections after that time. None: no limit."""
    addresses: AddressGuard
    """Decides which addresses may be connected to when a bot's config or a contact chose them."""

    async def get(self, name: str, open_it: Callable[["Shared"], Awaitable[Resource]]) -> Resource:
        """Return the resource called `name`. The first caller opens it; later callers share it."""

    def secret(self, name: str) -> SecretStr | None:
        """Return a secret from the server's environment, such as OPENAI_API_KEY; None if it is unset or empty."""


class Confirm(Protocol):
    def __call__(self, message_id: str, chat: Sequence[str] = ()) -> None:
        """Confirm the delivery of a message.

        `chat` holds the ids of the chat in which a member confirms it; the confirmation then counts only for
        messages sent to that chat. Without `chat`, the platform itself confirms it.
        """


@dataclass(frozen=True, slots=True)
class NewNames:
    """Names of one person or group that the platform reports. None leaves the known name as it is."""

    identifiers: Sequence[str]
    saved: str | None = None
    """The name in the owner's address book."""
    chosen: str | None = None
    """The name that the person chose, or the title of the group."""
    is_group: bool = False


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """Data kept from an earlier message, for messages that change it or vote in it."""

    secret: bytes | None
    details: str


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A sent message, for a recipient who asks for it again."""

    text: str
    disappears_after: int | None = None
    """Seconds; None: the message stays."""


async def _keep_no_names(names: Sequence[NewNames]) -> None: ...


async def _know_no_message(message_id: str, chat: Sequence[str], author: Sequence[str]) -> KeptMessage | None:
    return None


@dataclass(frozen=True)
class ChatContext:
    """Values passed once, before `start_listening`, to a chat provider that has the ability `attach(context)`."""

    instance_id: str
    state: ProviderState
    shared: Shared
    report: Callable[[LinkStatus], None]
    """Report a change of the link to the core. May be called from any thread."""
    sent_message: Callable[[str, Sequence[str]], Awaitable[SentMessage | None]]
    """Return the message that was sent under this id to the chat with these ids; None if there is none.

    WhatsApp phones ask again for messages that they cannot decrypt. A phone must only get messages that were sent to
    its own chat."""
    now: Callable[[], datetime]
    """Returns the current time in UTC."""
    confirm: Confirm = lambda message_id, chat=(): None  # noqa: E731 - a default of the field
    """Tell the core that the platform has the message with this id, after a late ack, a receipt or an echo. May be
    called from any thread."""
    typing: Callable[[str, bool], None] = lambda chat, on: None
    """Tell the core that a contact starts or stops typing in the chat with this id (in the form of `reply_to`). May be
    called from any thread."""
    learn_names: Callable[[Sequence[NewNames]], Awaitable[None]] = _keep_no_names
    """Store names of people and groups. They are durable when it returns. Raises: StorageError."""
    kept_message: Callable[[str, Sequence[str], Sequence[str]], Awaitable[KeptMessage | None]] = _know_no_message
    """Return the message with this id in the chat with these ids; None if there is none. If there are several, return
    the one whose author has one of the last ids. Raises: StorageError."""
    told_time: Callable[[datetime], None] = lambda moment: None
    """Tell the core the current time by the platform's clock. May be called from any thread."""


@runtime_checkable
class Attaches(Protocol):
    def attach(self, context: ChatContext) -> None: ...


@runtime_checkable
class StopsListening(Protocol):
    def stop_listening(self) -> Awaitable[None] | None: ...


@runtime_checkable
class ReportsStatus(Protocol):
    def get_status(self) -> Any:
        """Return a LinkStatus, a dict of its fields, or a LinkState value. May be plain or async."""


@runtime_checkable
class LogsOut(Protocol):
    def logout(self) -> Awaitable[None] | None:
        """Unlink the account at the platform and forget its credentials. Raises if the platform could not be told."""


@runtime_checkable
class SendsWithId(Protocol):
    """Sending with message ids: the same id twice is the same message, so a send can be repeated after a crash."""

    def send_with_id(self, recipient: str, message: str, message_id: str) -> Awaitable[None]: ...


@runtime_checkable
class SendsDisappearing(Protocol):
    """Sending in chats whose messages disappear after a time, for all members."""

    def send_disappearing(self, recipient: str, message: str, message_id: str, seconds: int) -> Awaitable[None]:
        """Send as `send_with_id` does, in a chat whose messages disappear after `seconds`."""


@runtime_checkable
class DerivesMessageIds(Protocol):
    """Message ids in the platform's form, derived from `seed` (64 hex digits). The same seed gives the same id."""

    def message_id(self, seed: str) -> str: ...


@runtime_checkable
class ShowsTyping(Protocol):
    async def show_typing(self, recipient: str, on: bool) -> None:
        """Show or hide the typing indicator. It stays until it is hidden or a message is sent.

        Raises: ChatError (the answer is sent all the same, without the indicator).
        """


@runtime_checkable
class MarksRead(Protocol):
    async def mark_read(self, recipient: str, messages: Sequence[tuple[str, str]]) -> None:
        """Send read receipts for (message id, sender's id) pairs. Raises: ChatError (only the receipts are lost)."""


@runtime_checkable
class WatchesTyping(Protocol):
    async def watch_typing(self, recipient: str) -> None:
        """Report the contact's typing through `ChatContext.typing`, for at least some seconds. Call again to extend it.

        Use it only for a chat that is about to be answered, because the platform may show the account online
        meanwhile. A message from the contact also ends their typing, without a report. Raises: ChatError.
        """


@runtime_checkable
class DeletesMessages(Protocol):
    async def delete_for_everyone(self, recipient: str, message_id: str) -> None:
        """Delete one of our messages on every phone that has it and still allows it. May be repeated.

        Raises: ChatError.
        """


@runtime_checkable
class ShowsMarkup(Protocol):
    @staticmethod
    def in_own_markup(markdown: str) -> str:
        """Return a model's Markdown in the platform's own markup. Text without Markdown is returned unchanged.

        Must take time linear in the length of the text, which is at most 16,384 characters.
        """


@runtime_checkable
class LimitsMessages(Protocol):
    @staticmethod
    def longest_message() -> int:
        """Return the most characters that one message may have. A longer answer waits for the owner."""


@runtime_checkable
class HasOwnChat(Protocol):
    def own_chat(self) -> str | None:
        """Return the recipient of the owner's own chat; None while no account is linked."""


@runtime_checkable
class LinksByPairingCode(Protocol):
    async def request_pairing_code(self, phone: str) -> str:
        """Return the code that the owner types on the phone with this number (digits only).

        Raises: InvalidState (already linked, or not ready to link), Refused (by the platform).
        """


@runtime_checkable
class ForgetsContacts(Protocol):
    async def forget_contact(self, ids: Sequence[str]) -> None:
        """Remove all data about the person with these ids, in the form used in messages. Raises: StorageError."""


@runtime_checkable
class NamesPeople(Protocol):
    @staticmethod
    def canonical_id(text: str) -> str:
        """Return the canonical form of a person's or group's id. Text that is no id here is returned unchanged."""


@runtime_checkable
class RefusesIds(Protocol):
    @staticmethod
    def id_problem(text: str) -> str | None:
        """Return why this cannot be an id here, with the fix, such as "must be a number"; None if it can be.

        Called when a config is checked, to refuse whitelist entries that would match nobody.
        """
