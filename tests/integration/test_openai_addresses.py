"""Where the openAi provider connects to when a bot's config chose the address, and which key it takes along."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import SecretStr, ValidationError

from imposter.contracts.errors import ModelRefused
from imposter.contracts.messages import Source, Turn
from imposter.contracts.model import ModelContext
from imposter.contracts.url_guard import AddressGuard, PrivateAddress
from imposter.runtime.providers.shared_resources import SharedResources
from llm_providers._guarded_http import GuardedClient
from llm_providers.openAi import OpenAiProvider
from tests.fakes.model_server import Failure, ModelServer
from tests.timeouts import FACT

HELLO = [Turn(Source.CONTACT, "hello")]
KEY = "sk-of-the-server"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


def port_of(server: ModelServer) -> int:
    port = httpx2.URL(server.base_url).port
    assert port is not None
    return port


@asynccontextmanager
async def open_models(
    *configs: Mapping[str, Any], allowed: str | None = None, environment: Mapping[str, str] | None = None
) -> AsyncIterator[list[OpenAiProvider]]:
    """The models of some bots of one server."""
    secrets = {name: SecretStr(value) for name, value in (environment or {"OPENAI_API_KEY": KEY}).items()}
    guard = AddressGuard.read(allowed) if allowed else AddressGuard()
    shared = SharedResources(environment={}, node="node", secret=secrets.get, addresses=guard)
    models = [OpenAiProvider("anna", {"model": "gpt-4", **config}) for config in configs]
    for model in models:
        model.attach(ModelContext("bot-1", shared))
    try:
        yield models
    finally:
        await shared.aclose()


async def refusal(config: Mapping[str, Any], **more: Any) -> str:
    async with open_models(config, **more) as [model]:
        with pytest.raises(ModelRefused) as raised:
            await model.reply(HELLO)
    assert raised.value.__context__ is None
    return str(raised.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_a_host_that_turns_out_to_be_this_machine_is_never_connected_to(server: ModelServer, host: str) -> None:
    url = f"http://{host}:{port_of(server)}/v1"
    said = await refusal({"base_url": url, "api_key": "sk-of-anna"})
    assert said.endswith(f":{port_of(server)} to IMPOSTER_ALLOW_PRIVATE_URLS.")
    assert server.requests == []


async def test_a_host_that_the_operator_allows_is_asked(server: ModelServer) -> None:
    url = f"http://localhost:{port_of(server)}/v1"
    config = {"base_url": url, "api_key": "ollama"}
    async with open_models(config, allowed=f"localhost:{port_of(server)}") as [model]:
        assert (await model.reply(HELLO)).text == "re: hello"
    assert server.requests[0].headers["host"] == f"localhost:{port_of(server)}"


async def test_a_kept_connection_to_an_allowed_host_serves_no_other_name_of_it(server: ModelServer) -> None:
    allowed, other = (f"http://{host}:{port_of(server)}/v1" for host in ("127.0.0.1", "localhost"))
    configs = [{"base_url": url, "api_key": "x"} for url in (allowed, other)]
    async with open_models(*configs, allowed="127.0.0.1") as [first, second]:
        await first.reply(HELLO)
        with pytest.raises(ModelRefused, match="IMPOSTER_ALLOW_PRIVATE_URLS"):
            await second.reply(HELLO)
        assert (await first.reply(HELLO)).text == "re: hello"


async def test_the_servers_own_address_needs_no_leave(server: ModelServer) -> None:
    environment = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.base_url}
    async with open_models({}, environment=environment) as [model]:
        assert (await model.reply(HELLO)).text == "re: hello"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(server: ModelServer, status: int) -> None:
    async with ModelServer() as other:
        target = f"{other.base_url}/chat/completions"
        server.failures = [Failure(status, {"location": target})]
        config = {"base_url": server.base_url, "api_key": "sk-of-anna"}
        said = await refusal(config, allowed="127.0.0.1")
        assert f"HTTP {status}" in said
        assert "base_url" in said
        assert other.requests == []


class Names:
    """A resolver whose answers are given in turn; the last one stays."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def ask(client: GuardedClient, url: str) -> httpx2.Response:
    return await client.post(url, json={"model": "m", "messages": [{"role": "user", "content": "hello"}]}, timeout=FACT)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00:ec2::254"])
async def test_a_name_with_a_private_address_is_refused_before_connecting(server: ModelServer, address: str) -> None:
    async with GuardedClient(AddressGuard(), resolve=Names([address])) as client:
        with pytest.raises(PrivateAddress, match=r"^model\.example is an address of this machine"):
            await ask(client, f"http://model.example:{port_of(server)}/v1/chat/completions")
    assert server.requests == []


async def test_a_name_is_resolved_once_and_the_checked_address_is_the_one_connected_to(server: ModelServer) -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    async with GuardedClient(AddressGuard.read("model.example"), resolve=names) as client:
        answer = await ask(client, f"http://model.example:{port_of(server)}/v1/chat/completions")
        assert answer.status_code == 200
        assert answer.extensions["network_stream"].get_extra_info("server_addr")[0] == "127.0.0.1"
    assert names.asked == ["model.example"]
    assert server.requests[0].headers["host"] == f"model.example:{port_of(server)}"


async def test_an_address_that_refuses_leaves_the_turn_to_the_next_one(server: ModelServer) -> None:
    names = Names(["127.0.0.77", "127.0.0.1"])
    async with GuardedClient(AddressGuard.read("model.example"), resolve=names) as client:
        answer = await ask(client, f"http://model.example:{port_of(server)}/v1/chat/completions")
    assert answer.status_code == 200


async def test_a_cookie_goes_into_no_later_request(server: ModelServer) -> None:
    server.failures = [Failure(500, {"set-cookie": "who=canary; Path=/"})]
    async with GuardedClient(AddressGuard.read("127.0.0.1")) as client:
        for _ in range(2):
            await ask(client, f"{server.base_url}/chat/completions")
    assert "canary" not in str([dict(asked.headers) for asked in server.requests])


@pytest.mark.parametrize("size", [10, 1_000_000])
async def test_a_request_of_any_size_arrives_whole(server: ModelServer, size: int) -> None:
    said = "x" * size
    async with GuardedClient(AddressGuard.read("127.0.0.1")) as client:
        for _ in range(2):
            body = {"model": "m", "messages": [{"role": "system", "content": said}]}
            assert (
                await client.post(f"{server.base_url}/chat/completions", json=body, timeout=FACT)
            ).status_code == 200
    assert [asked.texts for asked in server.requests] == [[said], [said]]


async def test_a_server_that_answers_before_it_has_read_all_is_heard() -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as early:
        port = early.sockets[0].getsockname()[1]
        async with GuardedClient(AddressGuard.read("127.0.0.1")) as client:
            answer = await client.post(f"http://127.0.0.1:{port}/v1", content=b"x" * 10_000_000, timeout=FACT)
        await ended.wait()
    assert answer.status_code == 413


@asynccontextmanager
async def serving_tls(folder: Path, name: str) -> AsyncIterator[tuple[int, list[str | None]]]:
    """An HTTPS server with its own certificate, for `name`; its port, and the names that it was called by."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM)
    (folder / "authority.pem").write_bytes(pem)
    (folder / "server.pem").write_bytes(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    names: list[str | None] = []
    context.sni_callback = lambda _, asked, __: names.append(asked)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1], names


async def test_the_certificate_must_be_the_names_though_the_connection_goes_to_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving_tls(tmp_path, "model.example") as (port, names):
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        guard = AddressGuard.read("model.example, other.example")
        async with GuardedClient(guard, resolve=Names(["127.0.0.1"])) as client:
            assert (await client.get(f"https://model.example:{port}/v1")).status_code == 200
            with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await client.get(f"https://other.example:{port}/v1")
    assert names == ["model.example", "other.example"]


class Proxy:
    """Takes requests in absolute form, answers each by itself, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.split(b" ")[1].decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()


@pytest.fixture
async def proxy(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    async with Proxy() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        yield proxy


async def test_the_operators_proxy_is_used_though_its_own_address_is_private(proxy: Proxy) -> None:
    async with GuardedClient(AddressGuard(), resolve=Names(["8.8.8.8"])) as client:
        assert (await ask(client, "http://model.example/v1")).status_code == 200
    assert proxy.asked == ["http://model.example/v1"]


async def test_a_private_target_is_refused_before_a_proxy_is_asked(proxy: Proxy) -> None:
    async with GuardedClient(AddressGuard(), resolve=Names(["169.254.169.254"])) as client:
        for _ in range(2):
            with pytest.raises(PrivateAddress):
                await ask(client, "http://model.example/v1")
    assert proxy.asked == []


async def test_a_name_that_only_the_proxy_knows_is_left_to_it(proxy: Proxy) -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    async with GuardedClient(AddressGuard(), resolve=unknown) as client:
        assert (await ask(client, "http://model.example/v1")).status_code == 200


async def test_what_is_exempt_from_the_proxy_is_guarded_all_the_same(
    proxy: Proxy, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    async with GuardedClient(AddressGuard()) as client:
        with pytest.raises(PrivateAddress):
            await ask(client, f"{server.base_url}/chat/completions")
    assert (proxy.asked, server.requests) == ([], [])


async def test_the_servers_key_never_goes_to_an_address_that_a_bot_chose(server: ModelServer) -> None:
    said = await refusal({"base_url": server.base_url}, allowed="127.0.0.1")
    assert "OPENAI_API_KEY" in said
    assert server.requests == []


async def test_nothing_of_the_servers_environment_goes_to_an_address_that_a_bot_chose(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {
        "OPENAI_API_KEY": KEY,
        "OPENAI_ADMIN_KEY": "canary-admin",
        "OPENAI_ORG_ID": "canary-organisation",
        "OPENAI_PROJECT_ID": "canary-project",
        "OPENAI_CUSTOM_HEADERS": "Authorization: Bearer canary-key\nX-Gateway: canary-gateway",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    config = {"base_url": server.base_url, "api_key": "sk-of-anna"}
    async with open_models(config, allowed="127.0.0.1", environment=environment) as [model]:
        await model.reply(HELLO)
    sent = server.requests[0].headers
    assert sent["authorization"] == "Bearer sk-of-anna"
    assert "canary" not in str(dict(sent))


async def test_what_openais_clients_read_of_the_environment_goes_to_the_servers_own(server: ModelServer) -> None:
    environment = {
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": server.base_url,
        "OPENAI_ORG_ID": "org-1",
        "OPENAI_PROJECT_ID": "proj-1",
        "OPENAI_CUSTOM_HEADERS": "X-Gateway: one\nno header\nX-Other : two:three",
    }
    async with open_models({}, environment=environment) as [model]:
        await model.reply(HELLO)
    sent = server.requests[0].headers
    told = [sent[name] for name in ("openai-organization", "openai-project", "x-gateway", "x-other")]
    assert told == ["org-1", "proj-1", "one", "two:three"]
    assert sent["authorization"] == f"Bearer {KEY}"


def problems(config: Mapping[str, Any], environment: Mapping[str, str], allowed: str | None = None) -> dict[str, str]:
    """What is wrong with a config at PUT, by field."""
    guard = AddressGuard.read(allowed) if allowed else AddressGuard()
    secrets = {name: SecretStr(value) for name, value in environment.items()}
    try:
        OpenAiProvider.Config.model_validate(
            {"model": "gpt-4", **config}, context={"secret": secrets.get, "addresses": guard}
        )
    except ValidationError as error:
        return {str(problem["loc"][0]): problem["msg"] for problem in error.errors()}
    return {}


def test_a_private_base_url_is_refused_at_once_with_the_cure() -> None:
    config = {"base_url": "http://localhost:11434/v1", "api_key": "ollama"}
    found = problems(config, {})
    assert list(found) == ["base_url"]
    assert found["base_url"].endswith("adds localhost:11434 to IMPOSTER_ALLOW_PRIVATE_URLS")
    assert problems(config, {}, "localhost:11434") == {}
    assert problems(config, {"OPENAI_BASE_URL": "http://localhost:11434/v1"}) == {}


@pytest.mark.parametrize(
    ("base_url", "servers_url"),
    [
        ("https://models.example/v1", None),
        ("http://api.openai.com/v1", None),
        ("https://api.openai.com:8443/v1", None),
        ("https://api.openai.com/v1", "https://models.example/v1"),
        ("https://api.openai.com/v1", "no address at all"),
    ],
)
def test_another_server_than_the_one_the_servers_key_is_for_wants_its_own_key(
    base_url: str, servers_url: str | None
) -> None:
    environment = {"OPENAI_API_KEY": KEY} | ({"OPENAI_BASE_URL": servers_url} if servers_url else {})
    found = problems({"base_url": base_url}, environment)
    assert list(found) == ["api_key"]
    assert "OPENAI_API_KEY goes to the server's own address alone" in found["api_key"]
    assert problems({"base_url": base_url, "api_key": "x"}, environment) == {}


@pytest.mark.parametrize(
    ("base_url", "servers_url"),
    [
        ("https://api.openai.com/v1", None),
        ("https://API.openai.com:443/v1/", None),
        ("https://models.example/other", "https://models.example/v1"),
    ],
)
def test_the_servers_own_address_spelled_out_does_with_the_servers_key(base_url: str, servers_url: str | None) -> None:
    environment = {"OPENAI_API_KEY": KEY} | ({"OPENAI_BASE_URL": servers_url} if servers_url else {})
    assert problems({"base_url": base_url}, environment) == {}


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com\\@models.example/v1",
        "https://models.example\\.api.openai.com/v1",
        "https://api.openai.com\n.models.example/v1",
        "https://api.openai.com /v1",
        "https://api.\uff4fpenai.com/v1",
    ],
)
def test_a_url_that_two_readers_may_read_differently_is_refused(url: str) -> None:
    assert list(problems({"base_url": url}, {"OPENAI_API_KEY": KEY})) == ["base_url"]
