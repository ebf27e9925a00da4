"""Another product, BuilderBot, beside bare Baileys and this one, as echoes on the same network in the same run.

Bare Baileys keeps everything in memory. BuilderBot keeps credentials and keys in files, written without a flush, and
what was said in memory (`MemoryDB`, with which its own templates begin). The product keeps all of it durable before
it answers. The three take turns, so that whatever else the machine does meets all of them.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks import builder_bot
from benchmarks.builder_bot import BuilderBot
from benchmarks.figures import Figure
from benchmarks.house import PATIENCE, Stopwatch, link, phone, server, until, whatsapp_bot
from benchmarks.latency import Friend
from benchmarks.machine import family, memory
from chat_providers._whatsapp.sidecar import NODE_FLAGS
from tests.acceptance.product import Product
from tests.fakes.bare_client import BareClient
from tests.fakes.whatsapp_network import Line, WhatsAppNetwork

LINKS = 5
KNOWN, WARM_UP = 150, 15
NEW = 100
CROWD = 100
"""Contacts who have written before and then write at once, one message each."""
BURSTS, FIRST_BURSTS = 5, 2
"""Sessions begin in the first, and the network's own code gets fast."""
ROOM = {"max_messages": 1000, "max_characters": 100_000}
"""A queue_config for all of them at once: by default a queue holds ten messages, and what is over that is context."""
LONGEST, MOMENT = 60.0, 0.1
"""Seconds: for a burst, and for whoever of it is looked at after that."""
PAUSE = 0.1
"""Seconds after each handshake: the Baileys that BuilderBot brings loses what comes at once, as on no real network."""
FLOOR = "bare Baileys"

Rounds = Sequence[tuple[float, float, float]]
"""Of bare Baileys, BuilderBot and the product."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who answers: their phone, and the processes that it takes."""

    account: str
    processes: Callable[[], Sequence[int]]


async def run() -> list[Figure]:
    async with WhatsAppNetwork(pause=PAUSE) as network:
        linked = await _links(network)
        async with _parties(network) as parties:
            friends = [Friend(network, party.account) for party in parties]
            known = [tuple([await friend.ask() for friend in friends]) for _ in range(WARM_UP + KNOWN)][WARM_UP:]
            new = [tuple([await Friend(network, party.account).ask() for party in parties]) for _ in range(NEW)]
            crowds = [Crowd(network, party.account) for party in parties]
            rates = [tuple([await crowd.burst() for crowd in crowds]) for _ in range(FIRST_BURSTS + BURSTS)]
            held = tuple(memory(*party.processes()).pss for party in parties)
    lost = ", ".join(str(crowd.lost) for crowd in crowds)
    return [
        *_beside("linked after the scan", "s", linked),
        *_beside("answer, known contact", "ms", known),
        *_beside("answer, new contact", "ms", new),
        *_beside(
            f"answers a second, {CROWD} known contacts at once (lost by the three: {lost})",
            "messages/s",
            rates[FIRST_BURSTS:],
        ),
        *_beside("memory of all its processes after that, PSS", "MB", [held]),
    ]


def _beside(what: str, unit: str, rounds: Sequence[tuple[float, ...]]) -> list[Figure]:
    floor, peer, product = map(list, zip(*rounds, strict=True))
    return [
        Figure(what, unit, product, floor, note=FLOOR),
        Figure(what, unit, product, peer, note=builder_bot.version()),
    ]


@asynccontextmanager
async def _parties(network: WhatsAppNetwork) -> AsyncIterator[list[Party]]:
    """All three, linked."""
    async with (
        BareClient(network, flags=NODE_FLAGS) as bare,
        BuilderBot(network) as peer,
        server({"NODE_OPTIONS": network.node_options}) as product,
    ):
        bare_phone, peer_phone = phone(), phone()
        [offer] = await bare.wait("qr", timeout=PATIENCE)
        await network.scan(offer["qr"], bare_phone)
        await bare.wait("open", timeout=PATIENCE)
        await network.scan((await peer.wait("qr"))["qr"], peer_phone)
        await peer.wait("open")
        _, product_phone = await link(product, network, whatsapp_bot("echo", queue_config=ROOM))
        yield [
            Party(bare_phone, lambda: family(bare.pid)),
            Party(peer_phone, lambda: family(peer.pid)),
            Party(product_phone, lambda: family(product.pid)),
        ]


class Crowd:
    """Contacts of one account."""

    def __init__(self, network: WhatsAppNetwork, account: str) -> None:
        self._network = network
        self._account = account
        self._heard = {phone(): 0 for _ in range(CROWD)}
        self._bursts = 0
        self.lost = 0
        """Messages without an answer."""

    async def burst(self) -> float:
        """All write at once. Answers a second, from the first message until the last answer."""
        self._bursts += 1
        lines = [Line(to=self._account, sender=each, text=f"message {self._bursts}") for each in self._heard]
        sent, watch = await self._network.say_all(lines), Stopwatch()
        answered: list[float] = []
        for each, heard in self._heard.items():
            try:
                inbox = await self._network.wait_inbox(each, heard + 1, max(MOMENT, LONGEST - watch.seconds))
            except TimeoutError:
                self.lost += 1
                continue
            self._heard[each] = len(inbox)
            answered.append(inbox[-1].at)
        return len(answered) / (max(answered) - min(each.at for each in sent)) if answered else 0.0


# Linking


async def _links(network: WhatsAppNetwork) -> Rounds:
    """Seconds from the scan until it calls itself linked; each time a new account."""
    async with server({"NODE_OPTIONS": network.node_options}) as product:
        return [
            (await _link_bare(network), await _link_peer(network), await _link(product, network, f"bot {number}"))
            for number in range(LINKS)
        ]


async def _link_bare(network: WhatsAppNetwork) -> float:
    async with BareClient(network, flags=NODE_FLAGS) as bare:
        [offer] = await bare.wait("qr", timeout=PATIENCE)
        watch = Stopwatch()
        await network.scan(offer["qr"], phone())
        await bare.wait("open", timeout=PATIENCE)
        return watch.seconds


async def _link_peer(network: WhatsAppNetwork) -> float:
    async with BuilderBot(network) as peer:
        offer = await peer.wait("qr")
        watch = Stopwatch()
        await network.scan(offer["qr"], phone())
        await peer.wait("open")
        return watch.seconds


async def _link(product: Product, network: WhatsAppNetwork, user_id: str) -> float:
    [instance_id] = await product.put(whatsapp_bot(user_id))
    qr = await product.qr(instance_id)
    watch = Stopwatch()
    await network.scan(qr, phone())
    await until(lambda: product.status(instance_id), lambda status: status["status"] == "connected")
    return watch.seconds
