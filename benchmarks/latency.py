"""The time that one answer takes over WhatsApp when the model answers at once: bare Baileys, and the product.

From the moment that WhatsApp's server has handed the message to the account's connection until it has the answer;
decrypting, encrypting and, for the product, every commit are in it. One message at a time, the three in turn, so that
whatever else the machine does meets all of them. A known contact has written before; a new one never has: their first
message brings the keys of a session that is to be begun, and the answer may need some of theirs.
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
from chat_providers._whatsapp.sidecar import NODE_FLAGS
from tests.fakes.bare_client import BareClient
from tests.fakes.whatsapp_network import WhatsAppNetwork

MESSAGES = 150
NEW = 50
"""First messages, each of a phone of its own."""
WARM_UP = 15
TARGET = "at most 2.5 x"


class Friend:
    """A contact who talks to one account."""

    def __init__(self, network: WhatsAppNetwork, account: str) -> None:
        self._network = network
        self.account = account
        self._phone = phone()
        self._told: Iterator[int] = count(1)

    async def ask(self) -> float:
        """Milliseconds until the answer."""
        number = next(self._told)
        sent = await self._network.say(self.account, self._phone, f"message {number}")
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
        first = [[await Friend(network, friend.account).ask() for friend in friends] for _ in range(WARM_UP + NEW)]
    floor, fake, openai = map(list, zip(*rounds[WARM_UP:], strict=True))
    new_floor, new_fake, new_openai = map(list, zip(*first[WARM_UP:], strict=True))
    note = "bare Baileys"
    return [
        Figure("answer over WhatsApp, known contact, fakeLlm", "ms", fake, floor, TARGET, note),
        Figure("answer over WhatsApp, known contact, openAi", "ms", openai, floor, TARGET, note),
        Figure("answer over WhatsApp, new contact, fakeLlm", "ms", new_fake, new_floor, TARGET, note),
        Figure("answer over WhatsApp, new contact, openAi", "ms", new_openai, new_floor, TARGET, note),
    ]
