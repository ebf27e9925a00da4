"""What a chat provider is: three methods that it must have, and abilities that it may have.

A provider is one file in `chat_providers/`. Its class must have `__init__(user_id, config, user_queues)`,
`start_listening()` and `sendMessage(recipient, message)`, plain or async; a plain method runs in a thread of its
own. Everything else here is an ability: the core looks whether the class has the method, never which platform it is.
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
    """Something opened once that must be closed once."""

    async def aclose(self) -> None: ...


class ChatProvider(Protocol):
    """The required part; the shape of `config` is the provider's own business."""

    def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None: ...

    def start_listening(self) -> Awaitable[None] | None:
        """Begin to receive, without blocking. Trouble after this point is a status, not an exception."""

    def sendMessage(self, recipient: str, message: str) -> Awaitable[None] | None:  # noqa: N802 - the contract's name
        """Send `message` to `recipient` (a message's `reply_to`).

        Raises: NotConnected (not handed over, will be tried again), Refused (never tried again),
        DeliveryUncertain. Any other exception counts as Refused: a message is never risked twice.
        """


class ProviderState(Protocol):
    """A bot's own small store for its provider: encrypted at rest, gone with the bot, on unlink and on LOGGED_OUT.

    Entries are bytes under (kind, key). A write is durable when it returns, all of it or nothing.
    Raises StorageError.
    """

    async def read(self, kind: str, keys: Sequence[str] | None = None) -> dict[str, bytes]:
        """The entries of `kind` among `keys` (all of the kind when None)."""

    async def write(self, changes: Sequence[tuple[str, str, bytes | None]]) -> None:
        """Store (kind, key, value) entries; a value of None removes one."""

    async def clear(self) -> None:
        """The account is gone: remove everything of this bot, and in the same commit end what waits for an answer."""


class Shared(Protocol):
    """Things that all bots of this server have in common, opened at first use and closed at shutdown."""

    environment: Mapping[str, str]
    """For child processes: PATH, HOME, proxy, CA and NODE_OPTIONS variables only; never a model's key."""
    node: str
    """Path of the Node program."""
    accounts_per_process: int
    """How many accounts a provider's child process holds at most, where it has one."""
    hold: Callable[[], float | None]
    """Seconds that connections may stay open if this server were silent from now on, for another may open them then;
    None: as long as they like."""
    addresses: AddressGuard
    """Where one may connect to when a bot's config or a contact chose the address."""

    async def get(self, name: str, open_it: Callable[["Shared"], Awaitable[Resource]]) -> Resource:
        """The resource called `name`; the first caller opens it, later ones share it."""

    def secret(self, name: str) -> SecretStr | None:
        """A secret from the server's environment, such as OPENAI_API_KEY; None where it is unset or empty."""


class Confirm(Protocol):
    def __call__(self, message_id: str, chat: Sequence[str] = ()) -> None:
        """`chat`: ids of the chat in which somebody says so; it counts only for what was sent there.

        Without them it is the platform's own word.
        """


@dataclass(frozen=True, slots=True)
class NewNames:
    """What the platform tells of one person or group; None: nothing of it, what was known stays."""

    identifiers: Sequence[str]
    saved: str | None = None
    """In the owner's address book."""
    chosen: str | None = None
    """What they call themselves; of a group, its title."""
    is_group: bool = False


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """What was kept of an earlier message for what changes it or votes in it."""

    secret: bytes | None
    details: str


@dataclass(frozen=True, slots=True)
class SentMessage:
    """What was sent, for whoever is to get it once more."""

    text: str
    disappears_after: int | None = None
    """Seconds; None: it stays."""


async def _keep_no_names(names: Sequence[NewNames]) -> None: ...


async def _know_no_message(message_id: str, chat: Sequence[str], author: Sequence[str]) -> KeptMessage | None:
    return None


@dataclass(frozen=True)
class ChatContext:
    """What a provider with the ability `attach(context)` is handed, once, before `start_listening`."""

    instance_id: str
    state: ProviderState
    shared: Shared
    report: Callable[[LinkStatus], None]
    """Tell the core of a change of the link; from any thread."""
    sent_message: Callable[[str, Sequence[str]], Awaitable[SentMessage | None]]
    """What was sent under this message id to the chat with these ids; None where none was.

    WhatsApp's phones ask again for what they cannot decrypt. Whoever asks must be told only what was sent to them.
    """
    now: Callable[[], datetime]
    """UTC."""
    confirm: Confirm = lambda message_id, chat=(): None  # noqa: E731 - a default of the field
    """Tell the core that the platform has the message with this id, by a late ack, a receipt or an echo; from any
    thread."""
    typing: Callable[[str, bool], None] = lambda chat, on: None
    """Tell the core that somebody begins or ends to type in the chat with this id (as `reply_to` of its messages has
    it); from any thread."""
    learn_names: Callable[[Sequence[NewNames]], Awaitable[None]] = _keep_no_names
    """Tell the core what people and groups are called; durable when it returns. Raises StorageError."""
    kept_message: Callable[[str, Sequence[str], Sequence[str]], Awaitable[KeptMessage | None]] = _know_no_message
    """The message with this id in the chat with these ids, of several that of whom the last ids name; None where there
    is none. Raises StorageError."""
    told_time: Callable[[datetime], None] = lambda moment: None
    """Tell the core that by the platform's clock it is this moment now; from any thread."""


@runtime_checkable
class Attaches(Protocol):
    def attach(self, context: ChatContext) -> None: ...


@runtime_checkable
class StopsListening(Protocol):
    def stop_listening(self) -> Awaitable[None] | None: ...


@runtime_checkable
class ReportsStatus(Protocol):
    def get_status(self) -> Any:
        """A LinkStatus, a dict of its fields, or one of LinkState's values; plain or async."""


@runtime_checkable
class LogsOut(Protocol):
    def logout(self) -> Awaitable[None] | None:
        """Unlink the account at the platform, and forget its credentials. Raises where the platform was not told."""


@runtime_checkable
class SendsWithId(Protocol):
    """Sending the same id twice is the same message: a send can be repeated after a crash."""

    def send_with_id(self, recipient: str, message: str, message_id: str) -> Awaitable[None]: ...


@runtime_checkable
class SendsDisappearing(Protocol):
    """In some chats messages disappear after a time, everybody's."""

    def send_disappearing(self, recipient: str, message: str, message_id: str, seconds: int) -> Awaitable[None]:
        """As `send_with_id`, in a chat whose messages disappear after so many seconds."""


@runtime_checkable
class DerivesMessageIds(Protocol):
    """The platform's ids have a form: make one of `seed` (64 hex digits), the same for the same seed."""

    def message_id(self, seed: str) -> str: ...


@runtime_checkable
class ShowsTyping(Protocol):
    async def show_typing(self, recipient: str, on: bool) -> None:
        """Begin or end to show the contact that an answer is being typed; shown until it is ended or sent.

        Raises: ChatError, which costs nothing but the sight of it.
        """


@runtime_checkable
class MarksRead(Protocol):
    async def mark_read(self, recipient: str, messages: Sequence[tuple[str, str]]) -> None:
        """Show that these were read: (message id, sender's id). Raises: ChatError, which costs nothing else."""


@runtime_checkable
class WatchesTyping(Protocol):
    async def watch_typing(self, recipient: str) -> None:
        """From now on tell by `ChatContext.typing` when they type, for some seconds at least; asked again, for longer.

        Only for a chat that is about to be answered: the platform may show the account online meanwhile. A message of
        theirs ends their typing, too, without a word. Raises: ChatError.
        """


@runtime_checkable
class DeletesMessages(Protocol):
    async def delete_for_everyone(self, recipient: str, message_id: str) -> None:
        """Take back a message of ours, on every phone that got it and still lets it be taken back. May be repeated.

        Raises: ChatError.
        """


@runtime_checkable
class ShowsMarkup(Protocol):
    @staticmethod
    def in_own_markup(markdown: str) -> str:
        """A model's Markdown in the markup that this platform shows; what is no Markdown comes back as it is.

        Takes time in proportion to the text, at most 16,384 characters.
        """


@runtime_checkable
class LimitsMessages(Protocol):
    @staticmethod
    def longest_message() -> int:
        """How many characters one message may have; an answer that has more waits for the owner."""


@runtime_checkable
class HasOwnChat(Protocol):
    def own_chat(self) -> str | None:
        """Recipient of the chat that the owner has with themselves; None while no account is linked."""


@runtime_checkable
class LinksByPairingCode(Protocol):
    async def request_pairing_code(self, phone: str) -> str:
        """The code that the owner types on the phone with this number (digits only).

        Raises: InvalidState (already linked, or not ready to link), Refused (the platform said no).
        """


@runtime_checkable
class ForgetsContacts(Protocol):
    async def forget_contact(self, ids: Sequence[str]) -> None:
        """Remove what is kept about the person with these ids; ids as messages carry them. Raises StorageError."""


@runtime_checkable
class NamesPeople(Protocol):
    @staticmethod
    def canonical_id(text: str) -> str:
        """The one spelling of a person's or group's id; what is no id of this platform comes back as it is."""


@runtime_checkable
class RefusesIds(Protocol):
    @staticmethod
    def id_problem(text: str) -> str | None:
        """Why nobody on this platform can have this id, with the cure, such as "must be a number"; None where one may.

        Asked when a config is checked, so that an entry of the whitelist that would match nobody is refused.
        """
