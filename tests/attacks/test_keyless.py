"""A server without a key, from the same machine: by another user, through a proxy, and by its own user."""

import asyncio
import http.client
import os
import re
import shutil
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.acceptance.product import Product, free_port
from tests.timeouts import FACT

NOBODY = 65534
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "/usr/sbin/nginx"
SITE = """
user www-data;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{behind};
            {more}
        }}
    }}
}}
"""
"""As Debian ships it, and as every introduction has the proxy."""
PAGES = ("/", "/new", "/login", "/figures", "/bots/any", "/static/page.css", "/docs", "/openapi.json", "/none")

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a program as another user")


@pytest.fixture
def product(own_product: Product) -> Product:
    """Its port is what is attacked."""
    return own_product


@pytest.fixture
def outside() -> dict[str, str]:
    """No WhatsApp and no model is needed."""
    return {}


def port_of(product: Product) -> int:
    port = product.api.base_url.port
    assert port is not None
    return port


@asynccontextmanager
async def nginx(folder: Path, behind: int, more: str) -> AsyncIterator[str]:
    """A proxy in front of the port `behind`; its address."""
    port = free_port()
    file = folder / "nginx.conf"
    file.write_text(SITE.format(folder=folder, port=port, behind=behind, more=more))
    process = await asyncio.create_subprocess_exec(NGINX, "-c", str(file), "-g", "daemon off;")
    try:
        async with asyncio.timeout(FACT):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    break
                except OSError:
                    assert process.returncode is None, (folder / "error.log").read_text()
                    await asyncio.sleep(0.02)
        writer.close()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def run(*command: str, user: int | None = None) -> str:
    """What a program prints that runs as this user."""
    who: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    process = await asyncio.create_subprocess_exec(*command, cwd="/", stdout=asyncio.subprocess.PIPE, **who)
    printed, _ = await asyncio.wait_for(process.communicate(), FACT)
    return printed.decode()


async def every_request(product: Product) -> list[tuple[str, str]]:
    """Each method and path of the API, and the pages."""
    described = (await product.api.get("/openapi.json")).json()["paths"]
    found = [(method.upper(), re.sub("[{}]", "", path)) for path in described for method in described[path]]
    assert len(found) > 20
    return [pair for pair in found if pair[1] != "/healthz"] + [("GET", page) for page in PAGES]


def assert_refused(answer: httpx2.Response) -> None:
    assert answer.status_code == 403, (answer.request.method, answer.request.url, answer.text)
    if answer.request.method != "HEAD":
        assert "set IMPOSTER_API_KEY" in answer.text


@pytest.mark.parametrize(
    "more",
    [
        "",
        pytest.param("proxy_http_version 1.1;", marks=as_root),
        pytest.param('proxy_http_version 1.1; proxy_set_header Connection "";', marks=as_root),
    ],
    ids=["stock", "http-1.1", "keep-alive"],
)
async def test_a_proxy_in_front_opens_nothing(product: Product, tmp_path: Path, more: str) -> None:
    requests = await every_request(product)
    async with nginx(tmp_path, port_of(product), more) as address, httpx2.AsyncClient(base_url=address) as client:
        for method, path in requests:
            assert_refused(await client.request(method, path))
        for method in ("HEAD", "OPTIONS", "PUT"):
            assert_refused(await client.request(method, "/chatbot"))
        assert (await client.get("/healthz")).json()["status"] == "ok"
    assert (await product.api.get("/chatbot")).status_code == 200


@as_root
async def test_another_user_of_the_machine_is_refused_and_our_own_is_served(product: Product) -> None:
    address = f"http://127.0.0.1:{port_of(product)}"
    for path in ("/chatbot", "/", "/new", "/metrics"):
        refused = await run("curl", "-s", "-w", "%{http_code}", f"{address}{path}", user=NOBODY)
        assert "another user of this machine" in refused
        assert "set IMPOSTER_API_KEY" in refused
        assert refused.endswith("403")
    assert '"ok"' in await run("curl", "-s", f"{address}/healthz", user=NOBODY)
    config = (
        '[{"user_id": "me", "chat_provider_config": {"provider_name": "dummy", "provider_config": {}},'
        '"llm_provider_config": {"provider_name": "fakeLlm", "provider_config": {}}}]'
    )
    put = ("curl", "-s", "-X", "PUT", f"{address}/chatbot", "-H", "Content-Type: application/json", "-d", config)
    assert "IMPOSTER_API_KEY" in await run(*put, user=NOBODY)
    assert (await product.api.get("/chatbot")).json() == []
    assert '"instance_id"' in await run(*put)


@as_root
async def test_who_sends_and_closes_at_once_is_not_taken_for_root(product: Product) -> None:
    """The system shows a socket that its program has closed as user 0's."""
    [bot] = await product.put(
        {
            "user_id": "me",
            "chat_provider_config": {"provider_name": "dummy", "provider_config": {}},
            "llm_provider_config": {"provider_name": "fakeLlm", "provider_config": {}},
        }
    )
    port = port_of(product)
    request = rf"DELETE /chatbot/{bot} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
    attack = f"exec 3<>/dev/tcp/127.0.0.1/{port}; printf '{request}' >&3; exec 3>&-"
    for _ in range(30):
        await run("bash", "-c", attack, user=NOBODY)
        # By a connection of its own, which is looked up after the attack's.
        async with httpx2.AsyncClient(base_url=product.api.base_url) as client:
            assert [row["instance_id"] for row in (await client.get("/chatbot")).json()] == [bot]


def socket_of(user: int) -> socket.socket:
    """One that the system shows as this user's."""
    mine = os.geteuid()
    os.seteuid(user)
    try:
        return socket.socket()
    finally:
        os.seteuid(mine)


def answer_to(line: socket.socket, own: int, port: int) -> tuple[int, str]:
    """What is answered to a connection from the port `own`, which is free again afterwards."""
    client = http.client.HTTPConnection("127.0.0.1", port)
    with line:
        line.settimeout(FACT)
        line.bind(("127.0.0.1", own))
        line.connect(("127.0.0.1", port))
        client.sock = line
        client.request("GET", "/chatbot")
        answer = client.getresponse()
        said = answer.read().decode()
        # Reset, not closed: else a system keeps the address to itself for a minute.
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return answer.status, said


@as_root
async def test_a_port_that_our_user_gave_back_opens_nothing_to_the_next(product: Product) -> None:
    """The connection of another user comes from the very address that was served a moment ago."""
    given_back, port = free_port(), port_of(product)
    assert await asyncio.to_thread(answer_to, socket_of(os.geteuid()), given_back, port) == (200, "[]")
    status, said = await asyncio.to_thread(answer_to, socket_of(NOBODY), given_back, port)
    assert status == 403
    assert "another user of this machine" in said
