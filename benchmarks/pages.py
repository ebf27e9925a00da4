"""How long the server takes for each page, with 200 bots and 50,000 messages; the floor is a request that asks nothing.

The messages are laid into the database as they would stand there; everything else is the real server.
"""

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

from benchmarks.figures import Figure
from imposter.contracts.messages import Source
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import MessageState
from imposter.secrets import Cipher, load_key, make_data_folder
from imposter.storage import open_store
from imposter.storage.database.engine import open_engine
from imposter.storage.schema.tables import aliases, messages, outbox, usage
from tests.acceptance.product import Product, running

BOTS = 200
LIVELY, QUIET = 10_200, 200
"""Messages of the one bot that most of it happens to, and of each other."""
TO_ONE = 34
"""Messages of one conversation."""
ROUNDS = 30
TARGET = "100"
TRACE = (
    '{"attempts": 1, "model": "gpt-4", "taken": "2026-01-31T12:00:00Z", "asked": "2026-01-31T12:00:01Z", '
    '"ended": "2026-01-31T12:00:03Z"}'
)
PAGES = ("/", "/new", "/bots/{bot}", "/bots/{bot}/chats", "/bots/{bot}/chat?chat=contact-3", "/bots/{bot}/drafts",
         "/bots/{bot}/letters", "/bots/{bot}/messages/{seq}/why", "/bots/{bot}/voice", "/bots/{bot}/exam",
         "/bots/{bot}/link", "/bots/{bot}/settings", "/figures", "/figures?span=month")  # fmt: skip


async def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        make_data_folder(data)
        await _fill(data)
        async with running(Path(folder), {"IMPOSTER_LOG_LEVEL": "warning"}) as product:
            return await _measure(product)


async def _measure(product: Product) -> list[Figure]:
    bot = (await product.api.get("/chatbot")).json()[0]["instance_id"]
    seq = (await product.messages(bot))[-2]["seq"]
    floor = [await _seconds(product, "/healthz") for _ in range(ROUNDS)]
    figures = []
    for page in PAGES:
        address = page.format(bot=bot, seq=seq)
        await _seconds(product, address)  # what is loaded when it is first asked for
        took = [await _seconds(product, address) for _ in range(ROUNDS)]
        figures.append(Figure(f"page {page}", "ms", took, floor, TARGET, "GET /healthz"))
    return figures


async def _seconds(product: Product, address: str) -> float:
    """In ms, until the whole answer is here."""
    began = time.perf_counter()
    answer = await product.api.get(address)
    assert answer.status_code == 200, (address, answer.text)
    return (time.perf_counter() - began) * 1000


async def _fill(data: Path) -> None:
    cipher = Cipher(load_key(None, data, data / "imposter.sqlite"))
    silent = {"provider_name": "dummy", "provider_config": {"messages": []}}
    async with open_store(None, data, cipher, now=lambda: datetime.now(UTC)) as store:
        for number in range(BOTS):
            config = {"user_id": f"user {number}", "chat_provider_config": silent}
            config["llm_provider_config"] = {"provider_name": "fakeLlm", "provider_config": {}}
            await store.bots.add(f"bot-{number}", f"user {number}", config)
    with open_engine(None, data).begin() as connection:
        for number in range(BOTS):
            rows = [_row(number, place) for place in range(LIVELY if number == 0 else QUIET)]
            seqs = connection.execute(insert(messages).returning(messages.c.seq), rows).scalars().all()
            answers = [
                {"seq": seq, "instance_id": row["instance_id"], "message_id": row["message_id"],
                 "state": DeliveryState.SENT, "attempts": 1, "created_at": row["sent_at"], "sent_at": row["sent_at"]}
                for seq, row in zip(seqs, rows, strict=True) if row["source"] is Source.BOT
            ]  # fmt: skip
            connection.execute(insert(outbox), answers)
            connection.execute(update(messages).where(messages.c.answers == 0).values(answers=messages.c.seq - 1))
            names = sorted({row["conversation"] for row in rows})
            known = [{"instance_id": f"bot-{number}", "alias": name, "canonical": name} for name in names]
            connection.execute(insert(aliases), [row | {"kind": kind} for row in known for kind in ("chat", "person")])
            connection.execute(
                insert(usage),
                {"instance_id": f"bot-{number}", "day": datetime.now(UTC).date().isoformat(), "conversation": names[0],
                 "model": "gpt-4", "currency": "USD", "calls": 1, "uncounted": 0, "prompt_tokens": 900,
                 "cached_tokens": 0, "completion_tokens": 90, "cost": 1200},
            )  # fmt: skip


def _row(bot: int, place: int) -> dict[str, Any]:
    """Questions and answers in turn."""
    answer = place % 2 == 1
    contact = f"contact-{place // TO_ONE}"
    at = datetime.now(UTC) - timedelta(seconds=40 * ((LIVELY if bot == 0 else QUIET) - place))
    text = "See you at eight, then, and bring the book that I lent you in spring."
    return {
        "instance_id": f"bot-{bot}",
        "conversation": contact,
        "message_id": f"m-{place}",
        "source": Source.BOT if answer else Source.CONTACT,
        "content": text,
        "characters": len(text),
        "sender_id": "bot" if answer else contact,
        "sender_name": "" if answer else contact.title(),
        "reply_to": contact,
        "sent_at": at,
        "received_at": at,
        "state": MessageState.CONTEXT if answer else MessageState.ANSWERED,
        "answers": 0 if answer else None,  # until it is known which number the question before it got
        "trace": None if answer else TRACE,
    }
