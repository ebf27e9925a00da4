"""A platform that needs no account: it plays a script, keeps the answers, and can make load.

An example for your own provider: docs/add-a-chat-provider.md.
"""

import asyncio
import hashlib
import itertools
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import structlog
from pydantic import AfterValidator, Field, field_validator, model_validator

from imposter.contracts.chat import ChatContext
from imposter.contracts.config import ContactId, StrictModel
from imposter.contracts.errors import InvalidState, NotConnected
from imposter.contracts.messages import CHANGES, Group, MessageFacts, MessageKind, Sender
from imposter.contracts.status import LinkState, LinkStatus
from queue_manager import UserQueue

log = structlog.get_logger()

ID = "dummy-said-"
"""Prefix of the ids from a script."""
ADDED = ("unseen", "kind", "details", "id", "quotes", "reacts_to", "changes")
MAX_UNSETTLED = 100
"""Maximum number of load messages that are not stored yet."""


def _not_blank(name: str) -> str:
    if not name.strip():
        raise ValueError("must hold more than blanks")
    return name


Name = Annotated[ContactId, AfterValidator(_not_blank)]
Id = Annotated[str, Field(max_length=64)]


class DummyMessage(StrictModel):
    """One message of the script. A message of the source `owner` in a direct chat is sent to `sender`."""

    content: str
    sender: Name = "dummy-friend"
    display_name: str = ""
    group: Name | None = None
    source: Literal["user", "owner"] = "user"
    unseen: str | None = Field(default=None, description="What came with it unseen, such as `picture`.")
    kind: Annotated[MessageKind, Field(strict=False)] = MessageKind.TEXT
    details: str = Field(
        default="",
        description="What it holds beside its words, such as a poll's options; a call counts as missed where these "
        "begin with `missed`.",
    )
    id: str | None = Field(default=None, min_length=1, max_length=64, description="Names it for later messages.")
    quotes: Id | None = Field(default=None, description="The id of the message that it replies to.")
    reacts_to: Id | None = Field(default=None, description="The id of the message that it reacts to.")
    changes: Id | None = Field(
        default=None, description="The id of the message that it edits or deletes, by its kind `edit` or `deletion`."
    )
    after_seconds: float = Field(default=0, ge=0, description="Time since the message before.")

    @model_validator(mode="after")
    def _changes_by_its_kind(self) -> Self:
        if self.kind in CHANGES and not self.changes:
            raise ValueError(f"is of the kind {self.kind}: give the id of the message that it changes as `changes`")
        if self.changes and self.kind not in CHANGES:
            raise ValueError("has `changes`: give its kind as well, edit or deletion")
        return self

    @property
    def facts(self) -> MessageFacts:
        """The message's facts besides its words."""
        told = (self.quotes, self.reacts_to, self.changes)
        quotes, reacts_to, changes = (f"{ID}{pointed}" if pointed else None for pointed in told)
        return {
            "kind": self.kind,
            "details": self.details,
            "unseen": self.unseen,
            "quotes": quotes,
            "reacts_to": reacts_to,
            "changes": changes,
        }


DEFAULT_SCRIPT = [
    DummyMessage(content="Hi, are you there?", display_name="Dummy Friend"),
    DummyMessage(content="I was just at the lake, the water was lovely.", display_name="Dummy Friend", after_seconds=1),
]


@dataclass(frozen=True, slots=True)
class DeliveredMessage:
    """An answer that reached this platform."""

    recipient: str
    message: str
    message_id: str | None


class DummyProvider:
    """Plays its script once. `sent` has the last 1000 answers."""

    class Config(StrictModel):
        messages: list[DummyMessage] | None = Field(
            default=None, description="What is said, in order; left out: a short chat. [] says nothing."
        )
        rate: float | None = Field(default=None, gt=0, le=10_000, description="Makes load: messages per second.")
        count: int | None = Field(
            default=None, ge=1, le=1_000_000_000, description="Messages of load in all; left out: no end."
        )
        conversations: int = Field(
            default=1, ge=1, le=1_000_000, description="Contacts that the load comes from, in turn."
        )
        patient: bool = Field(
            default=False, description="Each contact of the load waits for an answer before saying more."
        )
        allow_group_messages: bool = False
        process_offline_messages: bool = False

        @field_validator("messages")
        @classmethod
        def _ids_are_their_own(cls, messages: list[DummyMessage] | None) -> list[DummyMessage] | None:
            places: dict[str, int] = {}
            for place, message in enumerate(messages or ()):
                if message.id is not None and (first := places.setdefault(message.id, place)) != place:
                    raise ValueError(f"name two alike: {place} has the `id` of {first}; give each its own")
            return messages

        @model_validator(mode="after")
        def _load_has_a_rate(self) -> Self:
            if self.rate is None and self.count is not None:
                raise ValueError("count needs a rate")
            return self

        @property
        def script(self) -> list[DummyMessage]:
            if self.messages is None:
                return DEFAULT_SCRIPT if self.rate is None else []
            return self.messages

    def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, UserQueue]) -> None:
        self.user_id = user_id
        self.user_queues = user_queues
        self.sent: deque[DeliveredMessage] = deque(maxlen=1000)
        self._sent_ids: set[str] = set()
        self._answered: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._config = self.Config.model_validate(config)
        self._context: ChatContext | None = None
        self._status = LinkStatus(status=LinkState.STOPPED)
        self._talk: asyncio.Task[None] | None = None

    def attach(self, context: ChatContext) -> None:
        self._context = context

    async def start_listening(self) -> None:
        if self._talk is None:
            self._talk = asyncio.create_task(self._say_everything(), name="dummy talk")
            self._become(LinkStatus(status=LinkState.CONNECTED))

    async def stop_listening(self) -> None:
        if self._talk is not None:
            talk, self._talk = self._talk, None
            talk.cancel()
            await asyncio.wait([talk])
            self._become(LinkStatus(status=LinkState.STOPPED))

    async def get_status(self) -> LinkStatus:
        return self._status

    async def sendMessage(self, recipient: str, message: str) -> None:  # noqa: N802 - the contract's name
        self._keep(DeliveredMessage(recipient, message, None))

    async def send_with_id(self, recipient: str, message: str, message_id: str) -> None:
        if message_id not in self._sent_ids:
            self._keep(DeliveredMessage(recipient, message, message_id))

    def _keep(self, sent: DeliveredMessage) -> None:
        if self._status.status is not LinkState.CONNECTED:
            raise NotConnected("the dummy is not listening")
        if len(self.sent) == self.sent.maxlen:
            self._sent_ids.discard(self.sent[0].message_id or "")
        self.sent.append(sent)
        self._sent_ids.add(sent.message_id or "")
        if self._config.patient:
            self._answered[sent.recipient].set()

    def _become(self, status: LinkStatus) -> None:
        self._status = status
        if self._context is not None:
            self._context.report(status)

    async def _say_everything(self) -> None:
        try:
            for place, message in enumerate(self._config.script, start=1):
                await asyncio.sleep(message.after_seconds)
                await self._say(message, _script_id(place, message))
            unsettled: deque[Awaitable[object]] = deque()
            async for place in _ticks(self._config.rate, self._config.count):
                sender = f"dummy-load-{place % self._config.conversations}"
                if self._config.patient and place > self._config.conversations:
                    await self._answered[sender].wait()
                    self._answered[sender].clear()
                # Awaiting each message would limit the rate to the disk's; awaiting none would fill the memory.
                if len(unsettled) == MAX_UNSETTLED:
                    await unsettled.popleft()
                message = DummyMessage(content=f"Load message {place}", sender=sender)
                unsettled.append(self._say(message, f"dummy-load-{place:06}"))
            for pending in unsettled:
                await pending
        except Exception as error:  # noqa: BLE001 - the script ends here; the status reports it
            log.exception("dummy talk ended")
            # The queue's errors describe the message; others may name hosts and paths.
            why = f": {error}" if isinstance(error, ValueError | TypeError | InvalidState) else ""
            detail = f"The script stopped: {type(error).__name__}{why.rstrip('.')}."
            self._become(LinkStatus(status=LinkState.ERROR, detail=detail))

    def _say(self, message: DummyMessage, message_id: str) -> Awaitable[object]:
        contact = Sender(message.sender, message.display_name)
        return self.user_queues[self.user_id].add_message(
            content=message.content,
            sender=Sender("dummy-owner") if message.source == "owner" else contact,
            source=message.source,
            group=Group(message.group) if message.group else None,
            message_id=message_id,
            to=contact,
            **message.facts,
        )


def _script_id(place: int, message: DummyMessage) -> str:
    """Return the same id for the same message at the same place, so that the queue recognises it after a restart."""
    if message.id is not None:
        return f"{ID}{message.id}"
    # fields that an earlier version did not have only count if they are given
    not_given = {name for name in ADDED if getattr(message, name) == DummyMessage.model_fields[name].default}
    told = message.model_dump_json(exclude=not_given)
    return f"dummy-{place:04}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


async def _ticks(rate: float | None, count: int | None) -> AsyncIterator[int]:
    """Yield 1, 2, 3, ... up to `count`, `rate` per second on average. A delay does not shift the following ones."""
    if rate is None:
        return
    clock = asyncio.get_running_loop().time
    began = clock()
    for place in itertools.count(1) if count is None else range(1, count + 1):
        await asyncio.sleep(max(0.0, began + (place - 1) / rate - clock()))
        yield place
