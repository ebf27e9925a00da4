"""What the checks of the chat providers cannot know by themselves: a config for each, and its platform's other side.

A provider without a harness of its own gets the empty config, and nobody who talks. With the kit:
`python -m imposter.testing chat_providers/dummy.py --harness tests/contract/chat_harnesses.py`.
"""

from typing import Any

from chat_providers.dummy import DummyProvider
from imposter.contracts.status import LinkState, LinkStatus
from imposter.testing import HELLO, ChatHarness
from tests.fakes.whatsapp_network import WhatsAppNetwork


class DummyHarness(ChatHarness):
    """Its script says it, as soon as it listens."""

    provider = "dummy"

    def __init__(self) -> None:
        super().__init__({"messages": [{"content": HELLO, "sender": "friend"}]}, friend="friend")

    async def received(self, provider: DummyProvider) -> list[str]:
        return [sent.message for sent in provider.sent if sent.recipient == self.friend]


class WhatsAppHarness(ChatHarness):
    """An account on a fake network, and a friend of its owner's."""

    provider = "whatsAppBaileyes"
    ACCOUNT = "4915100000001"
    FRIEND = "4915100000002"

    def __init__(self) -> None:
        super().__init__(friend=self.FRIEND)
        self._scanned = False

    async def open(self) -> None:
        self._network = await self.opened.enter_async_context(WhatsAppNetwork())
        self.environment = {"NODE_OPTIONS": self._network.node_options}

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
