"""What lies outside the server and outlives it: phones, a chat platform and a model, held in a test's hand."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import count
from typing import Any

from imposter.contracts.errors import (
    DeliveryUncertain,
    ModelError,
    ModelRefused,
    ModelUnavailable,
    NotConnected,
    Refused,
)
from imposter.contracts.messages import Sender, Source, Turn
from imposter.contracts.status import LinkState, LinkStatus
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from tests.house import Platform


class Fate(Enum):
    """What becomes of a send."""

    REFUSED = auto()
    LOST = auto()
    """Nobody knows, and it did not arrive."""
    UNKNOWN = auto()
    """Nobody knows, and it did arrive."""


MODEL_TROUBLE: tuple[type[ModelError], ...] = (ModelRefused, ModelUnavailable)


@dataclass
class Outside:
    """One bot's world."""

    phones: dict[str, dict[str, str]] = field(default_factory=dict)
    """By contact: the texts that it shows by their ids, in the order in which they came."""
    handed_over: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Recipient and text of every id that was ever tried."""
    fates: list[Fate] = field(default_factory=list)
    """Of the next sends, one each."""
    model_trouble: list[type[ModelError]] = field(default_factory=list)
    """Of the next requests, one each."""
    connected: bool = True
    sending: asyncio.Event | None = None
    """A send in the making waits for it."""
    thinking: asyncio.Event | None = None
    """So does the model."""
    only: frozenset[str] | None = None
    """The only ids that may be sent now."""
    wrong: list[str] = field(default_factory=list)
    """What must never happen and did. To raise would not do: a server takes whatever its providers raise."""
    platform: "OutsidePlatform | None" = None
    answers: "count[int]" = field(default_factory=lambda: count(1))

    def release(self) -> None:
        """Whatever hangs goes on."""
        for gate in (self.sending, self.thinking):
            if gate is not None:
                gate.set()
        self.sending = self.thinking = None

    def heal(self) -> None:
        self.release()
        self.fates.clear()
        self.model_trouble.clear()
        self.connected = True

    def try_to_send(self, recipient: str, text: str, message_id: str) -> None:
        before = self.handed_over.setdefault(message_id, (recipient, text))
        if before != (recipient, text):
            self.wrong.append(f"{message_id} was {before}, now it is {(recipient, text)}")
        if self.only is not None and message_id not in self.only:
            self.wrong.append(f"a run that was replaced sends {text!r}, an answer of its own")

    def deliver(self, recipient: str, text: str, message_id: str) -> None:
        self.phones.setdefault(recipient, {}).setdefault(message_id, text)

    def files(self) -> list[ProviderFile]:
        """The drop-ins `outside`, as a house takes them."""
        chat = type("Chat", (OutsidePlatform,), {"outside": self})
        model = type("Model", (OutsideModel,), {"outside": self})
        return [
            ProviderFile(ProviderKind.CHAT, "outside", provider=chat),
            ProviderFile(ProviderKind.MODEL, "outside", provider=model),
        ]


class OutsidePlatform(Platform):
    outside: Outside

    def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None:
        super().__init__(user_id, config, user_queues)
        self.outside.platform = self

    async def send_with_id(self, recipient: str, message: str, message_id: str) -> None:
        outside = self.outside
        if not outside.connected:
            raise NotConnected
        outside.try_to_send(recipient, message, message_id)
        if outside.sending is not None:
            await outside.sending.wait()
        fate = outside.fates.pop(0) if outside.fates else None
        if fate is Fate.REFUSED:
            raise Refused
        if fate is not Fate.LOST:
            outside.deliver(recipient, message, message_id)
        if fate is not None:
            raise DeliveryUncertain

    async def overhear(self, contact: str, text: str, message_id: str) -> None:
        """The owner writes to the contact on the phone."""
        await self.queue.add_message(text, Sender("me"), Source.OWNER, to=Sender(contact), message_id=message_id)

    def reconnect(self) -> None:
        self.context.report(LinkStatus(status=LinkState.CONNECTED))


class OutsideModel:
    """Never gives the same answer twice. The words of a contact begin with its name."""

    outside: Outside

    def __init__(self, user_id: str, config: dict[str, Any]) -> None:
        pass

    async def reply(self, turns: Sequence[Turn]) -> str:
        whose = {turn.content.split()[0] for turn in turns if turn.source is not Source.BOT}
        if len(whose) != 1:
            self.outside.wrong.append(f"one prompt for the words of {whose}")
        if self.outside.thinking is not None:
            await self.outside.thinking.wait()
        if self.outside.model_trouble:
            raise self.outside.model_trouble.pop(0)
        return f"answer {next(self.outside.answers)}"
