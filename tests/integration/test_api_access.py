"""Who gets in, and what comes of input that means harm, against the whole application."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import WebSocket
from fastapi.routing import iter_route_contexts
from starlette.types import ASGIApp, Message, Scope

from imposter.web.auth import PAGES
from imposter.web.middleware import MAX_BODY_BYTES, BodyLimit
from tests.house import House
from tests.integration.api_house import KEY, config, open_api, serving
from tests.timeouts import FACT

BEARER = {"Authorization": f"Bearer {KEY}"}
JSON = {"Content-Type": "application/json"}


def assert_problem(response: httpx2.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    body: dict[str, Any] = response.json()
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert body["status"] == status
    return body


async def test_every_route_but_the_health_check_wants_the_key(tmp_path: Path) -> None:
    async with open_api(tmp_path, key=KEY) as api:
        tried = 0
        for route in iter_route_contexts(api.app.routes):
            for method in sorted(route.methods or ()):
                path = str(route.path).replace("{instance_id}", "any")
                if PAGES.fullmatch(path):
                    continue
                response = await api.client.request(method, path)
                if path == "/healthz":
                    assert response.status_code == 200
                    continue
                assert response.status_code == 401, (method, path)
                assert response.headers["www-authenticate"] == "Bearer"
                tried += 1
        assert tried > 15
        assert_problem(await api.client.get("/no/such/route"), 401)


async def test_every_page_but_the_one_to_sign_in_wants_a_session(tmp_path: Path) -> None:
    async with open_api(tmp_path, key=KEY) as api:
        tried = 0
        for route in iter_route_contexts(api.app.routes):
            path = str(route.path).replace("{instance_id}", "any")
            if not PAGES.fullmatch(path) or path == "/login" or path.startswith("/static/"):
                continue
            for method in sorted(route.methods or ()):
                response = await api.client.request(method, path)
                assert (response.status_code, response.text) == (303, ""), (method, path)
                assert response.headers["location"].startswith("/login")
                tried += 1
            part = await api.client.get(path, headers={"HX-Request": "true"})
            assert (part.status_code, part.headers["hx-redirect"]) == (401, "/login")
        assert tried > 10


async def test_a_session_opens_pages_and_nothing_else(tmp_path: Path) -> None:
    async with open_api(tmp_path, key=KEY) as api:
        signed_in = await api.client.post("/login", data={"key": KEY})
        assert signed_in.status_code == 303
        cookie = signed_in.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert (await api.client.get("/new")).status_code == 200
        assert_problem(await api.client.get("/chatbot"), 401)
        assert_problem(await api.client.put("/chatbot", json=[config()]), 401)
        foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
        assert_problem(await api.client.post("/logout", headers=foreign), 403)
        for form in ({}, {"form_token": "a guess"}):
            refused = await api.client.post("/logout", data=form)
            assert refused.status_code == 403
            assert "not sent by this page" in refused.text
        assert (await api.client.get("/new")).status_code == 200


async def test_a_session_of_another_key_is_none(tmp_path: Path) -> None:
    async with open_api(tmp_path, key=KEY) as api:
        assert (await api.client.post("/login", data={"key": KEY})).status_code == 303
        cookies = dict(api.client.cookies)
    async with open_api(tmp_path, key=f"another-{KEY}") as api:
        api.client.cookies.update(cookies)
        assert (await api.client.get("/new")).status_code == 303


async def test_odd_addresses_of_pages_are_told_in_words_and_never_as_markup(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await api.create("<b>anna</b>")
        token = re.findall('name="form_token" value="([0-9a-f]+)"', (await api.client.get("/new")).text)[0]
        for number in ("0", "-1", "9223372036854775808", "99999999999999999999999", "abc"):
            for address in (f"/bots/{instance_id}/messages/{number}/why", f"/bots/{instance_id}/chats?before={number}"):
                assert (await api.client.get(address)).status_code in (404, 422), address
            for address in (f"drafts/{number}", f"letters/{number}/retry", f"letters/{number}/remove"):
                sent = {"form_token": token, "do": "send"}
                answer = await api.client.post(f"/bots/{instance_id}/{address}", data=sent)
                assert answer.status_code in (404, 422), address
        for address in ("chat?chat=", f"chat?chat={'z' * 300}", "chat?chat=%00", "do/explode", "chat?chat=<img src=x>"):
            answer = await api.client.get(f"/bots/{instance_id}/{address}")
            assert answer.status_code < 500, address
            assert "<img src=x>" not in answer.text
            assert "<b>anna" not in answer.text


async def test_keys_cannot_be_tried_at_will(tmp_path: Path) -> None:
    async with open_api(tmp_path, key=KEY) as api:
        for _ in range(5):
            assert (await api.client.post("/login", data={"key": "wrong"})).status_code == 401
        blocked = await api.client.post("/login", data={"key": "wrong"})
        assert blocked.status_code == 429
        assert 0 < int(blocked.headers["retry-after"]) <= 60
        assert (await api.client.post("/login", data={"key": KEY})).status_code == 429
        async with api.reach("192.0.2.7") as other:
            assert (await other.post("/login", data={"key": KEY})).status_code == 303
        async with api.reach("192.0.2.7") as other:
            for _ in range(6):
                await other.post("/login", data={"key": "wrong"})
            assert (await other.post("/login", data={"key": KEY})).status_code == 303, "they got in from here before"


async def test_signing_in_leads_to_pages_of_this_server_alone(tmp_path: Path) -> None:
    async with open_api(tmp_path, key=KEY) as api:
        for behind in ("https://evil.example/", "//evil.example", "/\\evil.example", "/\tevil", "javascript:1", ""):
            async with api.reach() as client:
                answer = await client.post("/login", data={"key": KEY, "next": behind})
                assert (answer.status_code, answer.headers["location"]) == (303, "/"), behind
        answer = await api.client.post("/login", data={"key": KEY, "next": "/bots/any/link"})
        assert answer.headers["location"] == "/bots/any/link"


async def test_a_page_is_sent_with_a_policy_that_lets_nothing_foreign_in(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        for path in ("/new", "/bots/none", "/login"):
            answer = await api.client.get(path, follow_redirects=True)
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["cache-control"] == "no-store"
            assert "style=" not in answer.text


async def test_the_key_lets_in_from_anywhere(tmp_path: Path) -> None:
    async with open_api(tmp_path, key=KEY) as api, api.reach("203.0.113.7", "https://bots.example") as far:
        assert (await far.get("/chatbot", headers=BEARER)).status_code == 200
        assert (await far.get("/docs", headers=BEARER)).status_code == 200
        assert_problem(await far.get("/chatbot", headers={"Authorization": "Bearer wrong"}), 401)
        assert_problem(await far.get("/openapi.json"), 401)
        for page in ("/docs", "/docs/openapi.json"):
            assert (await far.get(page)).headers["location"].startswith("/login")


async def test_without_a_key_only_this_machine_gets_in(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api, api.reach("203.0.113.7") as far, api.reach(host="http://bots.example") as by:
        for stranger in (far, by):
            for path in ("/chatbot", "/docs", "/openapi.json", "/readyz", "/no/such/route"):
                assert "IMPOSTER_API_KEY" in assert_problem(await stranger.get(path), 403)["detail"]
            assert (await stranger.get("/healthz")).json()["status"] == "ok"
        assert (await api.client.get("/chatbot")).status_code == 200


async def test_ready_says_that_bots_can_be_worked_with(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        await api.create()
        assert (await api.client.get("/readyz")).status_code == 200
        assert (await api.client.get("/healthz")).status_code == 200


async def test_a_server_that_has_not_started_serves_nobody(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        del api.app.state.api_key
        assert_problem(await api.client.get("/chatbot"), 500)


async def test_unknown_addresses_and_methods_are_problems(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        for path in ("/chatbot/", "/chatbot/none", "/chatbot/none/status", "/chatbot/none/messages", "/docs/x"):
            assert_problem(await api.client.get(path), 404)
        for path in ("/chatbot/..%2f..%2fetc/status", "/chatbot/%ff", "/chatbot/a%0d%0ab"):
            assert_problem(await api.client.get(path), 404)
        assert_problem(await api.client.get("/chatbot/%00/status"), 400)
        refused = await api.client.patch("/chatbot/none")
        assert_problem(refused, 405)
        assert refused.headers["allow"] == "DELETE, GET"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "EOF"),
        (b"[", "EOF"),
        (b"[] []", "trailing"),
        (b"{'a': 1}", "key must be a string"),
        (b'[{"a": NaN}]', "expected value"),
        (b'[{"a": -Infinity}]', "invalid number"),
        (b'[{"a": 1e999}]', "a number is too large"),
        (b"[" + b"9" * 5000 + b"]", "number out of range"),
        (b"[" * 100_000, "recursion limit"),
        (b'[{"a": "\\ud800"}]', "hex escape"),
        (b'["\xff\xfe"]', "unicode"),
        ("[]".encode("utf-16"), "expected value"),
        (b'[{"user_id": "a", "user_id": "b"}]', "'user_id' stands twice"),
        (b"{" + b",".join(b'"%d": 1' % n for n in range(50_000)) + b', "7": 1}', "'7' stands twice"),
        (b'["\x00"]', "control character"),
    ],
)
async def test_what_is_no_clean_json_is_refused(tmp_path: Path, body: bytes, word: str) -> None:
    async with open_api(tmp_path) as api:
        problem = assert_problem(await api.client.put("/chatbot", content=body, headers=JSON), 400)
        assert word in problem["detail"]
        assert len(problem["detail"]) < 200


async def test_deep_but_bounded_json_is_read(tmp_path: Path) -> None:
    deep: Any = "end"
    for _ in range(150):
        deep = [deep]
    async with open_api(tmp_path) as api:
        free = {"provider_name": "model", "provider_config": {"deep": deep}}
        instance_id = await api.create(llm_provider_config=free)
        shown = (await api.client.get(f"/chatbot/{instance_id}")).json()["config"]
        assert shown["llm_provider_config"] == free


async def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        body = b"\xef\xbb\xbf" + json.dumps([config()]).encode()
        assert (await api.client.put("/chatbot", content=body, headers=JSON)).status_code == 200


@pytest.mark.parametrize("declared", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
async def test_a_body_that_is_not_declared_as_json_is_refused(tmp_path: Path, declared: str | None) -> None:
    async with open_api(tmp_path) as api:
        headers = {} if declared is None else {"Content-Type": declared}
        problem = assert_problem(await api.client.put("/chatbot", content=b"[]", headers=headers), 415)
        assert "application/json" in problem["detail"]
        for fine in ("application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"):
            assert (await api.client.put("/chatbot", content=b"[]", headers={"Content-Type": fine})).is_success


async def test_an_error_that_nobody_foresaw_tells_nothing_of_our_insides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def burst(house: House) -> None:
        def fail() -> None:
            raise RuntimeError("an inside with sk-secret")

        house.bots.all = fail  # type: ignore[method-assign, assignment]

    async with open_api(tmp_path, spoil=burst) as api:
        response = await api.client.get("/chatbot")
        assert_problem(response, 500)
        assert "inside" not in response.text
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines() if "request failed" in line]
    assert (line["error"], line["method"]) == ("RuntimeError", "GET")
    assert "fail" in line["trace"][-1]
    assert "inside" not in str(line)


async def exchange(port: int, *parts: bytes) -> bytes:
    """Everything that the server says to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(FACT):
        for part in parts:
            writer.write(part)
            await writer.drain()
        answer = await reader.read()
    writer.close()
    return answer


def head(port: int, *lines: str, method: str = "PUT") -> bytes:
    fixed = (f"{method} /chatbot HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close")
    return "\r\n".join((*fixed, "Content-Type: application/json", *lines, "", "")).encode()


async def test_a_body_that_is_too_large_is_refused_whether_its_length_is_told_or_not(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api, serving(api) as port:
        told = await exchange(port, head(port, f"Content-Length: {MAX_BODY_BYTES + 1}"))
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        chunked = await exchange(port, head(port, "Transfer-Encoding: chunked"), *[chunk] * 17)
        for answer in (told, chunked):
            assert answer.startswith(b"HTTP/1.1 413 "), answer[:200]
            assert b"application/problem+json" in answer
            assert b"1048576" in answer
        body = b"[]".ljust(MAX_BODY_BYTES)
        fits = await exchange(port, head(port, f"Content-Length: {len(body)}"), body)
        assert fits.startswith(b"HTTP/1.1 200 ")


async def says(app: ASGIApp, scope: Scope, *heard: Message) -> list[str | int]:
    """The kinds of messages that the application sends to a client from which it hears these and then nothing more.

    An answer begins with its status.
    """
    said: list[str | int] = []
    left = iter(heard)

    async def receive() -> Message:
        for message in left:
            return message
        return await asyncio.Future()

    async def send(message: Message) -> None:
        said.append(message.get("status", message["type"]))

    fixed: Scope = {"path": "/live", "scheme": "http", "client": ("127.0.0.1", 1), "headers": [], "query_string": b""}
    await app({**fixed, **scope}, receive, send)
    return said


async def test_a_web_socket_gets_in_no_easier_than_a_request(tmp_path: Path) -> None:
    async with open_api(tmp_path, key=KEY) as api:

        @api.app.websocket("/live")
        async def live(socket: WebSocket) -> None:
            await socket.accept()

        scope: Scope = {"type": "websocket", "scheme": "ws"}
        connect = {"type": "websocket.connect"}
        assert await says(api.app, scope, connect) == ["websocket.close"]
        with_key = {**scope, "headers": [(b"authorization", BEARER["Authorization"].encode())]}
        assert await says(api.app, with_key, connect) == ["websocket.accept"]


async def test_a_sender_that_hangs_up_is_no_error(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
        scope: Scope = {"type": "http", "method": "PUT", "path": "/chatbot", "headers": headers}
        part = {"type": "http.request", "body": b"[", "more_body": True}
        assert await says(api.app, scope, part, {"type": "http.disconnect"}) == []


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
        scope: Scope = {"type": "http", "method": "PUT", "path": "/chatbot", "headers": headers}
        part = {"type": "http.request", "body": b"[", "more_body": True}
        assert await says(BodyLimit(api.app, seconds=0.05), scope, part) == [408, "http.response.body"]


async def test_hostile_items_get_an_answer_each_and_never_an_error_of_ours(tmp_path: Path) -> None:
    texts = [
        "../../x",
        "a/../b",
        "C:\\con",
        "__import__('os')",
        "os.system",
        "dummy.py",
        "chat_providers.dummy",
        "\x00",
    ]
    texts += ["\u202eevil", "a" * 100_000, "🙂" * 200, "${jndi:ldap://x}", "<script>", "%s%s%n", "{0.__class__}"]
    things: list[Any] = [*texts, 0, -1, 10**400, 1e308, True, None, [], {}, [[]], {"a": {"b": [None]}}]
    items: list[Any] = []
    for thing in things:
        items += [config(user_id) | {field: thing} for user_id, field in ((f"{len(items)}", name) for name in config())]
        for field in ("chat_provider_config", "llm_provider_config"):
            items.append(config(f"p{len(items)}") | {field: {"provider_name": thing}})
            items.append(config(f"c{len(items)}") | {field: {"provider_name": "dummy", "provider_config": thing}})
        items.append(config(f"q{len(items)}", queue_config={"max_messages": thing, "max_days": thing}))
        items.append(config(f"w{len(items)}", respond_to_whitelist=thing))
        items.append(thing)
    async with open_api(tmp_path) as api:
        for start in range(0, len(items), 8):
            response = await api.put(*items[start : start + 8])
            if len(response.request.content) > MAX_BODY_BYTES:
                continue
            assert response.status_code in (200, 207, 422), response.text[:300]
            assert len(response.json()) == len(items[start : start + 8])
            assert len(response.text) < 20_000
        assert (await api.client.get("/chatbot")).status_code == 200
