"""The adapter of a chat provider: one interface for providers with different methods."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from imposter.contracts.chat import (
    Attaches,
    ChatContext,
    DeletesMessages,
    DerivesMessageIds,
    ForgetsContacts,
    HasOwnChat,
    LinksByPairingCode,
    LogsOut,
    MarksRead,
    NamesPeople,
    ReportsStatus,
    SendsDisappearing,
    SendsWithId,
    ShowsTyping,
    StopsListening,
    WatchesTyping,
)
from imposter.contracts.errors import (
    DeliveryUncertain,
    ImposterError,
    NotSupported,
    Refused,
)
from imposter.contracts.status import LinkState, LinkStatus
from imposter.phone_numbers import plain_id
from imposter.runtime.providers.discovery import REQUIRED_METHODS, ProviderFile, ProviderKind
from imposter.runtime.providers.foreign_call import Abilities, call, make

START_DEADLINE = 60.0
SEND_DEADLINE = 60.0
STATUS_DEADLINE = 2.0
SIGHT_DEADLINE = 5.0
STOP_DEADLINE = 10.0
"""Seconds."""

_STATUS: TypeAdapter[LinkStatus] = TypeAdapter(LinkStatus)


def canonical_ids(file: ProviderFile) -> Callable[[str], str]:
    """Return the function that gives an id of this platform its canonical spelling."""
    provider = file.provider
    if provider is not None and issubclass(provider, NamesPeople):
        return provider.canonical_id
    return plain_id


def forgets_contacts(file: ProviderFile) -> bool:
    """Return whether this platform stores data about contacts."""
    return file.provider is not None and issubclass(file.provider, ForgetsContacts)


def has_own_chat(file: ProviderFile) -> bool:
    """Return whether the owner has a chat with themselves on this platform."""
    return file.provider is not None and issubclass(file.provider, HasOwnChat)


class ChatAdapter:
    """The chat provider of one bot."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._abilities = Abilities(provider)
        start, send = (_spelled(provider, spellings) for spellings in REQUIRED_METHODS[ProviderKind.CHAT])
        self._start: Callable[..., Any] = start
        self._send: Callable[..., Any] = send
        self._asking: asyncio.Task[Any] | None = None

    @classmethod
    async def open(
        cls, file: ProviderFile, user_id: str, config: dict[str, Any], queues: Mapping[str, Any], context: ChatContext
    ) -> "ChatAdapter":
        """Create the provider. Raises: any error of its constructor."""
        assert file.provider is not None, "the catalog hands out usable providers only"  # noqa: S101
        port = cls(await make(file.provider, user_id, config, queues))
        if isinstance(port._provider, Attaches):
            port._provider.attach(context)
        return port

    @property
    def provider(self) -> Any:
        """The provider itself, for those who check it."""
        return self._provider

    @property
    def repeatable(self) -> bool:
        """Whether a send may be repeated under the same id without the contact seeing two messages."""
        return SendsWithId in self._abilities

    @property
    def must_be_asked(self) -> bool:
        """Whether the provider has a status but cannot report changes."""
        return ReportsStatus in self._abilities and Attaches not in self._abilities

    def message_id(self, seed: str) -> str:
        """Return the id of an outgoing message in the platform's form, derived from the seed (64 hex digits)."""
        if DerivesMessageIds in self._abilities:
            return str(self._provider.message_id(seed))
        return seed[:32]

    async def start(self) -> None:
        async with asyncio.timeout(START_DEADLINE):
            await call(self._start)

    async def stop(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
        if StopsListening in self._abilities:
            async with asyncio.timeout(STOP_DEADLINE):
                await call(self._provider.stop_listening)

    async def send(self, recipient: str, text: str, message_id: str, disappears_after: int | None = None) -> None:
        """Send a message. Raises: NotConnected, Refused, DeliveryUncertain, any other error of the provider."""
        try:
            async with asyncio.timeout(SEND_DEADLINE):
                if disappears_after and SendsDisappearing in self._abilities:
                    await self._provider.send_disappearing(recipient, text, message_id, disappears_after)
                elif SendsWithId in self._abilities:
                    await self._provider.send_with_id(recipient, text, message_id)
                else:
                    await call(self._send, recipient, text)
        except TimeoutError:
            raise DeliveryUncertain(
                f"The platform took the message and said nothing for {SEND_DEADLINE:.0f} s."
            ) from None

    async def show_typing(self, recipient: str, on: bool) -> None:
        """Show or clear the typing indicator, if the platform can. Raises: any error of the provider."""
        if ShowsTyping in self._abilities:
            async with asyncio.timeout(SIGHT_DEADLINE):
                await call(self._provider.show_typing, recipient, on)

    async def mark_read(self, recipient: str, messages: Sequence[tuple[str, str]]) -> None:
        """Send read receipts for `messages` (message id and sender's id of each), if the platform can.

        Raises: any error of the provider.
        """
        if MarksRead in self._abilities:
            async with asyncio.timeout(SIGHT_DEADLINE):
                await call(self._provider.mark_read, recipient, messages)

    async def watch_typing(self, recipient: str) -> None:
        if WatchesTyping in self._abilities:
            async with asyncio.timeout(SIGHT_DEADLINE):
                await call(self._provider.watch_typing, recipient)

    def own_chat(self) -> str | None:
        """Return the recipient of the owner's chat with themselves; None if there is none, or none yet."""
        return self._provider.own_chat() if HasOwnChat in self._abilities else None

    @property
    def takes_back(self) -> bool:
        """Whether a sent message can be deleted for everyone."""
        return DeletesMessages in self._abilities

    async def take_back(self, recipient: str, message_id: str) -> None:
        """Delete a sent message for everyone. May be repeated. Raises: any error of the provider."""
        if DeletesMessages in self._abilities:
            async with asyncio.timeout(SEND_DEADLINE):
                await call(self._provider.delete_for_everyone, recipient, message_id)

    async def status(self) -> LinkStatus | None:
        """Return the provider's report on its link; None if it has none."""
        if ReportsStatus not in self._abilities:
            return None
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(call(self._provider.get_status), name="ask for the status")
        await asyncio.wait([self._asking], timeout=STATUS_DEADLINE)
        if not self._asking.done():  # only one question is open at a time, however many callers wait for it
            return LinkStatus(status=LinkState.ERROR, detail="The provider does not answer when asked for its status.")
        if self._asking.cancelled():
            return None  # stopped meanwhile
        try:
            said = self._asking.result()
            return said if isinstance(said, LinkStatus) else _STATUS.validate_python(_as_fields(said))
        except ValidationError:
            return LinkStatus(status=LinkState.ERROR, detail="The provider's status is none that this server knows.")
        except Exception as error:  # noqa: BLE001 - a provider may raise anything; it affects its own bot's status
            return LinkStatus(status=LinkState.ERROR, detail=f"Asking for the status raised {type(error).__name__}.")

    async def logout(self) -> None:
        if LogsOut in self._abilities:
            await call(self._provider.logout)

    async def forget_contact(self, ids: Sequence[str]) -> None:
        """Delete the platform's data about a contact. Raises: any error of the provider."""
        if ForgetsContacts in self._abilities:
            await call(self._provider.forget_contact, ids)

    async def pairing_code(self, phone: str) -> str:
        """Return the code to link the account with this phone number. Raises: NotSupported, InvalidState, Refused."""
        if LinksByPairingCode not in self._abilities:
            raise NotSupported("This platform does not link by pairing code.")
        try:
            async with asyncio.timeout(SEND_DEADLINE):
                return str(await call(self._provider.request_pairing_code, phone))
        except ImposterError:
            raise
        except Exception as error:  # noqa: BLE001 - a provider may raise anything; the caller is told its type
            raise Refused(f"The provider gave no code: {type(error).__name__}.") from None


def _spelled(provider: Any, spellings: tuple[str, ...]) -> Callable[..., Any]:
    method: Callable[..., Any] = next(getattr(provider, name) for name in spellings if hasattr(provider, name))
    return method


def _as_fields(said: Any) -> Any:
    return {"status": said} if isinstance(said, str) else said
