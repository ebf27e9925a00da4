"""The time that one answer takes over WhatsApp when the model answers at once: bare Baileys, and the product.

From the moment that WhatsApp's server has handed the message to the account's connection until it has the answer;
decrypting, encrypting and, for the product, every commit are in it. One message at a time, the three in turn, so that
whatever else the machine does meets all of them. Each contact has written before.
"""

from collections.abc import Iterator
from itertools import count

from benchmarks.figures import Figure
from benchmarks.house import (
    FAKE_MODEL,
    OPENAI_MODEL,
    link,
    model_environment,
    model_server,
    phone,
    server,
    whatsapp_bot,
)
from chat_providers._whatsapp_sidecar import NODE_FLAGS
from tests.fakes.bare_client import BareClient
from tests.fakes.whatsapp_network import WhatsAppNetwork

MESSAGES = 150
WARM_UP = 15
TARGET = "at most 2.5 x"


class Friend:
    """A contact who talks to one account."""

    def __init__(self, network: WhatsAppNetwork, account: str) -> None:
        self._network = network
        self._account = account
        self._phone = phone()
        self._told: Iterator[int] = count(1)

    async def ask(self) -> float:
        """Milliseconds until the answer."""
        number = next(self._told)
        sent = await self._network.say(self._account, self._phone, f"message {number}")
        inbox = await self._network.wait_inbox(self._phone, number)
        return (inbox[-1].at - sent.at) * 1000


async def run() -> list[Figure]:
    async with (
        WhatsAppNetwork() as network,
        model_server() as base_url,
        BareClient(network, flags=NODE_FLAGS) as bare,
        server({"NODE_OPTIONS": network.node_options, **model_environment(base_url)}) as product,
    ):
        [offer] = await bare.wait("qr")
        bare_phone = phone()
        await network.scan(offer["qr"], bare_phone)
        await bare.wait("open")
        _, fake_phone = await link(product, network, whatsapp_bot("fake", FAKE_MODEL))
        _, openai_phone = await link(product, network, whatsapp_bot("openai", OPENAI_MODEL))
        friends = [Friend(network, account) for account in (bare_phone, fake_phone, openai_phone)]
        rounds = [[await friend.ask() for friend in friends] for _ in range(WARM_UP + MESSAGES)]
    floor, fake, openai = map(list, zip(*rounds[WARM_UP:], strict=True))
    note = "bare Baileys"
    return [
        Figure("answer over WhatsApp, known contact, fakeLlm", "ms", fake, floor, TARGET, note),
        Figure("answer over WhatsApp, known contact, openAi", "ms", openai, floor, TARGET, note),
    ]
