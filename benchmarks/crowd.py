"""A big group that talks all at once, and very many contacts of one bot, over WhatsApp with a model that costs no time.

Phones encrypt in threads of their own (`WhatsAppNetwork(workers=...)`), and the network's load stands beside the
server's: where both together want more than the machine has, a server on a machine of its own does better. In the group
one phone is on and reads; the server's work is the same for all of them. What waits in a chat gets one answer, so an
answer may stand for several messages: one is answered when the phone shows the answer to it, or to a later one. It is
lost if it never is.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random

from benchmarks.figures import Figure, percentile
from benchmarks.house import Stopwatch, bot, link, phone, server
from benchmarks.machine import cpu_seconds, family, memory
from tests.acceptance.product import Product
from tests.fakes.whatsapp_network import Delivery, Sent, WhatsAppNetwork

WORKERS = 2
GROUP = "120363000000000001@g.us"
MEMBERS, TALKERS = 1000, 100
"""Of the group; and those of them who write, each of whom has written before it is measured."""
GROUP_RATE, GROUP_SECONDS = 50, 30
"""Messages a second, and for how long."""
CONTACTS, AT_A_TIME = 5000, 50
"""Of the bot; and how many of them wait for their first answer at a time."""
RATE, SECONDS = 25, 60
"""Messages a second from contacts who have written before, and for how long."""
PORTION = 50
"""Phones whose keys are made in one request."""
PATIENCE = 60.0
"""Seconds without an answer after which none is waited for."""

FIRST = 300.0
"""The same for the first answer to the group, which goes out with a key for each of its members."""

ROOM = {"max_messages": 20_000, "max_characters": 1_000_000}
"""A queue_config that holds all of them; by default a queue holds ten messages, and what is over that is context."""
CONTEXT = {"max_messages": 10, "max_characters": 1000}


async def run() -> list[Figure]:
    return [*await _group(), *await _contacts()]


class House:
    """A server with one linked bot on a network, and what the two use of the machine."""

    def __init__(self, network: WhatsAppNetwork, product: Product, account: str) -> None:
        self.network = network
        self.account = account
        self._product = product

    @property
    def megabytes(self) -> float:
        return memory(*family(self._product.pid)).pss

    @property
    def used(self) -> tuple[float, float]:
        """Seconds of a core so far: of the server, of the network."""
        return sum(map(cpu_seconds, family(self._product.pid))), cpu_seconds(self.network.pid)

    async def prepare(self, phones: Sequence[str]) -> None:
        for begin in range(0, len(phones), PORTION):
            await self.network.prepare(phones[begin : begin + PORTION])

    async def say(self, sender: str, number: int, group: str | None = None) -> Sent:
        text = f"message {number}"
        if group is None:
            return await self.network.say(self.account, sender, text)
        return await self.network.say(self.account, sender, text, group=group)


@asynccontextmanager
async def _house() -> AsyncIterator[House]:
    async with WhatsAppNetwork(workers=WORKERS) as network, server({"NODE_OPTIONS": network.node_options}) as product:
        chat = {"provider_name": "whatsAppBaileyes", "provider_config": {"allow_group_messages": True}}
        _, account = await link(product, network, bot("crowd", chat, queue_config=ROOM, context_config=CONTEXT))
        yield House(network, product, account)


async def _measured(what: str, house: House, talk: Callable[[], Awaitable[Sequence[float | None]]]) -> list[Figure]:
    """`talk` gives the milliseconds until each message was answered, None for one that never was."""
    before, watch = house.used, Stopwatch()
    waits = await talk()
    seconds, after = watch.seconds, house.used
    answered = [wait for wait in waits if wait is not None]
    by_server, by_network = (now - then for now, then in zip(after, before, strict=True))
    return [
        Figure(f"{what}: answered a second", "messages/s", [len(answered) / seconds]),
        Figure(f"{what}: until answered", "ms", answered),
        Figure(f"{what}: until answered, p99", "ms", [percentile(answered, 99)]),
        Figure(f"{what}: lost of {len(waits):,}", "", [len(waits) - len(answered)], target="0"),
        Figure(f"{what}: cores that the server used", "", [by_server / seconds]),
        Figure(f"{what}: cores that the network used", "", [by_network / seconds]),
        Figure(f"{what}: memory of the server afterwards, PSS", "MB", [house.megabytes]),
    ]


async def _steadily(rate: int, seconds: int, each: Callable[[int], Awaitable[None]]) -> None:
    """Begin `each` with 0, 1, 2 and so on, so many a second, whether or not those before have ended."""
    watch = Stopwatch()
    async with asyncio.TaskGroup() as tasks:
        for number in range(rate * seconds):
            await asyncio.sleep(number / rate - watch.seconds)
            tasks.create_task(_coroutine(each(number)), name=f"message {number}")


async def _coroutine(awaited: Awaitable[None]) -> None:
    await awaited


# A group


async def _group() -> list[Figure]:
    members = [phone() for _ in range(MEMBERS - 1)]
    reader = members[0]
    async with _house() as house:
        await house.prepare(members)
        await house.network.make_group(GROUP, "Everybody", [house.account, *members], readers=[reader])
        said = await house.say(reader, 0, GROUP)
        [first] = await house.network.wait_inbox(reader, 1, FIRST)
        for number in range(1, TALKERS):
            await house.say(members[number], number, GROUP)
        heard = await _until_answered(house, reader, TALKERS - 1, 0)

        async def talk() -> list[float | None]:
            sent: dict[int, Sent] = {}

            async def each(number: int) -> None:
                sent[number] = await house.say(members[number % TALKERS], TALKERS + number, GROUP)

            await _steadily(GROUP_RATE, GROUP_SECONDS, each)
            # Many write side by side: what counts is in which order WhatsApp handed them over.
            order = {TALKERS + number: place for place, number in enumerate(sorted(sent, key=lambda n: sent[n].at))}
            answers = await _until_answered(house, reader, len(sent) - 1, len(heard), order)
            return [_wait(sent[number], order[TALKERS + number], answers, order) for number in sent]

        figures = await _measured(f"group of {MEMBERS:,}, {GROUP_RATE} a second", house, talk)
        inbox = await house.network.wait_inbox(reader, 1)
    return [
        Figure(f"first answer to a group of {MEMBERS:,}", "s", [first.at - said.at]),
        *figures,
        Figure(f"group of {MEMBERS:,}: answers that it was given to these", "", [len(inbox) - len(heard)]),
    ]


async def _until_answered(
    house: House, reader: str, place: int, heard: int, order: Mapping[int, int] | None = None
) -> list[Delivery]:
    """What the phone shows beyond the first `heard`, once the message in this place, or a later one, is answered.

    Without an `order` messages stand in that of their numbers. Ends as well when nothing comes for a long time.
    """
    inbox: list[Delivery] = []
    while not inbox or max(_place(answer, order) for answer in inbox[heard:]) < place:
        try:
            inbox = await house.network.wait_inbox(reader, max(len(inbox), heard) + 1, PATIENCE)
        except TimeoutError:
            break
    return inbox[heard:]


def _place(answer: Delivery, order: Mapping[int, int] | None) -> int:
    number = _number(answer)
    return number if order is None else order[number]


def _number(answer: Delivery) -> int:
    """Of the message that it echoes."""
    found = re.search(r"message (\d+)", answer.text or "")
    assert found, answer
    return int(found[1])


def _wait(sent: Sent, place: int, answers: Sequence[Delivery], order: Mapping[int, int]) -> float | None:
    return next(((answer.at - sent.at) * 1000 for answer in answers if order[_number(answer)] >= place), None)


# Many contacts


async def _contacts() -> list[Figure]:
    contacts = [phone() for _ in range(CONTACTS)]
    async with _house() as house:
        await house.prepare(contacts)
        empty = house.megabytes
        turns = asyncio.Semaphore(AT_A_TIME)

        async def ask(contact: str, number: int, inbox: int) -> float | None:
            sent = await house.say(contact, number)
            try:
                answers = await house.network.wait_inbox(contact, inbox, PATIENCE)
            except TimeoutError:
                return None
            return (answers[inbox - 1].at - sent.at) * 1000

        async def introduce(contact: str) -> float | None:
            async with turns:
                return await ask(contact, 1, 1)

        async def meet() -> Sequence[float | None]:
            return await asyncio.gather(*map(introduce, contacts))

        async def talk() -> list[float | None]:
            known = Random(1).sample(contacts, RATE * SECONDS)
            waits: list[float | None] = []

            async def each(number: int) -> None:
                waits.append(await ask(known[number], 2, 2))

            await _steadily(RATE, SECONDS, each)
            return waits

        return [
            Figure("one bot with a linked account: memory of the server, PSS", "MB", [empty]),
            *await _measured(f"{CONTACTS:,} new contacts, {AT_A_TIME} at a time", house, meet),
            *await _measured(f"{CONTACTS:,} known contacts, {RATE} a second", house, talk),
        ]
