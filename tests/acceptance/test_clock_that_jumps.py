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
    await is_noticed(product, 1)
    for friend in friends:
        await network.say(me, friend, "after the jump")
    await network.drop(me)
    await network.wait_log("login", phone=me, count=2)
    await product.until_status(instance_id, "connected")
    model.release()
    for friend in friends:
        await until_answered(product, network, friend, "after the jump")
    set_clock(0)
    await is_noticed(product, 2)
    await network.say(me, friends[0], "before", id="BEFORE00001")
    await network.say(me, friends[0], "set right")
    await until_answered(product, network, friends[0], "set right")
    rows = await product.messages(instance_id)
    assert [row["reason"] for row in rows if row["reason"]] == []
    assert len({row["sent_at"][:13] for row in rows}) <= 2, "all of one hour"
    texts = [answer.text for answer in await network.inbox(friends[0])]
    assert texts.count("re: before") == 1


async def is_noticed(product: Product, times: int) -> None:
    """Returns when the log has told so often what became of the clock."""

    async def told() -> int:
        return product.output.read_text().count("this machine's clock")

    await product.until(told, lambda found: found >= times)


async def until_answered(product: Product, network: WhatsAppNetwork, friend: str, words: str) -> None:
    await product.until(lambda: network.inbox(friend), lambda inbox: any(words in answer.text for answer in inbox))
