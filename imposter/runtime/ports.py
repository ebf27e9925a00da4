"""A provider as the core sees it: one way to call it, whatever it looks like inside."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from imposter.behaviour.answer_text import AnswerText, answer_text
from imposter.behaviour.commitments import Named
from imposter.behaviour.leaks import Leaks
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
    SendsWithId,
    ShowsTyping,
    StopsListening,
    WatchesTyping,
)
from imposter.contracts.errors import (
    DeliveryUncertain,
    ImposterError,
    ModelRefused,
    ModelUnavailable,
    NotSupported,
    Refused,
)
from imposter.contracts.identity import plain_id
from imposter.contracts.messages import Turn
from imposter.contracts.model import (
    LONGEST_ANSWER,
    Answer,
    AttachesModel,
    Guidance,
    Judgement,
    Judges,
    ModelContext,
    Private,
    TakesGuidance,
    TellsPrivate,
)
from imposter.contracts.states import LinkState, LinkStatus
from imposter.runtime.calls import call
from imposter.runtime.discovery import REQUIRED_METHODS, Kind, ProviderFile
from imposter.voice.guidance import OPENING

OPEN_DEADLINE = 10.0
START_DEADLINE = 60.0
SEND_DEADLINE = 60.0
STATUS_DEADLINE = 2.0
SIGHT_DEADLINE = 5.0
STOP_DEADLINE = 10.0
MODEL_DEADLINE = 120.0
"""Seconds."""

_STATUS: TypeAdapter[LinkStatus] = TypeAdapter(LinkStatus)


def canonical_ids(file: ProviderFile) -> Callable[[str], str]:
    """How ids of this platform are spelled in one way."""
    provider = file.provider
    if provider is not None and issubclass(provider, NamesPeople):
        return provider.canonical_id
    return plain_id


def forgets_contacts(file: ProviderFile) -> bool:
    """Whether this platform keeps something about people."""
    return file.provider is not None and issubclass(file.provider, ForgetsContacts)


def judges(file: ProviderFile) -> bool:
    """Whether this model can be asked what an answer would bind its owner to."""
    return file.provider is not None and issubclass(file.provider, Judges)


def has_own_chat(file: ProviderFile) -> bool:
    """Whether on this platform an owner has a chat with themselves."""
    return file.provider is not None and issubclass(file.provider, HasOwnChat)


class ChatPort:
    """One bot's chat provider."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        start, send = (_spelled(provider, spellings) for spellings in REQUIRED_METHODS[Kind.CHAT])
        self._start: Callable[..., Any] = start
        self._send: Callable[..., Any] = send
        self._asking: asyncio.Task[Any] | None = None

    @classmethod
    async def open(
        cls, file: ProviderFile, user_id: str, config: dict[str, Any], queues: Mapping[str, Any], context: ChatContext
    ) -> "ChatPort":
        """Make the provider. Raises whatever its constructor raises."""
        assert file.provider is not None, "the catalog hands out usable providers only"  # noqa: S101
        port = cls(await _make(file.provider, user_id, config, queues))
        if isinstance(port._provider, Attaches):
            port._provider.attach(context)
        return port

    @property
    def repeatable(self) -> bool:
        """Whether a send may be repeated under the same id without being seen twice."""
        return isinstance(self._provider, SendsWithId)

    @property
    def must_be_asked(self) -> bool:
        """Whether the provider has a status and no way to report a new one."""
        return isinstance(self._provider, ReportsStatus) and not isinstance(self._provider, Attaches)

    def message_id(self, seed: str) -> str:
        """The id of an outgoing message, in the platform's form; the same for the same seed (64 hex digits)."""
        if isinstance(self._provider, DerivesMessageIds):
            return self._provider.message_id(seed)
        return seed[:32]

    async def start(self) -> None:
        async with asyncio.timeout(START_DEADLINE):
            await call(self._start)

    async def stop(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
        if isinstance(self._provider, StopsListening):
            async with asyncio.timeout(STOP_DEADLINE):
                await call(self._provider.stop_listening)

    async def send(self, recipient: str, text: str, message_id: str) -> None:
        """Raises: NotConnected, Refused, DeliveryUncertain, or whatever else the provider raises."""
        try:
            async with asyncio.timeout(SEND_DEADLINE):
                if isinstance(self._provider, SendsWithId):
                    await self._provider.send_with_id(recipient, text, message_id)
                else:
                    await call(self._send, recipient, text)
        except TimeoutError:
            raise DeliveryUncertain(
                f"The platform took the message and said nothing for {SEND_DEADLINE:.0f} s."
            ) from None

    async def show_typing(self, recipient: str, on: bool) -> None:
        """This and the next two do nothing where the platform cannot. Raise whatever the provider raises."""
        if isinstance(self._provider, ShowsTyping):
            async with asyncio.timeout(SIGHT_DEADLINE):
                await call(self._provider.show_typing, recipient, on)

    async def mark_read(self, recipient: str, messages: Sequence[tuple[str, str]]) -> None:
        """`messages`: message id and sender's id of each."""
        if isinstance(self._provider, MarksRead):
            async with asyncio.timeout(SIGHT_DEADLINE):
                await call(self._provider.mark_read, recipient, messages)

    async def watch_typing(self, recipient: str) -> None:
        if isinstance(self._provider, WatchesTyping):
            async with asyncio.timeout(SIGHT_DEADLINE):
                await call(self._provider.watch_typing, recipient)

    def own_chat(self) -> str | None:
        """Recipient of the chat that the owner has with themselves; None where there is none, or none yet."""
        return self._provider.own_chat() if isinstance(self._provider, HasOwnChat) else None

    @property
    def takes_back(self) -> bool:
        """Whether a message that was sent can be taken back."""
        return isinstance(self._provider, DeletesMessages)

    async def take_back(self, recipient: str, message_id: str) -> None:
        """May be repeated. Raises whatever the provider raises."""
        if isinstance(self._provider, DeletesMessages):
            async with asyncio.timeout(SEND_DEADLINE):
                await call(self._provider.delete_for_everyone, recipient, message_id)

    async def status(self) -> LinkStatus | None:
        """What the provider says of its link now; None if it has no word on it."""
        if not isinstance(self._provider, ReportsStatus):
            return None
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(call(self._provider.get_status), name="ask for the status")
        await asyncio.wait([self._asking], timeout=STATUS_DEADLINE)
        if not self._asking.done():  # asked once, however many want to know
            return LinkStatus(status=LinkState.ERROR, detail="The provider does not answer when asked for its status.")
        if self._asking.cancelled():
            return None  # stopped meanwhile
        try:
            said = self._asking.result()
            return said if isinstance(said, LinkStatus) else _STATUS.validate_python(_as_fields(said))
        except ValidationError:
            return LinkStatus(status=LinkState.ERROR, detail="The provider's status is none that this server knows.")
        except Exception as error:  # noqa: BLE001 - a provider may raise anything; it is its own bot's status
            return LinkStatus(status=LinkState.ERROR, detail=f"Asking for the status raised {type(error).__name__}.")

    async def logout(self) -> None:
        if isinstance(self._provider, LogsOut):
            await call(self._provider.logout)

    async def forget_contact(self, ids: Sequence[str]) -> None:
        """Raises whatever the provider raises."""
        if isinstance(self._provider, ForgetsContacts):
            await call(self._provider.forget_contact, ids)

    async def pairing_code(self, phone: str) -> str:
        """Raises: NotSupported, NotNow, Refused."""
        if not isinstance(self._provider, LinksByPairingCode):
            raise NotSupported("This platform does not link by pairing code.")
        try:
            async with asyncio.timeout(SEND_DEADLINE):
                return str(await call(self._provider.request_pairing_code, phone))
        except ImposterError:
            raise
        except Exception as error:  # noqa: BLE001 - a provider may raise anything; the caller is told that much
            raise Refused(f"The provider gave no code: {type(error).__name__}.") from None


class ModelPort:
    """One bot's model provider, with a bound on how many calls it has in flight."""

    def __init__(self, provider: Any, at_once: int, names: Collection[str]) -> None:
        """`names`: what the bot's owner is called; models write these in front of what they say."""
        self._provider = provider
        self._names = names
        self._deadline = float(getattr(provider, "deadline", MODEL_DEADLINE))
        self._places = asyncio.Semaphore(at_once)
        address = getattr(provider, "address", None)
        self.address = address if isinstance(address, str) else None
        """Where it is asked, as far as the provider says."""
        private = provider.private() if isinstance(provider, TellsPrivate) else Private()
        ours = (OPENING,) if isinstance(provider, TakesGuidance) else ()
        self.leaks = Leaks(replace(private, instructions=(*private.instructions, *ours)))
        """What it must not say."""
        self.named = Named(private.instructions)
        """What its owner had it know."""

    @classmethod
    async def open(
        cls,
        file: ProviderFile,
        user_id: str,
        config: dict[str, Any],
        context: ModelContext,
        at_once: int,
        names: Collection[str] = (),
    ) -> "ModelPort":
        """Make the provider. Raises whatever its constructor raises."""
        assert file.provider is not None, "the catalog hands out usable providers only"  # noqa: S101
        provider = await _make(file.provider, user_id, config)
        if isinstance(provider, AttachesModel):
            provider.attach(context)
        return cls(provider, at_once, (user_id, *names))

    @property
    def takes_guidance(self) -> bool:
        """Whether it can be told how the owner writes."""
        return isinstance(self._provider, TakesGuidance)

    async def reply(self, turns: Sequence[Turn], guidance: Guidance | None = None) -> Answer:
        """What the model says to the contact, without its reasoning and whatever else is not for them.

        Where it only reasoned it is asked once more; then the answer is unsure, and has no text.
        Raises: ModelUnavailable, ModelRefused, or whatever else the provider raises.
        """
        first = await self._raw_reply(turns, guidance)
        said = answer_text(first.text, self._names)
        if not said.reasoning_only:
            return _cleaned(first, said)
        second = await self._raw_reply(turns, guidance)
        said = answer_text(second.text, self._names)
        answer = _cleaned(_spent_together(first, second), said)
        return replace(answer, unsure=True) if said.reasoning_only else answer

    async def _raw_reply(self, turns: Sequence[Turn], guidance: Guidance | None) -> Answer:
        async with self._places:
            try:
                async with asyncio.timeout(self._deadline):
                    if guidance is not None and isinstance(self._provider, TakesGuidance):
                        answer = await call(self._provider.reply_as, turns, guidance)
                    else:
                        answer = await call(self._provider.reply, turns)
            except TimeoutError:
                raise ModelUnavailable(f"The model said nothing for {self._deadline:.0f} s.", costly=True) from None
        said = answer if isinstance(answer, Answer) else Answer(answer)
        if not isinstance(said.text, str):
            file = f"{type(self._provider).__module__.replace('.', '/')}.py"
            raise ModelRefused(f"The provider {file} must return text from reply, not {type(said.text).__name__}.")
        if len(said.text) > LONGEST_ANSWER:
            # What is left of it where it is cut is not what the model meant, and nobody's to send.
            refusal = ModelRefused(
                f"The model's answer has more than {LONGEST_ANSWER} characters: have it answer briefly, or let it use "
                "fewer tokens."
            )
            refusal.spent = replace(said, text="")
            raise refusal
        return said

    async def judge(self, turns: Sequence[Turn], answer: str) -> Judgement:
        """Whether `answer` would bind its owner. Raises as `reply` does; NotSupported where it cannot judge."""
        if not isinstance(self._provider, Judges):
            raise NotSupported("This model provider does not judge answers.")
        async with self._places:
            try:
                async with asyncio.timeout(self._deadline):
                    judgement = await call(self._provider.judge, turns, answer)
            except TimeoutError:
                raise ModelUnavailable(f"The model said nothing for {self._deadline:.0f} s.") from None
        if not isinstance(judgement, Judgement):
            raise ModelRefused(f"A provider's judge must return a Judgement, not {type(judgement).__name__}.")
        return judgement


def _cleaned(answer: Answer, said: AnswerText) -> Answer:
    return replace(
        answer,
        text=said.words,
        unsure=answer.unsure or said.unsure,
        binds=answer.binds or said.binds,
        machinery=answer.machinery or said.machinery,
    )


def _spent_together(first: Answer, last: Answer) -> Answer:
    """The last answer, and what both took; what one of them does not tell is not known of both."""

    def both(name: str) -> int | None:
        spent = (getattr(first, name), getattr(last, name))
        return None if None in spent else sum(spent)

    counts = {name: both(name) for name in ("prompt_tokens", "completion_tokens", "cached_tokens")}
    return replace(last, **counts)  # type: ignore[arg-type]


async def _make(provider: type, *args: Any) -> Any:
    """In a thread, for a constructor may block. Raises: TimeoutError, or whatever it raises."""
    async with asyncio.timeout(OPEN_DEADLINE):
        return await call(provider, *args)


def _spelled(provider: Any, spellings: tuple[str, ...]) -> Callable[..., Any]:
    method: Callable[..., Any] = next(getattr(provider, name) for name in spellings if hasattr(provider, name))
    return method


def _as_fields(said: Any) -> Any:
    return {"status": said} if isinstance(said, str) else said
