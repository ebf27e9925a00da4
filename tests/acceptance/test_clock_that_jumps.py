"""The machine's clock is set wrong while the server runs, and set right again."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.acceptance.product import Product, running
from tests.acceptance.test_main_job import linked
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork

FALSE_CLOCK = Path(__file__).parents[1] / "cluster" / "false_clock"
DAY = 86_400

Phone = Callable[[], str]
SetClock = Callable[[int], object]


@pytest.fixture
def set_clock(tmp_path: Path) -> SetClock:
    """Sets the clock of the product and its helper so many seconds ahead."""
    place = tmp_path / "ahead"

    def write(seconds: int) -> None:
        fresh = place.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(place)

    write(0)
    return write


@pytest.fixture
async def product(tmp_path: Path, environment: dict[str, str], set_clock: SetClock) -> AsyncIterator[Product]:
    place = tmp_path / "ahead"
    preload = f"--import {(FALSE_CLOCK / 'preload.mjs').as_uri()}?seconds={place}"
    clock = {"PYTHONPATH": str(FALSE_CLOCK), "FALSE_CLOCK": str(place)}
    options = {"NODE_OPTIONS": f"{environment['NODE_OPTIONS']} {preload}", "IMPOSTER_KEEP_DAYS": "1"}
    async with running(tmp_path, environment | clock | options) as product:
        yield product


@pytest.mark.parametrize("jump", [DAY, 3 * DAY, -DAY])
async def test_a_jump_loses_no_message_and_answers_none_twice(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone, set_clock: SetClock, jump: int
) -> None:
    me = phone()
    friends = [phone() for _ in range(4)]
    instance_id = await linked(product, network, me)
    await network.say(me, friends[0], "before", id="BEFORE00001")
    await network.wait_inbox(friends[0], 1)
    model.hang()
    for friend in friends:
        await network.say(me, friend, "meanwhile")
    await product.until(lambda: product.messages(instance_id), lambda rows: len(rows) == len(friends) + 2)
    set_clock(jump)
    await jumped(product, jump)
    for friend in friends:
        await network.say(me, friend, "after the jump")
    await network.drop(me)
    await network.wait_log("login", phone=me, count=3, timeout=30)
    await product.until_status(instance_id, "connected")
    model.release()
    for friend in friends:
        await until_answered(network, friend, "after the jump")
    set_clock(0)
    await jumped(product, 0)
    await network.say(me, friends[0], "before", id="BEFORE00001")
    await network.say(me, friends[0], "set right")
    await until_answered(network, friends[0], "set right")
    rows = await product.messages(instance_id)
    assert [row["reason"] for row in rows if row["reason"]] == []
    assert len({row["sent_at"][:13] for row in rows}) <= 2, "all of one hour"
    texts = [answer.text for answer in await network.inbox(friends[0])]
    assert texts.count("re: before") == 1
    assert product.output.read_text().count("this machine's clock jumped") == 1


async def jumped(product: Product, seconds: int) -> None:
    """Returns when an operator would see it."""

    async def told() -> int:
        figures = (await product.api.get("/metrics")).text
        [line] = [line for line in figures.splitlines() if line.startswith("imposter_clock_jump_seconds ")]
        return round(float(line.split()[1]))

    await product.until(told, lambda found: abs(found - seconds) <= 1)


async def until_answered(network: WhatsAppNetwork, friend: str, words: str) -> None:
    while not any(words in answer.text for answer in await network.inbox(friend)):
        count = len(await network.inbox(friend)) + 1
        await network.wait_inbox(friend, count, timeout=30)
