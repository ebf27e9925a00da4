"""No request, whatever is in it, holds up the server or has it fail: every route times a table of hostile requests.

Each is sent from a socket to the real server, while /healthz is asked all the time on connections of its own.
"""

import asyncio
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from itertools import product as product_of
from pathlib import Path

import psutil
import pytest
from fastapi.routing import iter_route_contexts

import main
from tests.acceptance.product import Product, running
from tests.attacks.hostile import ODD_WORDS, Hostile, bodies, heads, lines, queries

LIMIT = 0.5
"""Seconds in which /healthz answers, whatever else is asked."""
TRIES = 3
"""So often in a row has the server to be too slow over one request."""
CERTAIN = 5.0
"""Seconds after which no load of the machine is an excuse."""
ANSWER_DEADLINE = 60.0
KEY = "a key for attackers to guess"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
ROUTES = sorted(
    (method, context.path)
    for context in iter_route_contexts(main.app.routes)
    if context.path is not None
    for method in context.methods or ()
)
CLOSED = "closed"
ENDING = re.compile(r"/(delete|unlink|stop)|/chatbot/\{instance_id\}")
"""How the addresses end that take a bot away."""
OPEN = re.compile(r"/(login|healthz|static/.*|metrics|chatbot|)")
"""Routes that tell nobody apart who has no key, and two that refuse them."""

Attack = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Target:
    """A server to attack, with two bots, of which one may be lost."""

    product: Product
    port: int
    bots: tuple[str, str]
    token: str

    def address(self, method: str, path: str, odd: str | None = None) -> str:
        """Of this route; with `odd`, that in place of what the address holds but a bot's id."""
        ends = method != "GET" and ENDING.search(path.removesuffix("/config")) and not path.endswith("messages")
        mine = self.bots[1] if ends else self.bots[0]
        address = path.replace("{instance_id}", mine)
        return re.sub(r"\{[^}]+\}", lambda _: odd or "1", address)

    def send(self, request: bytes) -> str:
        """The first line of the answer; `closed` where there is none."""
        answer = b""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), ANSWER_DEADLINE) as line:
            with suppress(ConnectionError):  # it may have been refused before it was sent
                line.sendall(request)
            while b"\r\n" not in (answer := answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")):
                received = line.recv(65536)
                if not received:
                    break
                answer += received
        return answer.partition(b"\r\n")[0].decode("latin-1") or CLOSED


class Watch:
    """Asks /healthz over and over, and remembers how long each answer took."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._took: list[tuple[float, float]] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self.run)

    def worst_since(self, begun: float) -> float:
        """The longest answer that came since, with one that was asked for now."""
        now = time.monotonic()
        while not self._took or self._took[-1][0] - self._took[-1][1] < now:
            assert self._thread.is_alive(), "the server did not answer /healthz"
            time.sleep(0.002)
        return max(seconds for ended, seconds in self._took if ended >= begun)

    def run(self) -> None:
        while not self._stopped.is_set():
            begun = time.monotonic()
            assert self._target.send(HEALTH) == "HTTP/1.1 200 OK"
            ended = time.monotonic()
            self._took.append((ended, ended - begun))
            self._stopped.wait(0.005)

    @contextmanager
    def watching(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            self._thread.join()


@asynccontextmanager
async def target(folder: Path, environment: dict[str, str]) -> AsyncIterator[Target]:
    async with running(folder, environment) as product:
        config = {
            "chat_provider_config": {"provider_name": "dummy", "provider_config": {}},
            "llm_provider_config": {"provider_name": "fakeLlm", "provider_config": {"response_array": ["hello"]}},
        }
        bots = await product.put({"user_id": "anna", **config}, {"user_id": "otto", **config})
        port = product.api.base_url.port
        assert port is not None
        yield Target(product, port, (bots[0], bots[1]), await _token(product))


async def _token(product: Product) -> str:
    found = re.search(r'name="form_token"\s+value="(\w+)"', (await product.api.get("/new")).text)
    return found[1] if found else ""


def attack(target: Target, attacks: Iterable[list[Attack]]) -> None:
    """Send all of them, one list after the other; each holds the same for many routes."""
    failed: list[str] = []
    watch = Watch(target)
    with watch.watching():
        for same in attacks:
            begun = time.monotonic()
            for name, request in same:
                asked = time.monotonic()
                if target.send(request).startswith("HTTP/1.1 5"):
                    failed.append(name)
                if time.monotonic() - asked >= LIMIT:
                    assert not _stops(watch, target, request), name
            if watch.worst_since(begun) >= LIMIT:
                for name, request in same:
                    assert not _stops(watch, target, request), name
    assert not failed, "\n".join(failed)
    assert "Traceback" not in target.product.output.read_text()


def _stops(watch: Watch, target: Target, request: bytes) -> bool:
    """Whether the server stands still over it, each time.

    On a machine with much else to do, little work takes long: then it is the time that the server itself was at work.
    """
    for _ in range(TRIES):
        begun, worked = time.monotonic(), _work_of(target)
        target.send(request)
        worst = watch.worst_since(begun)
        if worst < LIMIT or (worst < CERTAIN and _work_of(target) - worked < LIMIT):
            return False
    return True


def _work_of(target: Target) -> float:
    """Seconds of the processor's time that the server has used."""
    times = psutil.Process(target.product.pid).cpu_times()
    return float(times.user + times.system)


def everywhere(
    target: Target, kinds: Iterable[Hostile], routes: list[tuple[str, str]] = ROUTES
) -> Iterator[list[Attack]]:
    for kind in kinds:
        yield [
            (f"{kind.name}: {method} {path}", kind.request(method, target.address(method, path)))
            for method, path in routes
        ]


def odd_addresses(target: Target) -> Iterator[list[Attack]]:
    plain = Hostile("an odd address")
    for name, word in ODD_WORDS.items():
        asked = [(method, path, target.address(method, path, word)) for method, path in ROUTES if "{" in path]
        asked += [
            (method, path, re.sub(r"\{[^}]+\}", lambda _: word, path))  # noqa: B023 - it is called at once
            for method, path in ROUTES
            if "{instance_id}" in path
        ]
        yield [(f"{name}: {method} {path}", plain.request(method, address)) for method, path, address in asked]


def bodies_of(target: Target, beginning: str) -> Iterator[list[Attack]]:
    kinds = [kind for kind in bodies(target.token) if kind.name.startswith(beginning)]
    return everywhere(target, kinds, [route for route in ROUTES if route[0] != "GET"])


FAMILIES: dict[str, Callable[[Target], Iterator[list[Attack]]]] = {
    "heads": lambda target: everywhere(target, heads()),
    "queries": lambda target: everywhere(target, queries()),
    "addresses": odd_addresses,
    "lines": lambda target: iter([[each] for each in lines(lambda length: "/" + "a" * length)]),
    "json": lambda target: bodies_of(target, "json"),
    "forms": lambda target: bodies_of(target, "form"),
    "multipart": lambda target: bodies_of(target, "multipart"),
    "chunks": lambda target: bodies_of(target, "chunk"),
}


@pytest.mark.parametrize("family", FAMILIES)
async def test_no_request_stops_the_server(family: str, tmp_path: Path) -> None:
    async with target(tmp_path, {}) as attacked:
        await asyncio.to_thread(attack, attacked, FAMILIES[family](attacked))


async def test_no_word_makes_postgresql_fail(tmp_path: Path, postgres_database: str) -> None:
    """It takes fewer words than SQLite: no NUL in a text, no number beyond its type."""
    async with target(tmp_path, {"IMPOSTER_DATABASE_URL": postgres_database}) as attacked:
        words = [kind for kind in bodies(attacked.token) if re.search("nul|utf-8|half|digits|days|odd", kind.name)]
        for family in (odd_addresses(attacked), everywhere(attacked, queries()), everywhere(attacked, words)):
            await asyncio.to_thread(attack, attacked, family)


async def test_no_request_without_the_key_stops_the_server(tmp_path: Path) -> None:
    async with target(tmp_path, {"IMPOSTER_API_KEY": KEY}) as attacked:
        routes = [route for route in ROUTES if OPEN.fullmatch(route[1])]
        kinds = [*heads(), *queries(), *bodies()]
        await asyncio.to_thread(attack, attacked, everywhere(attacked, kinds, routes))


async def test_a_body_is_utf_8_or_refused_with_the_cure(tmp_path: Path) -> None:
    kinds = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json")
    async with running(tmp_path) as product:
        for kind, charset, address in product_of(kinds, ("punycode", "latin-1", "x", '"utf-8'), ("/login", "/chatbot")):
            headers = {"Content-Type": f"{kind}; charset={charset}"}
            answer = await product.api.post(address, content=b"{}", headers=headers)
            assert answer.status_code == 415
            assert "UTF-8" in answer.json()["detail"]
        for charset in ("utf-8", "UTF-8", '"utf8"'):
            headers = {"Content-Type": f"application/json; charset={charset}"}
            answer = await product.api.put("/chatbot", content=b"[]", headers=headers)
            assert answer.status_code == 200
