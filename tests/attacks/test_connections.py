"""Nobody keeps others out by connections that they hold, nor by requests that never come to an end."""

import asyncio
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.acceptance.product import Product, running
from tests.acceptance.test_main_job import linked
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.timeouts import FACT

SILENT = 1500
BOUND = 1000
"""Connections that the server holds at most, where it may have as many files open as this takes."""
ROOM = 64
"""What a test itself has open beside them."""
MESSAGES = 20
ENDED_WITHIN = 120.0
SMALL_ANSWER = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
LARGE_ANSWER = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
HALF_A_BODY = (
    b"PUT /chatbot HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n["
)


@pytest.fixture
def product(own_product: Product) -> Product:
    """Its connections and the lines of its log are counted."""
    return own_product


@pytest.fixture(autouse=True)
def _many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def port_of(product: Product) -> int:
    port = product.api.base_url.port
    assert port is not None
    return port


def held_by(product: Product) -> int:
    """Connections that the server has open to those who use it."""
    found = psutil.Process(product.pid).net_connections("tcp")
    return sum(each.laddr.port == port_of(product) and each.status != psutil.CONN_LISTEN for each in found)


class Flood:
    """Silent connections to a server, each opened anew as soon as it is ended."""

    def __init__(self, port: int, size: int) -> None:
        self._port = port
        self._size = size
        self._stopped = threading.Event()
        self.is_full = threading.Event()
        """Set once as many were opened as there are to be."""

    def run(self) -> None:
        with ExitStack() as opened:
            lines: list[socket.socket] = []
            while not self._stopped.wait(0.05):
                gone = {line for line in lines if _is_ended(line)}
                for line in gone:
                    line.close()
                lines = [line for line in lines if line not in gone]
                while len(lines) < self._size and not self._stopped.is_set():
                    lines.append(opened.enter_context(socket.create_connection(("127.0.0.1", self._port), 30)))
                    lines[-1].setblocking(False)
                self.is_full.set()

    @contextmanager
    def flooding(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join()


def _is_ended(line: socket.socket) -> bool:
    try:
        return line.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


async def test_silent_connections_keep_out_neither_people_nor_bots(
    product: Product, network: WhatsAppNetwork, phone: Callable[[], str]
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    flood = Flood(port_of(product), SILENT)
    with flood.flooding():
        assert await asyncio.to_thread(flood.is_full.wait, FACT)
        assert held_by(product) <= BOUND + ROOM
        for number in range(MESSAGES):
            await network.say(me, friend, f"message {number}")
            answers = await network.wait_inbox(friend, number + 1)
            assert answers[-1].text == f"re: message {number}"
            assert (await product.api.get("/healthz", headers={"Connection": "close"})).status_code == 200
            assert (await product.status(instance_id))["status"] == "connected"
    told = product.output.read_text()
    assert "too many connections" in told
    assert told.count("too many connections") <= 3


@pytest.mark.parametrize("http", ["httptools", "h11"])
async def test_what_never_comes_to_an_end_is_ended(http: str, tmp_path: Path) -> None:
    """Silent, idle, a byte of a head now and then, half a body, and answers that nobody takes."""
    async with running(tmp_path, {"UVICORN_HTTP": http}) as product:
        await product.api.aclose()
        await _until_held(product, 0)
        with ExitStack() as opened:
            lines = [opened.enter_context(_line(product)) for _ in range(5)]
            _silent, idle, slow, half, greedy = lines
            idle.sendall(SMALL_ANSWER)
            half.sendall(HALF_A_BODY)
            slow.sendall(HALF_A_HEAD)
            greedy.sendall(LARGE_ANSWER * 60)
            await _until_held(product, 0, lambda: _dribble(slow))


def _line(product: Product) -> socket.socket:
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", port_of(product)))
    return line


def _dribble(line: socket.socket) -> None:
    with suppress(OSError):
        line.sendall(b"a")


async def _until_held(product: Product, most: int, meanwhile: Callable[[], None] = lambda: None) -> None:
    async with asyncio.timeout(ENDED_WITHIN):
        while held_by(product) > most:
            meanwhile()
            await asyncio.sleep(0.2)  # so long a client takes from one byte to the next


async def test_what_is_no_http_does_not_fill_the_log(product: Product) -> None:
    for _ in range(300):
        with socket.create_connection(("127.0.0.1", port_of(product)), 30) as line:
            line.sendall(b"\x16\x03\x01 hello\r\n\r\n")
            assert line.recv(100).startswith(b"HTTP/1.1 400 ")
    assert product.output.read_text().count("Invalid HTTP request") == 1


async def test_what_stands_behind_a_body_is_no_header(product: Product) -> None:
    """A proxy in front has not looked at it, so nobody can say there that they are somebody else."""
    request = b"GET /chatbot HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    for field, status in ((b"X-Forwarded-For: 192.0.2.1\r\n", b"200"), (b"X: y\r\n", b"200"), (b"", b"200")):
        with socket.create_connection(("127.0.0.1", port_of(product)), 30) as line:
            line.sendall(request + b"0\r\n" + field + b"\r\n")
            assert line.recv(1000).startswith(b"HTTP/1.1 " + status)
