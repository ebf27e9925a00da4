"""How long a server takes to be there again after WhatsApp kept many messages for an account.

From the account's login until the bot is connected, which it is when all of that is stored: messages of a group that
the bot does not answer in, by several members. Before that, as many live, as fast as the fake phones can encrypt.
"""

import time

from benchmarks.figures import Figure
from benchmarks.house import Stopwatch, link, phone, server, until, whatsapp_bot
from tests.fakes.whatsapp_network import Line, WhatsAppNetwork

MESSAGES = 1_500
MEMBERS = 60
"""A phone of the fake network leaves out every second key of its own, of which real ones leave out none, and Baileys
keeps those: with many messages by each, these would be most of what is measured."""


async def run() -> list[Figure]:
    async with WhatsAppNetwork() as network, server({"NODE_OPTIONS": network.node_options}) as product:
        instance_id, me = await link(product, network, whatsapp_bot("away"))
        members = [phone() for _ in range(MEMBERS)]
        group = f"{me}@g.us"
        await network.make_group(group, "many words", [me, *members])

        def lines(what: str) -> list[Line]:
            who = (members[number % MEMBERS] for number in range(MESSAGES))
            return [Line(to=me, sender=each, group=group, text=f"{what} {n}") for n, each in enumerate(who)]

        async def kept() -> int:
            return (await network.phones())[me].queued

        watch = Stopwatch()
        await network.say_all(lines("live"))
        await until(kept, lambda queued: queued == 0)
        live = MESSAGES / watch.seconds

        await product.stop()
        await network.say_all(lines("kept"))
        logins = (await network.phones())[me].logins
        await product.start()
        [login] = await network.wait_log("login", phone=me, logins=logins + 1)
        await until(lambda: product.status(instance_id), lambda status: status["status"] == "connected")
        back = time.time() - login.at
        await until(kept, lambda queued: queued == 0)
        done = time.time() - login.at
    return [
        Figure(f"back after {MESSAGES} messages, from the login", "s", [back], target="5"),
        Figure(f"all {MESSAGES} confirmed, from the login", "s", [done], target="5"),
        Figure("group messages taken live", "messages/s", [live]),
    ]
