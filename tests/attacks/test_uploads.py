"""Files that are made to hold the server up, uploaded as exported chats: others are answered meanwhile."""

import asyncio
import io
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx2
import psutil

from tests.acceptance.product import Product, running

LARGEST = 16 * 1024 * 1024 - 200
"""Bytes of a chat that the server looks at, but for some."""
AT_ONCE = 0.5
"""Seconds in which others are answered."""
ATTEMPTS = 3
"""A machine that does other things may hold a server up by itself, but hardly each time."""
MOST_MEMORY = 250 * 1024 * 1024
"""Bytes that the server grows by: a file of 20 MiB, some copies of it, and what is read from it."""
STAMP = "[01/05/2024, 09:07:00] "


def lines(count: int, line: Callable[[int], str]) -> bytes:
    return "\n".join(STAMP + line(number) for number in range(count)).encode()


def zipped(name: str, data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


def many_members() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"{number}.txt", "")
    return packed.getvalue()


def lying(says: int) -> bytes:
    """A zip whose directory says another size than is in it."""
    data = bytearray(zipped("_chat.txt", b"\n" * 100_000_000))
    place = data.rfind(b"PK\x01\x02")
    data[place + 24 : place + 28] = says.to_bytes(4, "little")
    return bytes(data)


FILES: Mapping[str, Callable[[], bytes]] = {
    "newlines": lambda: b"\n" * LARGEST,
    "newlines behind a message": lambda: lines(1, lambda _: "Tom: hi") + b"\n" * LARGEST,
    "returns": lambda: b"\r" * LARGEST,
    "one line": lambda: b"a" * LARGEST,
    "one message": lambda: lines(1, lambda _: "Tom: " + "a" * (LARGEST - 100)),
    "short lines": lambda: b"1\n" * (LARGEST // 2),
    "lines like messages": lambda: (b"[01/05/2024, 09:07:00" + b" " * 100 + b"\n") * (LARGEST // 122),
    "marks": lambda: ("\u200e" * 40 + "\n").encode() * (LARGEST // 121),
    "hearts": lambda: lines(100_000, lambda _: "Tom: " + "\u2764\ufe0f" * 23 + " ok"),
    "speakers": lambda: lines(199_000, lambda number: f"p{number}: x"),
    "messages of one letter": lambda: lines(199_000, lambda number: f"{'Tom' if number % 2 else 'Mia'}: x"),
    "more messages": lambda: lines(450_000, lambda _: "Tom: x"),
    "a long name": lambda: lines(15, lambda _: "N" * 1_000_000 + ": x"),
    "marks of order": lambda: b"\xef\xbb\xbf" * (LARGEST // 3),
    "two marks of order": lambda: b"\xff\xfe\xef\xbb\xbf" + b"\n\x00" * (LARGEST // 2),
    "half a letter": lambda: b"\xff\xfe" + b"\x00\xd8" * (LARGEST // 2),
    "bomb": lambda: zipped("_chat.txt", b"\n" * 1_000_000_000),
    "bomb in a zip": lambda: zipped("_chat.txt", zipped("_chat.txt", b"\n" * 1_000_000_000)),
    "a zip that says 0": lambda: lying(0),
    "a zip that says 4 GiB": lambda: lying(2**32 - 2),
    "100,000 files": many_members,
    "zip of nothing": lambda: b"PK\x05\x06" + b"\x00" * 18,
    "zip that ends": lambda: zipped("_chat.txt", b"a" * 1_000_000)[:500],
}


async def longest_wait(product: Product, upload: asyncio.Task[httpx2.Response]) -> float:
    """Seconds, of all who ask while the file is read."""
    longest = 0.0
    async with httpx2.AsyncClient(base_url=product.api.base_url, timeout=60) as others:
        assert (await others.get("/healthz")).status_code == 200
        while not upload.done():
            begin = time.monotonic()
            assert (await others.get("/healthz")).status_code == 200
            longest = max(longest, time.monotonic() - begin)
            await asyncio.sleep(0.01)
    return longest


async def test_no_file_holds_the_others_up(tmp_path: Path) -> None:
    async with running(tmp_path) as product:
        product.api.timeout = 120
        [bot] = await product.put({
            "user_id": "tom",
            "chat_provider_config": {"provider_name": "dummy", "provider_config": {"messages": []}},
            "llm_provider_config": {"provider_name": "fakeLlm", "provider_config": {"response_array": ["hi"]}},
        })  # fmt: skip
        path, query = f"/chatbot/{bot}/voice/import", {"contact": "mia", "owner": "Tom"}
        process = psutil.Process(product.pid)
        before = process.memory_info().rss
        slow: dict[str, list[float]] = {}
        for name, make in FILES.items():
            data = await asyncio.to_thread(make)
            waits = slow[name] = []
            while len(waits) < ATTEMPTS and (not waits or waits[-1] > AT_ONCE):
                upload = asyncio.create_task(product.api.post(path, params=query, content=data))
                waits.append(await longest_wait(product, upload))
                answer = await upload
                assert answer.status_code in (200, 422), (name, answer.text)
        assert {name: waits for name, waits in slow.items() if waits[-1] > AT_ONCE} == {}
        assert process.memory_info().rss - before < MOST_MEMORY
        assert not [
            child for child in process.children() if "imposter.runtime.learning.export_reader" in child.cmdline()
        ]
        good = lines(4, lambda number: f"{'Tom' if number % 2 else 'Mia'}: line {number}")
        assert (await product.api.post(path, params=query, content=good)).json()["answers"] == 2
