"""Who gets in, decided on the bare facts of a request."""

import pytest
from pydantic import SecretStr
from starlette.datastructures import Headers

from imposter.web.auth import refusal

KEY = SecretStr("correct-horse-battery")
LOCAL = {"host": "127.0.0.1:8000"}


def ask(
    *,
    path: str = "/chatbot",
    client: str | None = "127.0.0.1",
    headers: dict[str, str] | list[tuple[str, str]] = LOCAL,
    key: SecretStr | None = None,
    scheme: str = "http",
) -> int:
    """The status of the refusal; 200 for none."""
    pairs = headers.items() if isinstance(headers, dict) else headers
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs]
    refused = refusal(path, client, scheme, Headers(raw=raw), key)
    return 200 if refused is None else refused.status


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000", "127.1.2.3"])
def test_a_program_on_this_machine_is_served_without_a_key(client: str, host: str) -> None:
    assert ask(client=client, headers={"host": host}) == 200


@pytest.mark.parametrize("client", [None, "", "testclient", "10.0.0.7", "192.168.1.2", "::ffff:10.0.0.7", "fe80::1"])
def test_another_machine_is_not_served_without_a_key(client: str | None) -> None:
    assert ask(client=client) == 403


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "localhost.evil.example", "evil.example:8000", "127.0.0.1.nip.io", "127.0.0.1@evil"),
        *("0.0.0.0", "10.0.0.7", "localhost:", "localhost:80:80", "[::1", "::1", "localhost\x00", "127.0.0.1 "),
    ],
)
def test_a_name_that_only_leads_to_this_machine_is_not_served(host: str) -> None:
    assert ask(headers={"host": host}) == 403


def test_no_host_and_two_hosts_are_not_served() -> None:
    assert ask(headers={}) == 403
    assert ask(headers=[("host", "localhost"), ("host", "evil.example")]) == 403


@pytest.mark.parametrize(
    "header",
    [
        *("Forwarded", "X-Forwarded-For", "x-forwarded-host", "X-Forwarded-Anything", "X-Real-IP", "Via"),
        *("CF-Connecting-IP", "True-Client-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-Original-Forwarded-For"),
        *("Forwarded-For", "Client-IP", "Fly-Client-IP", "X-Original-Host", "X-ProxyUser-Ip"),
        *("X-Envoy-External-Address", "X-Azure-ClientIP", "Fastly-Client-IP"),
    ],
)
def test_a_proxy_is_not_served_even_if_it_runs_here(header: str) -> None:
    assert ask(headers={**LOCAL, header: "127.0.0.1"}) == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://127.0.0.1:8000"}, 200),
        ({"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:3000"}, 403),
        ({"origin": "https://127.0.0.1:8000"}, 403),
        ({"origin": "http://localhost:8000"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
    ],
)
def test_a_page_of_another_site_in_a_local_browser_is_not_served(headers: dict[str, str], status: int) -> None:
    assert ask(headers=LOCAL | headers) == status


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("Bearer correct-horse-battery", 200),
        ("bearer correct-horse-battery", 200),
        ("Bearer  correct-horse-battery ", 200),
        ("Bearer correct-horse-batterx", 401),
        ("Bearer correct-horse-battery2", 401),
        ("Bearer correct-horse", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("", 401),
        ("Basic correct-horse-battery", 401),
        ("correct-horse-battery", 401),
        ("Bearer \xe9\xff", 401),
    ],
)
def test_with_a_key_only_the_key_counts(sent: str, status: int) -> None:
    far = {"host": "bots.example", "x-forwarded-for": "8.8.8.8", "origin": "https://bots.example"}
    assert ask(client="10.0.0.7", headers=far | {"authorization": sent}, key=KEY) == status
    assert ask(headers=LOCAL | {"authorization": sent}, key=KEY) == status


def test_being_local_does_not_replace_the_key() -> None:
    assert ask(key=KEY) == 401


def test_two_authorizations_are_none() -> None:
    twice = [("authorization", "Bearer correct-horse-battery"), ("authorization", "Bearer x")]
    assert ask(headers=twice, key=KEY) == 401


def test_a_key_outside_of_ascii_works() -> None:
    key = "schlüssel-für-später"
    assert ask(headers={"authorization": f"Bearer {key.encode().decode('latin-1')}"}, key=SecretStr(key)) == 200


@pytest.mark.parametrize(
    "path", ["/healthz/", "//healthz", "/HEALTHZ", "/healthz/../chatbot", "/docs", "/openapi.json"]
)
def test_only_the_health_check_is_open(path: str) -> None:
    assert ask(path="/healthz", client="10.0.0.7", key=KEY) == 200
    assert ask(path=path, client="10.0.0.7", key=KEY) == 401
    assert ask(path=path, client="10.0.0.7") == 403


def test_the_refusal_names_the_cure() -> None:
    refused = refusal("/chatbot", "10.0.0.7", "http", Headers(raw=[]), None)
    assert refused is not None
    assert "IMPOSTER_API_KEY" in refused.detail
