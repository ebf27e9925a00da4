"""How long an owner waits for the QR code, and after scanning it for the link."""

from benchmarks.figures import Figure
from benchmarks.house import Stopwatch, phone, server, until, whatsapp_bot
from tests.acceptance.product import Product
from tests.fakes.bare_client import BareClient
from tests.fakes.whatsapp_network import WhatsAppNetwork

ACCOUNTS = 15
STARTS = 5

Waits = tuple[float, float]
"""Seconds until the QR code is shown, and from its scan until the account is linked."""


async def run() -> list[Figure]:
    async with WhatsAppNetwork() as network, server({"NODE_OPTIONS": network.node_options}) as product:
        [(first, _), *more] = [await _link(product, network, f"bot {number}") for number in range(1 + ACCOUNTS)]
        bare = [await _link_bare(network) for _ in range(STARTS)]
    shown, linked = [wait for wait, _ in more], [wait for _, wait in more]
    bare_shown, bare_linked = [wait for wait, _ in bare], [wait for _, wait in bare]
    return [
        Figure("QR code after PUT, first account (Node starts)", "s", [first], bare_shown, "", "bare Baileys, too"),
        Figure("QR code after PUT, further accounts", "s", shown, [], "0.5"),
        Figure("connected after the scan", "s", linked, bare_linked, "1", "bare Baileys"),
    ]


async def _link(product: Product, network: WhatsAppNetwork, user_id: str) -> Waits:
    watch = Stopwatch()
    [instance_id] = await product.put(whatsapp_bot(user_id))
    status = await until(lambda: product.status(instance_id), lambda status: bool(status.get("qr")))
    shown = watch.seconds
    watch = Stopwatch()
    await network.scan(status["qr"], phone())
    await until(lambda: product.status(instance_id), lambda status: status["status"] == "connected")
    return shown, watch.seconds


async def _link_bare(network: WhatsAppNetwork) -> Waits:
    watch = Stopwatch()
    async with BareClient(network) as bare:
        [offer] = await bare.wait("qr")
        shown = watch.seconds
        watch = Stopwatch()
        await network.scan(offer["qr"], phone())
        await bare.wait("open")
        return shown, watch.seconds
