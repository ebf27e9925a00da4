"""A model's server that answers with what is too much: packed bombs, bodies without an end, deep or endless JSON."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.acceptance.product import Product, free_port, running
from tests.house import AT_ONCE

MOST_MEMORY = 150 * 1024 * 1024
"""Bytes that the server may grow by under all of them at once; one bomb of these alone would take 200 MB."""
PATIENCE = 120
"""Seconds, for a machine that does other things."""


def head(*more: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", "Connection: close", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def saying(text: str, **more: Any) -> bytes:
    return json.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}], **more}).encode()


def bomb(bits: int, layers: int = 1) -> bytes:
    """200 MB of an answer, packed into some 200 KB, and that again."""
    pack = zlib.compressobj(9, wbits=bits)
    packed = pack.compress(b'{"choices":[{"message":{"content":"')
    packed += b"".join(pack.compress(b"a" * 2**20) for _ in range(200)) + pack.compress(b'"}}]}') + pack.flush()
    for _ in range(layers - 1):
        again = zlib.compressobj(9, wbits=bits)
        packed = again.compress(packed) + again.flush()
    return packed


GZIP, DEFLATE, RAW = zlib.MAX_WBITS | 16, zlib.MAX_WBITS, -zlib.MAX_WBITS


def endless(piece: bytes) -> Callable[[], Iterator[bytes]]:
    def body() -> Iterator[bytes]:
        yield head()
        while True:
            yield piece

    return body


def endless_head() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    number = 0
    while True:
        number += 1
        yield f"X-{number}: {'a' * 8000}\r\n".encode()


def slowly() -> Iterator[bytes | None]:
    yield head()
    while True:
        yield b" "
        yield None  # a second


REFUSED: Mapping[str, Callable[[], Iterator[bytes | None]]] = {
    "gzip": lambda: iter([head("Content-Encoding: gzip"), bomb(GZIP)]),
    "deflate": lambda: iter([head("Content-Encoding: deflate"), bomb(DEFLATE)]),
    "raw-deflate": lambda: iter([head("Content-Encoding: deflate"), bomb(RAW)]),
    "gzip-in-gzip": lambda: iter([head("Content-Encoding: gzip, gzip"), bomb(GZIP, 2)]),
    "unknown-packing": lambda: iter([head("Content-Encoding: zstd"), b"(\xb5/\xfd" + b"a" * 1000]),
    "error-bomb": lambda: iter([head("Content-Encoding: gzip", status="400 Bad Request"), bomb(GZIP)]),
    "endless-blanks": endless(b" " * 65536),
    "endless-lists": endless(b"[" * 65536),
    "endless-text": lambda: iter([head(), saying("a" * 5_000_000)]),
    "long-text": lambda: iter([head(), saying("a" * 500_000)]),
    "just-too-long": lambda: iter([head(), saying("a" * 16_385)]),
    "many-choices": lambda: iter([head(), b'{"choices":[{}' + b",{}" * 600_000 + b"]}"]),
}
"""What is not tried again, as it would be no better."""
TRIED_AGAIN: Mapping[str, Callable[[], Iterator[bytes | None]]] = {
    "endless-head": endless_head,
    "deep": lambda: iter([head(), b'{"choices":' + b"[" * 500_000 + b"]" * 500_000 + b"}"]),
    "deep-objects": lambda: iter([head(), b'{"a":' * 200_000]),
    "one-byte-a-second": slowly,
    "huge-number": lambda: iter([head(), saying("hi", usage="$").replace(b'"$"', b"9" * 1_000_000)]),
}
ANSWERED: Mapping[str, Callable[[], Iterator[bytes | None]]] = {
    "plain": lambda: iter([head(), saying("hi")]),
    "packed": lambda: iter([head("Content-Encoding: gzip"), zlib.compress(saying("hi"), wbits=GZIP)]),
    "packed-otherwise": lambda: iter([head("Content-Encoding: deflate"), zlib.compress(saying("hi"), wbits=RAW)]),
}


class HostileServer:
    """Answers on `/NAME/v1/chat/completions` as NAME says."""

    def __init__(self, ways: Mapping[str, Callable[[], Iterator[bytes | None]]]) -> None:
        self.port = free_port()
        self.asked: list[str] = []
        self._ways = ways

    @asynccontextmanager
    async def open(self) -> AsyncIterator["HostileServer"]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", self.port)
        try:
            yield self
        finally:
            server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line, *headers = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            length = next(int(each.partition(":")[2]) for each in headers if each.lower().startswith("content-length"))
            await reader.readexactly(length)
            name = line.split("/")[1]
            self.asked.append(name)
            for piece in await asyncio.to_thread(self._ways[name]):
                if piece is None:
                    await asyncio.sleep(1)  # a byte a second keeps a connection alive
                else:
                    writer.write(piece)
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # it had enough
        finally:
            writer.close()


def asking(name: str, server: HostileServer) -> dict[str, Any]:
    """A bot on the platform without an account, that is asked once."""
    model = {"model": "m", "api_key": "k", "timeout": 30, "base_url": f"http://127.0.0.1:{server.port}/{name}/v1"}
    if name == "one-byte-a-second":
        model["timeout"] = 3
    return {
        "user_id": name,
        "chat_provider_config": {"provider_name": "dummy", "provider_config": {"messages": [{"content": "hello"}]}},
        "behaviour_config": AT_ONCE,
        "llm_provider_config": {"provider_name": "openAi", "provider_config": model},
    }


async def asked_once(product: Product, bot: str) -> dict[str, Any]:
    def done(rows: list[dict[str, Any]]) -> bool:
        return any(row["content"] == "hello" and row["state"] in ("failed", "answered") for row in rows)

    rows = await product.until(lambda: product.messages(bot), done)
    return next(row for row in rows if row["content"] == "hello")


async def test_no_answer_is_too_much_for_the_server(tmp_path: Path) -> None:
    ways = {**REFUSED, **TRIED_AGAIN, **ANSWERED}
    async with (
        HostileServer(ways).open() as server,
        running(tmp_path, {"IMPOSTER_ALLOW_PRIVATE_URLS": "127.0.0.1"}) as product,
    ):
        process = psutil.Process(product.pid)
        # One before, so that what the SDK itself takes is in the memory already.
        [first] = await product.put(asking("plain", server))
        assert (await asked_once(product, first))["state"] == "answered"
        before = peak = process.memory_info().rss
        names = [name for name in ways if name != "plain"]
        bots = dict(zip(names, await product.put(*(asking(name, server) for name in names)), strict=True))

        async def settled() -> dict[str, tuple[str, str | None]]:
            found = {}
            for name in (*REFUSED, "packed", "packed-otherwise"):
                row = await asked_once(product, bots[name])
                found[name] = row["state"], row["reason"]
            return found

        settling = asyncio.create_task(settled())
        async with asyncio.timeout(PATIENCE):
            while not settling.done() or not all(server.asked.count(name) > 1 for name in TRIED_AGAIN):
                assert (await product.api.get("/healthz")).status_code == 200
                peak = max(peak, process.memory_info().rss)
                await asyncio.sleep(0.05)
        assert await settling == {
            **dict.fromkeys(REFUSED, ("failed", "ModelRefused")),
            "packed": ("answered", None),
            "packed-otherwise": ("answered", None),
        }
        assert peak - before < MOST_MEMORY
        assert all(server.asked.count(name) == 1 for name in REFUSED)
        for name in ("gzip", "endless-text", "long-text"):
            assert len(await product.messages(bots[name])) == 1  # nothing of it is kept
        assert "larger than 2 MiB" in str(await product.status(bots["gzip"]))


async def test_neither_is_what_any_other_provider_gives(tmp_path: Path) -> None:
    async with running(tmp_path) as product:
        config = asking("long", HostileServer({}))
        long = {"provider_name": "fakeLlm", "provider_config": {"response_array": ["a" * 16_385]}}
        [bot] = await product.put(config | {"llm_provider_config": long})
        row = await asked_once(product, bot)
        assert (row["state"], row["reason"]) == ("failed", "ModelRefused")
        assert len(await product.messages(bot)) == 1


async def test_what_a_vendor_quotes_of_a_contact_is_neither_told_nor_logged(tmp_path: Path) -> None:
    words = "swordfish-4711"
    error = json.dumps({"error": {"message": f"Cannot parse this message: {words} with key sk-hunter22", "code": "x"}})

    def way() -> Iterator[bytes]:
        yield head(status="400 Bad Request")
        yield error.encode()

    async with (
        HostileServer({"quoting": way}).open() as server,
        running(tmp_path, {"IMPOSTER_ALLOW_PRIVATE_URLS": "127.0.0.1"}) as product,
    ):
        config = asking("quoting", server)
        config["chat_provider_config"]["provider_config"]["messages"] = [{"content": f"my {words}"}]
        config["llm_provider_config"]["provider_config"]["api_key"] = "sk-hunter22"
        [bot] = await product.put(config)
        status = await product.until(lambda: product.status(bot), lambda status: status["last_error"] is not None)
        assert "Cannot parse this message" in status["last_error"]
        for secret in (words, "swordfish", "4711", "hunter"):
            assert secret not in str(status)
            assert secret not in product.output.read_text()
