"""Messages as chance has them, over every field of WhatsApp's protobuf, from WhatsApp to the model.

`FUZZ_MESSAGES` and `FUZZ_SEED` in the environment have more of them, or the same ones again.
"""

import asyncio
import json
import os
import random
from collections.abc import Callable
from typing import Any

from tests.acceptance.product import ROOT, Product
from tests.acceptance.test_main_job import linked
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import NODE, Line, WhatsAppNetwork
from tests.house import AT_ONCE
from tests.timeouts import FACT

Phone = Callable[[], str]
FUZZER = ROOT / "chat_providers/whatsapp_baileys_server/test/helpers/fuzzed.ts"
MESSAGES = int(os.environ.get("FUZZ_MESSAGES", "1000"))
SEED = int(os.environ.get("FUZZ_SEED", random.randrange(2**31)))
ANSWERED = FACT + MESSAGES / 10
"""Seconds."""
WRITERS = 6
LONGEST = 60_000
"""Characters of JSON; what is larger has tests of its own."""


async def fuzzed() -> list[dict[str, Any]]:
    """Raw messages, as `WhatsAppNetwork.say` takes them."""
    process = await asyncio.create_subprocess_exec(
        str(NODE), str(FUZZER), str(SEED), str(MESSAGES), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return [json.loads(line) for line in output.splitlines() if len(line) < LONGEST]


async def test_nothing_that_anybody_writes_stops_anything_or_reaches_another_chat(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend, *writers = (phone() for _ in range(WRITERS + 2))
    instance_id = await linked(product, network, me, behaviour_config=AT_ONCE | {"unseen": "answer"})
    # Each has a word of their own, which nobody else is ever to be told.
    words = {writer: f"canary-of-{writer}" for writer in writers}
    for writer, word in words.items():
        await network.say(me, writer, word)
        await network.wait_inbox(writer, 1)
    said = [Line(to=me, sender=writers[at % WRITERS], raw=raw) for at, raw in enumerate(await fuzzed())]
    await network.say_all(said)
    await network.say(me, friend, "are you there?")
    answers = await network.wait_inbox(friend, 1, ANSWERED)
    assert answers[0].text == "re: are you there?"
    await product.until(lambda: queued(network, me), lambda left: left == 0)
    assert not [event for event in await network.log("nack") if event.facts["phone"] == me], SEED
    status = await product.status(instance_id)
    assert status["status"] == "connected"
    for request in model.requests:
        text = json.dumps(request.body["messages"])
        assert sum(word in text for word in words.values()) <= 1, SEED
    for writer, word in words.items():
        got = " ".join(each.text or "" for each in await network.inbox(writer))
        assert not [other for other in words.values() if other != word and other in got], SEED
    for row in await product.messages(instance_id):
        # What could not be read of an edit is answered where the owner wants that of all that is unseen.
        is_said = row["content"] or row["kind"] != "text" or row["details"] or row["unseen"]
        assert row["state"] != "answered" or is_said, SEED


async def queued(network: WhatsAppNetwork, me: str) -> int:
    """Messages that the account has not acknowledged."""
    return (await network.phones())[me].queued
