"""The way in of the shipped set-up: the real Caddy with deploy/Caddyfile, adapted by its environment alone.

Whoever is outside speaks TLS with it, from loopback addresses of their own. What the Compose file gives the server is
taken from there; but for the front's address, which no test has.
"""

import asyncio
import os
import shutil
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address, ip_network
from pathlib import Path

import httpx2
import pytest

from imposter.web.login_throttle import TRIES
from imposter.web.middleware import MAX_UPLOAD_BYTES
from tests.acceptance.product import Product, free_port, running
from tests.acceptance.test_deploy import DEPLOY, compose
from tests.house import until
from tests.timeouts import FACT

KEY = "a-key-of-the-tests-0123456789"
FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "evil.example",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;proto=https",
}


class Front:
    """A Caddy that runs."""

    def __init__(self, folder: Path, port: int, plain: int) -> None:
        self._folder = folder
        self._plain = plain
        self.port = port

    def client(self, address: str = "127.0.0.1", *, tls: bool = True) -> httpx2.AsyncClient:
        """Somebody outside, at an address of their own, who knows the certificate authority of this Caddy alone."""
        context = ssl.create_default_context(cafile=self._folder / "caddy/pki/authorities/local/root.crt")
        return httpx2.AsyncClient(
            base_url=f"https://localhost:{self.port}" if tls else f"http://localhost:{self._plain}",
            transport=httpx2.AsyncHTTPTransport(verify=context, local_address=address),
            timeout=FACT,
        )

    async def leads_through(self) -> bool:
        with suppress(OSError, httpx2.TransportError):
            async with self.client() as client:
                return (await client.get("/healthz")).status_code == 200
        return False


@asynccontextmanager
async def front_of(product: Product, folder: Path) -> AsyncIterator[Front]:
    caddy = shutil.which("caddy")
    assert caddy is not None, "no Caddy is installed; script/test says how"
    front = Front(folder, free_port(), free_port())
    server = product.api.base_url
    environment = compose()["services"]["front"]["environment"] | {
        "HTTP_PORT": str(front._plain),
        "HTTPS_PORT": str(front.port),
        "SERVER_HOST": "localhost",
        "SERVER_PORT": str(server.port),
    }
    with (folder / "caddy.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            caddy, "run", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile",
            stdout=output, stderr=output,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder), **environment},
        )  # fmt: skip
    try:
        await until(front.leads_through)
        yield front
    finally:
        process.kill()
        await process.wait()


def trusting(address: str) -> Mapping[str, str]:
    return {"IMPOSTER_API_KEY": KEY, "FORWARDED_ALLOW_IPS": address}


@pytest.fixture
async def product(tmp_path: Path) -> AsyncIterator[Product]:
    async with running(tmp_path, trusting("127.0.0.1")) as product:
        yield product


@pytest.fixture
async def front(product: Product, tmp_path: Path) -> AsyncIterator[Front]:
    async with front_of(product, tmp_path) as front:
        yield front


async def test_over_tls_the_cookie_is_for_tls_alone(front: Front) -> None:
    async with front.client() as client:
        signed_in = await client.post("/login", data={"key": KEY}, headers={"X-Forwarded-Proto": "http"})
        assert signed_in.status_code == 303
        assert "; Secure" in signed_in.headers["set-cookie"]
        assert (await client.get("/new")).status_code == 200


async def test_the_plain_port_leads_to_tls_and_serves_nothing(front: Front) -> None:
    async with front.client(tls=False) as client:
        for headers in ({}, {"X-Forwarded-Proto": "https"}):
            answer = await client.post("/login", data={"key": KEY}, headers=headers)
            assert (answer.status_code, answer.text) == (308, "")
            assert answer.headers["location"].startswith("https://localhost")
            assert "set-cookie" not in answer.headers


async def test_whoever_tries_keys_cannot_pass_for_somebody_else(front: Front) -> None:
    async with front.client("127.0.0.5") as attacker, front.client("127.0.0.6") as owner:
        for number in range(TRIES):
            forged = FORGED | {"X-Forwarded-For": f"203.0.113.{number}, 127.0.0.6"}
            assert (await attacker.post("/login", data={"key": "wrong"}, headers=forged)).status_code == 401
        assert (await attacker.post("/login", data={"key": KEY}, headers=FORGED)).status_code == 429
        assert (await owner.post("/login", data={"key": KEY})).status_code == 303


async def test_what_the_server_would_take_comes_through_and_no_more(front: Front, product: Product) -> None:
    [bot] = await product.put(
        {
            "user_id": "anna",
            "chat_provider_config": {"provider_name": "dummy", "provider_config": {"messages": []}},
            "llm_provider_config": {"provider_name": "fakeLlm"},
        }
    )
    address, bearer = f"/chatbot/{bot}/voice/import?contact=bob&owner=anna", {"Authorization": f"Bearer {KEY}"}
    async with front.client() as client:
        large = b"no chat at all\n" * (MAX_UPLOAD_BYTES // 16)
        refused = await client.post(address, content=large, headers=bearer)
        assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
        with suppress(httpx2.TransportError):  # it may hang up before all is sent
            assert (await client.post(address, content=bytes(2 * MAX_UPLOAD_BYTES), headers=bearer)).status_code == 413
        assert (await client.get("/readyz", headers=bearer)).status_code == 200


async def test_nobody_but_the_front_is_believed(tmp_path: Path) -> None:
    services, networks = compose()["services"], compose()["networks"]
    trusted = services["server"]["environment"]["FORWARDED_ALLOW_IPS"]
    async with (
        running(tmp_path, trusting(trusted)) as product,
        httpx2.AsyncClient(base_url=product.api.base_url) as neighbour,
    ):
        headers = FORGED | {"X-Forwarded-Proto": "https"}
        signed_in = await neighbour.post("/login", data={"key": KEY}, headers=headers)
        assert signed_in.status_code == 303
        assert "Secure" not in signed_in.headers["set-cookie"]
    [pool] = networks["web"]["ipam"]["config"]
    assert services["front"]["networks"]["web"]["ipv4_address"] == trusted
    assert ip_address(trusted) in ip_network(pool["subnet"])
    assert ip_address(trusted) not in ip_network(pool["ip_range"]), "a server might be given it"


def test_no_plain_port_is_open_beside_the_front() -> None:
    services = compose()["services"]
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {
        "front": ["80:80", "443:443", "443:443/udp"]
    }
    assert services["database"]["networks"] == ["store"]
    assert compose()["networks"]["store"]["internal"] is True
