"""What the suite of the chat providers cannot know by itself: a config for each, and its platform's other side.

A provider without a harness of its own gets `ChatHarness`: the empty config, and nobody who talks.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from chat_providers.dummy import DummyProvider
from imposter.contracts.status import LinkState, LinkStatus
from tests.fakes.whatsapp_network import WhatsAppNetwork

HELLO = "hello from a friend"


@dataclass
class ChatHarness:
    """One platform, for one test."""

    config: dict[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    """For the provider's child processes."""
    friend: str | None = None
    """Who says HELLO when asked to; None where the platform has nobody who talks."""

    async def link(self, link: LinkStatus) -> None:
        """Called with each status that the provider reports: does what the owner would do to link the account."""

    async def say_hello(self) -> None:
        """Make `friend` say HELLO."""

    async def received(self, provider: Any) -> list[str]:
        """The texts that reached `friend`."""
        raise NotImplementedError

    # For the abilities that a platform may have:

    async def typing_seen(self) -> bool:
        """Whether `friend` sees an answer being typed."""
        raise NotImplementedError

    async def read(self) -> list[str]:
        """Ids of the friend's messages that `friend` sees marked as read."""
        raise NotImplementedError

    async def type(self, on: bool) -> None:
        """`friend` begins or ends to type."""
        raise NotImplementedError

    async def deleted(self) -> list[str]:
        """Ids of the messages that were deleted for `friend`, too."""
        raise NotImplementedError


class DummyHarness(ChatHarness):
    """Its script says it, as soon as it listens."""

    def __init__(self) -> None:
        super().__init__({"messages": [{"content": HELLO, "sender": "friend"}]}, friend="friend")

    async def received(self, provider: DummyProvider) -> list[str]:
        return [sent.message for sent in provider.sent if sent.recipient == self.friend]


class WhatsAppHarness(ChatHarness):
    ACCOUNT = "4915100000001"
    FRIEND = "4915100000002"

    def __init__(self, network: WhatsAppNetwork) -> None:
        super().__init__(environment={"NODE_OPTIONS": network.node_options}, friend=self.FRIEND)
        self._network = network
        self._scanned = False

    async def link(self, link: LinkStatus) -> None:
        if link.status is LinkState.LINKING and link.qr and not self._scanned:
            self._scanned = True
            await self._network.scan(link.qr, self.ACCOUNT)

    async def say_hello(self) -> None:
        await self._network.say(self.ACCOUNT, self.FRIEND, HELLO)

    async def received(self, provider: Any) -> list[str]:
        return [delivery.text or "" for delivery in await self._network.inbox(self.FRIEND) if not delivery.duplicate]

    async def typing_seen(self) -> bool:
        shown = await self._network.log("chatstate")
        return bool(shown) and shown[-1].facts["child"] == "composing"

    async def read(self) -> list[str]:
        receipts = await self._network.log("receipt")
        return [name for event in receipts if event.facts["type"] == "read" for name in event.facts["ids"]]

    async def type(self, on: bool) -> None:
        await self._network.type(self.ACCOUNT, self.FRIEND, "composing" if on else "paused")

    async def deleted(self) -> list[str]:
        inbox = await self._network.inbox(self.FRIEND)
        return [delivery.target or "" for delivery in inbox if delivery.kind == "revoke"]


@asynccontextmanager
async def chat_harness(name: str) -> AsyncIterator[ChatHarness]:
    match name:
        case "dummy":
            yield DummyHarness()
        case "whatsAppBaileyes":
            async with WhatsAppNetwork() as network:
                yield WhatsAppHarness(network)
        case _:
            yield ChatHarness()
