"""One account's link to WhatsApp: its state, its credentials, and its reconnections."""

import asyncio
import json
import random
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from chat_providers._whatsapp.address_book import forget
from chat_providers._whatsapp.clock_skew import PlatformClock
from chat_providers._whatsapp.disconnects import PASSKEY, Reconnects, after_close
from chat_providers._whatsapp.ids import canonical_id
from chat_providers._whatsapp.pipe import PipeClosed, SidecarFailure
from chat_providers._whatsapp.poison_messages import PoisonMessages
from chat_providers._whatsapp.protocol import (
    Closed,
    Delivered,
    Event,
    Inbound,
    InboundMessage,
    MessageSecret,
    NamesTold,
    Opened,
    Passkey,
    Qr,
    Read,
    ReadingBegins,
    Request,
    SentBefore,
    Silence,
    Time,
    Typing,
    Write,
)
from chat_providers._whatsapp.sidecar_pool import Sidecars
from imposter.contracts.chat import ChatContext, NewNames, ProviderState
from imposter.contracts.errors import (
    ChatError,
    DeliveryUncertain,
    InvalidState,
    NotConnected,
    Refused,
    StorageError,
    UnstorableValue,
)
from imposter.contracts.status import LinkState, LinkStatus

log = structlog.get_logger()

SEND_PATIENCE = 30.0
"""Seconds; twice the time that the sidecar waits for WhatsApp's confirmation."""
UNLINK_PATIENCE = 12.0
"""Seconds to connect for unlinking, and to unlink."""
UNLINK_AGAIN = 1.0
"""Maximum seconds between attempts to connect for unlinking."""
CLOSE_PATIENCE = 5.0
SCAN = "Scan the code: on the phone, Settings, Linked devices, Link a device."
WHATSAPP_SILENT = "WhatsApp has not answered for some seconds."
FORGETTING = "The connection is renewed to forget a contact."
HELPER_SILENT = "The WhatsApp helper does not answer; it is started again if it stays silent."
LINK = "link"
LINKED_AT = "linked_at"

MISSING_PATIENCE = 30.0
"""Seconds to wait for the sidecar to repeat an earlier message. It repeats messages every two seconds."""

Receive = Callable[[InboundMessage, datetime | None, datetime, Any], Awaitable[Any]]
"""(message, its time by our clock, the time of linking, the result for the previous message) -> the result.

Storing has begun when the call returns, and the message is durable when the result has been awaited. If the
previous one fails and may still succeed, this one fails, too.
"""


class MessageRefused(ValueError):
    """The message can never be stored."""


async def linked_at(state: ProviderState) -> datetime | None:
    """Return when the account was linked, or None if it is not. Raises: StorageError."""
    stored = await state.read(LINK, [LINKED_AT])
    return datetime.fromisoformat(stored[LINKED_AT].decode()) if LINKED_AT in stored else None


async def _own_number(state: ProviderState) -> str | None:
    """Return the account's own id from the credentials, without the device. Raises: StorageError."""
    stored = await state.read("creds", ["creds"])
    me = json.loads(stored["creds"]).get("me") if stored else None
    return canonical_id(me["id"]) if me else None


class Account:
    """One account. Implements `sidecar.Listener`."""

    def __init__(
        self,
        context: ChatContext,
        sidecars: Sidecars,
        receive: Receive,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.status = LinkStatus(status=LinkState.STARTING)
        self._known = self.status
        """The last reported status of the link, without doubts whether it still holds."""
        self._doubts: set[str] = set()
        self._id = context.instance_id
        self._context = context
        self._sidecars = sidecars
        self._receive = receive
        self._reconnects = Reconnects(chance)
        self._linked_at: datetime | None = None
        self._own: str | None = None
        self._opened_at: datetime | None = None
        self._qr_shown = False
        self._passkey = False
        self._again: asyncio.TimerHandle | None = None
        self._forgetting: asyncio.Task[None] | None = None
        self._paused = False
        self._unlinking = False
        self._tried = asyncio.Event()
        """Set when the account reconnects, or will not."""
        self._poison = PoisonMessages()
        self._their_time = PlatformClock()
        self._write_order = asyncio.Lock()
        self._newest: Awaitable[Any] | None = None
        """The message that was handed over last."""
        self._missing: dict[tuple[str, str, str], float | None] = {}
        """Messages that could not be stored, in order.

        The value is the time when each was last offered, or None while it is being stored again. Later messages wait
        for them.
        """

    @property
    def own_chat(self) -> str | None:
        """The owner's own id, under which they write to themselves. None while the account is not linked."""
        linked = self._linked_at is not None and self._known.status is not LinkState.LOGGED_OUT
        return self._own if linked else None

    async def start(self) -> None:
        """Start the link. Raises: StorageError."""
        self._linked_at = await linked_at(self._context.state)
        self._own = await _own_number(self._context.state)
        self._move(LinkState.CONNECTING)
        self._sidecars.add(self._id, self)

    async def stop(self) -> None:
        self._rest()
        await self._close()
        self._sidecars.remove(self._id)
        if self._forgetting is not None:
            await self._forgetting
        self._move(LinkState.STOPPED)

    async def unlink(self) -> None:
        """Unlink the account.

        Raises: StorageError (the credentials are still there), NotConnected (the phone still lists the device).
        """
        self._unlinking, told = True, False
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(UNLINK_PATIENCE):
                    await self._log_out()
                    told = True
            await self.stop()
            async with self._write_order:
                await self._context.state.clear()
                self._linked_at = None
        finally:
            self._unlinking = False
        if not told:
            raise NotConnected

    async def _log_out(self) -> None:
        """Log out at WhatsApp, over the current connection or the next one."""
        unlinked = self._linked_at is None
        if unlinked:
            await self._close()  # a link in progress is now complete or cancelled
        async with self._write_order:
            if self._linked_at is None:
                return
        stepped_back = self._known.status in RESTING and self._known.status is not LinkState.LOGGED_OUT
        if unlinked or stepped_back or self._again is not None:
            self._rest()
            self._move(LinkState.CONNECTING)
            self._open()
        while self._known.status is not LinkState.LOGGED_OUT:
            self._tried.clear()
            with suppress(PipeClosed, SidecarFailure):
                await self._sidecars.call(self._id, {"type": "logout"}, patience=UNLINK_PATIENCE)
                return
            await self._tried.wait()

    async def forget_contact(self, ids: Sequence[str]) -> None:
        """Delete the keys of a contact while disconnected, because the connection has copies of its own.

        Raises: StorageError.
        """
        if self._known.status in RESTING:
            await forget(self._context.state, ids)
            return
        self._paused = True
        self._rest()
        self._move(LinkState.RECONNECTING, FORGETTING)
        try:
            await self._close()
            async with self._write_order:
                await forget(self._context.state, ids)
        finally:
            self._paused = False
            if self._known.status not in RESTING:
                self._open()

    async def send(self, recipient: str, text: str, message_id: str, expiration: int | None = None) -> None:
        """Send a message. Raises: NotConnected, Refused, DeliveryUncertain; so do the following methods."""
        body = {"to": recipient, "text": text, "message_id": message_id, "expiration": expiration}
        await self._tell({"type": "send", **body})

    async def show_typing(self, recipient: str, on: bool) -> None:
        await self._tell({"type": "typing", "to": recipient, "on": on})

    async def mark_read(self, recipient: str, messages: Sequence[tuple[str, str]]) -> None:
        await self._tell({"type": "mark_read", "to": recipient, "messages": list(messages)})

    async def watch_typing(self, recipient: str) -> None:
        await self._tell({"type": "watch_typing", "to": recipient})

    async def delete(self, recipient: str, message_id: str) -> None:
        await self._tell({"type": "delete", "to": recipient, "message_id": message_id})

    async def _tell(self, body: dict[str, Any]) -> None:
        if self.status.status is not LinkState.CONNECTED:
            raise NotConnected
        try:
            await self._sidecars.call(self._id, body, patience=SEND_PATIENCE)
        except SidecarFailure as failure:
            raise _chat_error(failure) from failure
        except (PipeClosed, TimeoutError) as error:
            raise DeliveryUncertain from error

    async def pairing_code(self, phone: str) -> str:
        """Return a pairing code. Raises: InvalidState, Refused."""
        if self.status.status is not LinkState.LINKING:
            raise InvalidState("A pairing code can only be had while the account waits to be linked.")
        body = {"type": "pairing_code", "phone": phone}
        try:
            return str(await self._sidecars.call(self._id, body, patience=SEND_PATIENCE))
        except SidecarFailure as failure:
            if failure.code == "refused":
                raise Refused(str(failure), code=failure.number) from failure
            raise InvalidState("WhatsApp gave no pairing code; try again in a moment.") from failure
        except (PipeClosed, TimeoutError) as error:
            raise InvalidState("WhatsApp gave no pairing code; try again in a moment.") from error

    # Events and requests of the sidecar

    def sidecar_up(self) -> None:
        if self._known.status not in RESTING:
            self._open()

    def sidecar_down(self, again_in: float, *, broke: bool) -> None:
        self._doubts.clear()
        if self._poison.process_ended(broke=broke, alone=self._sidecars.is_isolated(self._id)):
            log.error("a message is set aside: two processes did not survive reading it", bot=self._id)
        if self._known.status in RESTING:
            return
        self._rest()
        self._move(LinkState.RECONNECTING, f"The WhatsApp helper ended. Starting it again in {again_in:.0f} s.")
        if self._poison.suspect is not None:
            # keeps other accounts' connections out of it until the cause is known
            self._sidecars.isolate(self._id, self)

    def sidecar_silent(self) -> None:
        self._doubt(HELPER_SILENT)

    def sidecar_answers(self) -> None:
        self._trust(HELPER_SILENT)

    def notice(self, event: Event) -> None:
        if self._known.status in RESTING:
            return
        match event:
            case Delivered(message_ids=message_ids, chat=said_in):
                for message_id in message_ids:
                    self._context.confirm(message_id, said_in)
            case ReadingBegins(stanza=stanza):
                self._poison.reading(stanza)
            case Time(seconds=seconds):
                self._their_time.told(seconds, asyncio.get_running_loop().time())
                self._context.told_time(datetime.fromtimestamp(seconds, UTC))
            case _ if self._paused:
                pass
            case Typing(chats=chats, on=on):
                for chat in chats:
                    self._context.typing(chat, on)
            case Silence(over=over):
                if over:
                    self._trust(WHATSAPP_SILENT)
                else:
                    self._doubt(WHATSAPP_SILENT)
            case Qr(text=text, lifetime_seconds=seconds):
                if not self._passkey:
                    self._qr_shown = True
                    expires = self._context.now() + timedelta(seconds=seconds)
                    self._move(LinkState.LINKING, SCAN, qr=text, qr_expires_at=expires)
            case Passkey():
                self._passkey = True
                self._move(LinkState.PASSKEY_REQUIRED, PASSKEY)
            case Opened(account=account):
                self._opened_at = self._context.now()
                self._own = account
                self._move(LinkState.CONNECTED, account=account)
            case Closed(code=code):
                self._closed(code)

    async def serve(self, request: Request) -> Any:
        """Serve a request.

        Writes happen one after the other. Messages are stored in the order of the requests, many at a time.
        """
        match request:
            case Read(kind=kind, keys=keys):
                stored = await self._context.state.read(kind, keys)
                return {key: value.decode() for key, value in stored.items()}
            case Write(entries=entries):
                async with self._write_order:
                    if self._known.status is LinkState.LOGGED_OUT:
                        raise InvalidState("What is forgotten is not written again.")
                    await self._write(entries)
            case SentBefore(message_id=message_id, chat=chat):
                sent = await self._context.sent_message(message_id, chat)
                return sent and {"text": sent.text, "expiration": sent.disappears_after or 0}
            case MessageSecret(message_id=message_id, chat=chat, author=author):
                kept = await self._context.kept_message(message_id, chat, author)
                secret = kept.secret if kept is not None else None
                return kept and {"secret": secret and b64encode(secret).decode(), "details": kept.details}
            case NamesTold(people=people, groups=groups):
                named = [NewNames(each.ids, each.saved, each.chosen) for each in people]
                await self._context.learn_names(
                    [*named, *(NewNames([each.id], chosen=each.subject, is_group=True) for each in groups)]
                )
            case Inbound(message=message):
                if self._known.status is LinkState.LOGGED_OUT:
                    raise InvalidState("The account is no longer this server's.")
                await self._take(message)
        return None

    async def _take(self, message: InboundMessage) -> None:
        """Store a message.

        Raises: StorageError, InvalidState (to be repeated); MessageRefused (it can never be stored).
        """
        key, now = (message.chat, message.sender, message.id), asyncio.get_running_loop().time()
        self._wait_for_turn(key, now)
        try:
            # Nothing is awaited before the message is handed over, so the order of the calls is the order of the
            # messages.
            arrived = self._context.now()
            sent_at = message.sent_at and self._their_time.ours(message.sent_at, arrived, now)
            taken = self._receive(message, sent_at or None, self._linked_at or arrived, self._newest)
            self._newest = taken
            await taken
            self._missing.pop(key, None)
        except UnstorableValue as error:
            self._missing.pop(key, None)
            raise MessageRefused from error
        except (StorageError, InvalidState):
            self._missing[key] = now
            raise
        except Exception as error:  # noqa: BLE001 - any error that a message causes concerns only this message, which is set aside
            self._missing.pop(key, None)
            log.error("a message cannot be taken", bot=self._id, error=type(error).__name__)
            raise MessageRefused from error

    def _wait_for_turn(self, key: tuple[str, str, str], now: float) -> None:
        """Let earlier messages go first. Raises: InvalidState (an earlier message is not stored yet)."""
        for place, (other, given) in enumerate([*self._missing.items()]):
            if other == key:
                self._newest = self._newest if place else None
                break
            if given is not None and now - given < MISSING_PATIENCE:
                self._missing[key] = now  # at its place, or at the end
                raise InvalidState("One before it is not stored yet.")
            if given is not None:
                del self._missing[other]  # it is no longer repeated
        if key in self._missing:
            self._missing[key] = None

    async def _write(self, entries: list[tuple[str, str, str | None]]) -> None:
        changes = [(kind, key, None if value is None else value.encode()) for kind, key, value in entries]
        linked_at = None
        if self._linked_at is None and any(kind == "creds" for kind, _, _ in entries):
            # The sidecar stores no credentials before the account is linked, so the first ones mark the time of
            # linking.
            linked_at = self._context.now()
            changes.append((LINK, LINKED_AT, linked_at.isoformat().encode()))
        await self._context.state.write(changes)
        self._linked_at = self._linked_at or linked_at

    # Connecting

    def _open(self) -> None:
        self._again = None
        if self._paused:
            return
        if self._poison.suspect is None and self._sidecars.is_isolated(self._id):
            self._sidecars.remove(self._id)
            self._sidecars.add(self._id, self)  # `add` opens the connection there
            return
        if not (self._qr_shown or self._passkey):
            self._move(LinkState.CONNECTING, code=self._known.code)
        self._qr_shown = self._passkey = False
        self._missing.clear()
        self._newest = self._opened_at = None
        careful = self._poison.suspect is not None
        self._sidecars.post(self._id, {"type": "open", "poison": self._poison.known, "careful": careful})
        self._tried.set()

    async def _close(self) -> None:
        with suppress(PipeClosed, SidecarFailure, TimeoutError):
            await self._sidecars.call(self._id, {"type": "close"}, patience=CLOSE_PATIENCE)

    def _closed(self, code: int) -> None:
        self._doubts.discard(WHATSAPP_SILENT)
        opened_at, self._opened_at = self._opened_at, None
        open_for = None if opened_at is None else (self._context.now() - opened_at).total_seconds()
        delay = self._reconnects.after(code, open_for)
        if self._unlinking:
            delay = min(delay, UNLINK_AGAIN)
        linked = self._linked_at is not None
        verdict = after_close(code, linked=linked, qr_shown=self._qr_shown, passkey=self._passkey, delay=delay)
        log.info("whatsapp connection ended", bot=self._id, code=code, state=verdict.state.value)
        if verdict.forget:
            self._forgetting = asyncio.create_task(self._forget(), name=f"whatsapp-forget:{self._id}")
        if verdict.state is not LinkState.LINKING:
            self._move(verdict.state, verdict.detail, code=code)
        if verdict.again_in is not None:
            self._reconnects.again(verdict.again_in)
            self._again = asyncio.get_running_loop().call_later(verdict.again_in, self._open)

    async def _forget(self) -> None:
        """Delete credentials that WhatsApp no longer accepts. They would keep a new QR code from appearing."""
        self._linked_at = None
        try:
            async with self._write_order:
                await self._context.state.clear()
        except StorageError:
            log.exception("old whatsapp credentials could not be removed", bot=self._id)
        self._sidecars.post(self._id, {"type": "close"})

    def _rest(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None

    def _doubt(self, why: str) -> None:
        self._doubts.add(why)
        self._show()

    def _trust(self, why: str) -> None:
        self._doubts.discard(why)
        self._show()

    def _move(self, state: LinkState, detail: str | None = None, **more: Any) -> None:
        more.setdefault("account", self._known.account)
        self._known = LinkStatus(status=state, detail=detail, **more)
        self._show()

    def _show(self) -> None:
        status = self._known
        if self._doubts and status.status not in RESTING:
            state = LinkState.CONNECTING if self._linked_at is None else LinkState.RECONNECTING
            # without contact to the helper, its reports about WhatsApp are out of date
            detail = HELPER_SILENT if HELPER_SILENT in self._doubts else WHATSAPP_SILENT
            status = LinkStatus(status=state, detail=detail, account=status.account)
        if status != self.status:
            self.status = status
            if status.status in RESTING:
                self._tried.set()
            self._context.report(status)


RESTING = frozenset({LinkState.STARTING, LinkState.STOPPED, LinkState.LOGGED_OUT, LinkState.REPLACED, LinkState.ERROR})
"""States that only the owner can end."""


def _chat_error(failure: SidecarFailure) -> ChatError:
    match failure.code:
        case "not_connected":
            return NotConnected()
        case "uncertain":
            return DeliveryUncertain()
        case _:
            return Refused(str(failure), code=failure.number)
