"""WhatsApp, on the user's own account, as one of its linked devices.

The connection itself is Baileys' (https://github.com/WhiskeySockets/Baileys). It runs in Node processes that each serve
many accounts (`whatsapp_baileys_server/`). The package `_whatsapp` is the Python half.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chat_providers._whatsapp import ids
from chat_providers._whatsapp.account import Account, linked_at
from chat_providers._whatsapp.address_book import forget
from chat_providers._whatsapp.markup import in_whatsapp_markup
from chat_providers._whatsapp.message_facts import facts_of
from chat_providers._whatsapp.protocol import InboundMessage
from chat_providers._whatsapp.sidecar import SidecarMissing
from chat_providers._whatsapp.sidecar_pool import Sidecars
from imposter.contracts.chat import ChatContext
from imposter.contracts.config import StrictModel
from imposter.contracts.errors import InvalidState, NotConnected
from imposter.contracts.messages import Group, Sender, Source
from imposter.contracts.status import LinkState, LinkStatus

LONGEST_MESSAGE = 65_536
"""Maximum number of characters of a message on WhatsApp."""


class WhatsAppBaileyesProvider:
    class Config(StrictModel):
        allow_group_messages: bool = False
        """Whether to answer in groups, if the group or the sender is on the whitelist or there is none."""
        process_offline_messages: bool = False
        """Whether to answer messages that arrived while this server was down."""

    canonical_id = staticmethod(ids.canonical_id)
    id_problem = staticmethod(ids.id_problem)
    in_own_markup = staticmethod(in_whatsapp_markup)

    def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None:
        self.Config.model_validate(config)
        self._user_id = user_id
        self._user_queues = user_queues
        self._context: ChatContext | None = None
        self._account: Account | None = None
        self._status = LinkStatus(status=LinkState.STARTING)

    def attach(self, context: ChatContext) -> None:
        self._context = context

    async def start_listening(self) -> None:
        """Connect, or wait to be linked if the account is not. Raises: StorageError."""
        if self._context is None:
            raise InvalidState("The provider is not attached to a bot.")
        try:
            sidecars: Sidecars = await self._context.shared.get("whatsapp-sidecars", Sidecars.open)
        except SidecarMissing as error:
            self._status = LinkStatus(status=LinkState.ERROR, detail=str(error))
            self._context.report(self._status)
            return
        self._account = Account(self._context, sidecars, self._receive)
        await self._account.start()

    async def stop_listening(self) -> None:
        """Disconnect. The account stays linked."""
        if self._account is not None:
            await self._account.stop()
            self._status, self._account = self._account.status, None

    async def logout(self) -> None:
        """Unlink the account at WhatsApp and delete its credentials, even if WhatsApp cannot be reached.

        Raises: NotConnected (the phone still lists this device), StorageError.
        """
        if self._context is None:
            return
        linked = self._account is None and await linked_at(self._context.state) is not None
        if linked:
            await self.start_listening()
        if self._account is not None:
            await self._account.unlink()
            return
        await self._context.state.clear()
        if linked:
            raise NotConnected

    async def get_status(self) -> LinkStatus:
        return self._status if self._account is None else self._account.status

    async def sendMessage(self, recipient: str, message: str) -> None:  # noqa: N802 - the contract's name
        """Send a message. `recipient` is an id as in messages, or a phone number. Raises: as `send_with_id`."""
        await self.send_with_id(ids.canonical_id(recipient), message, ids.message_id(secrets.token_hex(32)))

    async def send_with_id(self, recipient: str, message: str, message_id: str) -> None:
        """Send a message. Return when WhatsApp's servers have it. Raises: NotConnected, Refused, DeliveryUncertain."""
        await self._linked.send(recipient, message, message_id)

    async def send_disappearing(self, recipient: str, message: str, message_id: str, seconds: int) -> None:
        """Send a message in a chat with disappearing messages. Raises: as `send_with_id`."""
        await self._linked.send(recipient, message, message_id, seconds)

    async def show_typing(self, recipient: str, on: bool) -> None:
        """Show or hide the typing indicator.

        The account is online meanwhile, and the phone shows no notifications. Raises: ChatError.
        """
        await self._linked.show_typing(recipient, on)

    async def mark_read(self, recipient: str, messages: Sequence[tuple[str, str]]) -> None:
        """Send read receipts. The senders see them if the owner's privacy settings allow it. Raises: ChatError."""
        await self._linked.mark_read(recipient, messages)

    async def watch_typing(self, recipient: str) -> None:
        """Watch for the contact's typing indicator for ten seconds, unless typing or sending there ends it earlier.

        WhatsApp only reports it to accounts that are online. Raises: ChatError.
        """
        await self._linked.watch_typing(recipient)

    async def delete_for_everyone(self, recipient: str, message_id: str) -> None:
        """Delete a message for everyone.

        Return when WhatsApp's servers have it. Phones refuse after about two days. Raises: ChatError.
        """
        await self._linked.delete(recipient, message_id)

    @staticmethod
    def longest_message() -> int:
        return LONGEST_MESSAGE

    def own_chat(self) -> str | None:
        return None if self._account is None else self._account.own_chat

    def message_id(self, seed: str) -> str:
        return ids.message_id(seed)

    async def forget_contact(self, ids: Sequence[str]) -> None:
        """Delete the keys of a person, so that their next message uses new ones.

        The connection is renewed. Raises: StorageError.
        """
        if self._account is not None:
            await self._account.forget_contact(ids)
        elif self._context is not None:
            await forget(self._context.state, ids)

    async def request_pairing_code(self, phone: str) -> str:
        """Return the code to type on the phone with this number (digits only). Raises: InvalidState, Refused."""
        if self._account is None:
            raise InvalidState("The bot is not running.")
        return await self._account.pairing_code(phone)

    @property
    def _linked(self) -> Account:
        """The account. Raises: NotConnected."""
        if self._account is None:
            raise NotConnected
        return self._account

    def _receive(self, message: InboundMessage, sent_at: datetime | None, linked_at: datetime, behind: Any) -> Any:
        """Add a message to the queue. The returned object can be awaited until the message is durable."""
        # Messages from before the link were not meant for this server. WhatsApp's times are in whole seconds.
        before_linking = message.offline and sent_at is not None and sent_at < linked_at.replace(microsecond=0)
        return self._user_queues[self._user_id].add_message(
            content=message.text,
            sender=Sender(message.sender, message.name, _others(message.sender_alt)),
            source=Source.OWNER if message.from_me else Source.CONTACT,
            group=Group(message.chat, message.subject or "") if message.in_group else None,
            message_id=message.id,
            sent_at=sent_at,
            to=None if message.in_group else Sender(message.chat, "", _others(message.chat_alt)),
            reply_to=message.chat,
            behind=behind,
            **facts_of(message, before_linking=before_linking),
        )


def _others(name: str | None) -> tuple[str, ...]:
    return (name,) if name else ()
