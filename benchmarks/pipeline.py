"""Messages that a server answers in a second and per core, without a platform: `dummy` says them all at once.

Everything else is as in production: rules, context, every commit on disk, the outbox. The floor is what the Store alone
takes to add, take, answer and tick off a message.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.figures import Figure
from benchmarks.house import (
    FAKE_MODEL,
    OPENAI_MODEL,
    Stopwatch,
    dummy_bot,
    folder,
    model_environment,
    model_server,
    server,
    until,
)
from benchmarks.machine import cpu_seconds
from imposter.clock import SystemClock
from imposter.contracts.config import Limits
from imposter.contracts.messages import Message, Sender, Source
from imposter.domain.claims import Claim
from imposter.domain.deliveries import Part
from imposter.domain.messages import MessageState, Verdict, Work
from imposter.secrets import Cipher
from imposter.storage import Store, open_store
from tests.acceptance.product import Product

MESSAGES = 3000
CONVERSATIONS = 50
WARM_UP = 50
"""Messages. Some things are loaded at first use."""
ROUNDS = 3
RATE = 10_000
LOOK_EVERY = 0.05
ROOM = {"max_messages": 100_000, "max_characters": 10_000_000}
CONTEXT = {"max_messages": 10, "max_characters": 1000}

Round = tuple[float, float]
"""Messages in a second, and in a second of CPU."""


async def run() -> list[Figure]:
    floor = _columns([await _store_alone() for _ in range(ROUNDS)])
    fake = _columns([await _product(FAKE_MODEL) for _ in range(ROUNDS)])
    openai = _columns([await _product(OPENAI_MODEL) for _ in range(ROUNDS)])
    unit, note = "messages/s", "Store alone"
    return [
        Figure("pipeline, fakeLlm, a second", unit, fake[0], floor[0], "", note),
        Figure("pipeline, fakeLlm, a second and core", unit, fake[1], floor[1], "300", note),
        Figure("pipeline, openAi, a second", unit, openai[0], floor[0], "", note),
        Figure("pipeline, openAi, a second and core", unit, openai[1], floor[1], "300", note),
    ]


async def _product(model: Mapping[str, Any]) -> Round:
    async with model_server() as base_url, server(model_environment(base_url)) as product:
        await _answer_all(product, "warm-up", model, WARM_UP, last_seq=2 * WARM_UP)
        used = cpu_seconds(product.pid)
        seconds = await _answer_all(product, "load", model, MESSAGES, last_seq=2 * (WARM_UP + MESSAGES))
        return MESSAGES / seconds, MESSAGES / (cpu_seconds(product.pid) - used)


async def _answer_all(
    product: Product, user_id: str, model: Mapping[str, Any], messages: int, *, last_seq: int
) -> float:
    """Seconds until a bot has answered so many messages; each message and each answer takes the next seq."""
    load = {"rate": RATE, "count": messages, "conversations": CONVERSATIONS, "patient": True}
    config = dummy_bot(user_id, load, model, queue_config=ROOM, context_config=CONTEXT)
    watch = Stopwatch()
    [instance_id] = await product.put(config)
    await until(lambda: _newest_seq(product, instance_id), lambda seq: seq >= last_seq, LOOK_EVERY)
    return watch.seconds


async def _newest_seq(product: Product, instance_id: str) -> int:
    answer = await product.api.get(f"/chatbot/{instance_id}/messages", params={"limit": 1})
    return max((row["seq"] for row in answer.json()["messages"]), default=0)


async def _store_alone() -> Round:
    """The same number of messages through the Store, in as many conversations side by side."""
    clock = SystemClock()
    async with folder() as place, open_store(None, place, Cipher(b"k" * 32), now=clock.now) as store:
        await store.bots.add("bot", "anna", {})
        watch, used = Stopwatch(), time.process_time()
        each = MESSAGES // CONVERSATIONS
        await asyncio.gather(*(_converse(store, f"friend {number}", each) for number in range(CONVERSATIONS)))
        return MESSAGES / watch.seconds, MESSAGES / (time.process_time() - used)


async def _converse(store: Store, friend: str, messages: int) -> None:
    room, context = Limits(**ROOM), Limits(**CONTEXT)
    for number in range(messages):
        message = Message(
            message_id=f"in-{number}",
            content=f"Load message {number}",
            sender=Sender(friend),
            source=Source.CONTACT,
            sent_at=SystemClock().now(),
            reply_to=friend,
            chat=(friend,),
        )
        await store.messages.add("bot", message, room, lambda *_: Verdict(MessageState.WAITING), tuple)
        work = await store.messages.take("bot", friend, context)
        assert isinstance(work, Work)
        answer = f"out-{friend}-{number}"
        parts = [Part(f"Echo: {work.message.content}", answer)]
        await store.messages.answer(Claim("bot", 0), work.seqs, parts)
        await store.outbox.sent("bot", answer)


def _columns(rounds: list[Round]) -> tuple[list[float], list[float]]:
    return [wall for wall, _ in rounds], [cpu for _, cpu in rounds]
