"""What accounts that are linked and idle take: bare Baileys and the product's Node process, and Python's side of it.

An account's price is the slope from 1 to 101 accounts, all of them in one Node process. V8 keeps garbage until it needs
the room: what is measured is resident memory after a quiet while, the median of a few looks.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.figures import Figure
from benchmarks.house import OPENAI_MODEL, link, model_environment, model_server, phone, server, whatsapp_bot
from benchmarks.machine import Memory, children, memory
from chat_providers._whatsapp.sidecar import NODE_FLAGS
from tests.fakes.bare_client import BareClient
from tests.fakes.whatsapp_network import WhatsAppNetwork

MORE = 100
SETTLE_SECONDS = 9.0
LOOKS = 3


@dataclass(frozen=True, slots=True)
class Growth:
    """One process with one account, and with 100 more."""

    one: float
    many: float

    @property
    def slope(self) -> float:
        """MB for one account more."""
        return (self.many - self.one) / MORE


async def run() -> list[Figure]:
    async with WhatsAppNetwork() as network:
        plain = await _bare(network, ())
        flagged = await _bare(network, NODE_FLAGS)
        node, python, whole = await _product(network)
    return [
        Figure("Node, one account more", "MB", [node.slope], [flagged.slope], "at most 1.5 x", "bare, same flags"),
        Figure("Node, one account more", "MB", [node.slope], [plain.slope], "", "bare, Node's defaults"),
        Figure("Python, one account more", "MB", [python.slope]),
        Figure("Node, one account", "MB", [node.one], [flagged.one], "", "bare, same flags"),
        Figure("Node, one account", "MB", [node.one], [plain.one], "", "bare, Node's defaults"),
        Figure("Python, one account that has answered by openAi", "MB", [python.one]),
        Figure("both, one account, RSS summed", "MB", [whole.rss], [], "under 200"),
        Figure("both, one account, PSS", "MB", [whole.pss]),
        Figure(
            "both, 101 accounts, RSS summed", "MB", [node.many + python.many], [flagged.many], "", "bare, same flags"
        ),
    ]


async def _bare(network: WhatsAppNetwork, flags: Sequence[str]) -> Growth:
    rss = []
    for accounts in (1, 1 + MORE):
        async with BareClient(network, accounts, flags=flags) as bare:
            for account in range(accounts):
                [offer] = await bare.wait("qr", account, timeout=60)
                await network.scan(offer["qr"], phone())
                await bare.wait("open", account, timeout=60)
            rss.append((await _settled(bare.pid)).rss)
    return Growth(*rss)


async def _product(network: WhatsAppNetwork) -> tuple[Growth, Growth, Memory]:
    """Node's growth, Python's, and both together with one account."""
    async with (
        model_server() as base_url,
        server(
            {
                "NODE_OPTIONS": network.node_options,
                "IMPOSTER_ACCOUNTS_PER_PROCESS": str(1 + MORE),
                **model_environment(base_url),
            }
        ) as product,
    ):
        _, account = await link(product, network, whatsapp_bot("bot 0", OPENAI_MODEL))
        friend = phone()
        await network.say(account, friend, "hello")
        await network.wait_inbox(friend, 1)
        python, [node] = product.pid, children(product.pid)
        whole = await _settled(python, node)
        one = memory(python).rss, memory(node).rss
        for number in range(1, 1 + MORE):
            await link(product, network, whatsapp_bot(f"bot {number}", OPENAI_MODEL))
        await _settled(python, node)
        many = memory(python).rss, memory(node).rss
    return Growth(one[1], many[1]), Growth(one[0], many[0]), whole


async def _settled(*pids: int) -> Memory:
    await asyncio.sleep(SETTLE_SECONDS)
    looks = []
    for _ in range(LOOKS):
        looks.append(memory(*pids))
        await asyncio.sleep(1)
    return Memory(median(look.rss for look in looks), median(look.pss for look in looks))
