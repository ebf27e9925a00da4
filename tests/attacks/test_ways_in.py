"""Getting past the key, or past the bound to this machine, by how a request is written."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.product import Product, running
from tests.timeouts import FACT

KEY = "a-key-of-the-tests-0123456789"
ADDRESSES = (
    *("//healthz", "/healthz/", "/healthz/../chatbot", "/healthz/..%2fchatbot", "/healthz%2f..%2fchatbot"),
    *("/HEALTHZ", "/healthz.", "/healthz%00", "/healthz;/chatbot", "/healthz%20", "/./healthz", "/x/../healthz"),
    *("//chatbot", "/chatbot/", "/CHATBOT", "/%63hatbot", "/chatbot?/healthz", "/chatbot#/healthz", "/chatbot%3f"),
    *("/static/../chatbot", "/login/../chatbot", "/static/..%2f..%2fchatbot", "/login%2f..%2fchatbot"),
    *("/loginx", "/static", "/new%0a", "/metrics", "/docs/oauth2-redirect", "*", "http://127.0.0.1/chatbot"),
    *("http://127.0.0.1/healthz/../chatbot", "/login/%2e%2e/chatbot", "/static/%2e%2e/%2e%2e/main.py"),
)
ROUTES = (
    "/chatbot",
    "/metrics",
    "/chatbot/any/messages",
)
HOSTS = (
    *("127.0.0.1.:{port}", "localhost.:{port}", "owner@127.0.0.1:{port}", "127.0.0.1:{port}@evil.example"),
    *("evil.example", "evil.example#127.0.0.1", "127.0.0.1:{port}, evil.example", "127.0.0.1/evil", "[::]:{port}"),
    *("2130706433", "0x7f.1", "127.1", "0", "localhost\\.evil.example", ""),
    None,
)
HEADERS = (
    *(
        "Origin: null",
        "Origin: http://evil.example",
        "Origin: http://127.0.0.1",
        "Origin:",
        "Sec-Fetch-Site: CROSS-SITE",
    ),
    *("Referer: http://evil.example/", "Referer: http://127.0.0.1:{port}.evil.example/", "Referer: about:blank"),
    *(
        "Via: 1.1 proxy",
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-For:",
        "Forwarded: for=127.0.0.1",
        "X-Real-IP: ::1",
    ),
    *("Host: 127.0.0.1:{port}", "Host: evil.example"),
)


@pytest.fixture
async def keyed(tmp_path: Path) -> AsyncIterator[Product]:
    async with running(tmp_path, {"IMPOSTER_API_KEY": KEY}) as product:
        yield product


@pytest.fixture
async def keyless(tmp_path: Path) -> AsyncIterator[Product]:
    async with running(tmp_path) as product:
        yield product


async def status_of(product: Product, start: str, *headers: str, host: str | None = "127.0.0.1:{port}") -> int:
    """What the server answers to a request that is written exactly like this."""
    port = product.api.base_url.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    named = [] if host is None else [f"Host: {host.format(port=port)}"]
    writer.write("\r\n".join((start, *named, "Connection: close", *headers, "", "")).encode("latin-1"))
    async with asyncio.timeout(FACT):
        answer = await reader.readline()
        writer.close()
        return int(answer.split()[1])


async def test_no_way_of_writing_an_address_opens_it(keyed: Product) -> None:
    for path in ADDRESSES:
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "POST"):
            assert await status_of(keyed, f"{method} {path} HTTP/1.1") in (303, 400, 401, 403, 404, 405), (method, path)


async def test_no_method_and_no_override_opens_a_route(keyed: Product) -> None:
    for path in ROUTES:
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "POST", "PROPFIND"):
            for header in ("X-HTTP-Method-Override: GET", "X-Original-URL: /healthz", "X-Rewrite-URL: /healthz"):
                assert await status_of(keyed, f"{method} {path} HTTP/1.1", header) in (400, 401), (method, header)
        upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAA")
        assert await status_of(keyed, f"GET {path} HTTP/1.1", *upgrade) in (400, 401, 403)


async def test_the_key_counts_only_as_one_whole_header(keyed: Product) -> None:
    right = f"Authorization: Bearer {KEY}"
    assert await status_of(keyed, "GET /chatbot HTTP/1.1", right) == 200
    assert await status_of(keyed, "GET /chatbot HTTP/1.1", f"authorization:   bearer   {KEY}  ") == 200
    for headers in (
        (right, "Authorization: Bearer x"),
        ("Authorization: Bearer x", right),
        (right, right),
        (f"{right}, Bearer x",),
        (f"Authorization: Bearer {KEY}\x00",),
        (f"Authorization: Bearer {KEY[:-1]}",),
        (f"Authorization: Bearer{KEY}",),
        (f"Authorization: {KEY}",),
        ("Authorization:", f" Bearer {KEY}"),
        (f"Authorization : Bearer {KEY}",),
        (f"X-Authorization: Bearer {KEY}",),
        (f"Proxy-Authorization: Bearer {KEY}",),
        (f"Cookie: Authorization=Bearer {KEY}; imposter_session={KEY}",),
    ):
        assert await status_of(keyed, "GET /chatbot HTTP/1.1", *headers) in (400, 401, 429), headers
    for path in (f"/chatbot?key={KEY}", f"/chatbot?access_token={KEY}", f"/{KEY}"):
        assert await status_of(keyed, f"GET {path} HTTP/1.1") == 401


async def test_without_a_key_no_other_name_leads_in(keyless: Product) -> None:
    for host in HOSTS:
        assert await status_of(keyless, "GET /chatbot HTTP/1.1", host=host) in (400, 403), host


async def test_without_a_key_no_foreign_page_and_no_proxy_leads_in(keyless: Product) -> None:
    for header in HEADERS:
        sent = header.format(port=keyless.api.base_url.port)
        assert await status_of(keyless, "GET /chatbot HTTP/1.1", sent) in (400, 403), sent


async def test_without_a_key_a_request_as_proxies_make_it_is_refused(keyless: Product) -> None:
    port = keyless.api.base_url.port
    assert await status_of(keyless, "GET /chatbot HTTP/1.0") == 403
    assert await status_of(keyless, f"GET http://127.0.0.1:{port}/chatbot HTTP/1.1", "Via: 1.1 proxy") == 403
    assert await status_of(keyless, "GET /healthz HTTP/1.0") == 200
    own = f"http://127.0.0.1:{port}"
    for fine in (f"Origin: {own}", f"Referer: {own}/new", "Sec-Fetch-Site: same-origin"):
        assert await status_of(keyless, "GET /chatbot HTTP/1.1", fine) == 200
