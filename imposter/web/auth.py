"""Access control.

With a key, every request that has the key is served. Without one, only programs of the server's own user (or root) on
this machine are, and only if they talk to the server directly: not programs of other users, not a proxy that forwards
for somebody else, and not a web page of another site in a local browser.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from urllib.parse import quote

import structlog
from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from imposter.contracts.errors import StorageError
from imposter.web.login_throttle import LoginThrottle, TooManyTries
from imposter.web.problems import problem
from imposter.web.sessions import Sessions, keep

log = structlog.get_logger()

OPEN_PATHS = frozenset({"/healthz"})
PAGES = re.compile(r"/|/(bots|docs|figures|login|logout|new|static)(/.*)?")
"""Paths of the pages for browsers. A signed-in user sees them."""
WITHOUT_A_SESSION = re.compile(r"/login|/static/.*")

_LOOPBACK_HOST = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?", re.IGNORECASE)
_FORWARDED = frozenset(
    {
        *("forwarded", "forwarded-for", "x-original-forwarded-for", "x-original-host", "via"),
        *("x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-proxyuser-ip", "x-envoy-external-address"),
        *("client-ip", "true-client-ip", "cf-connecting-ip", "fastly-client-ip", "fly-client-ip", "x-azure-clientip"),
    }
)
"""Headers with which proxies and content delivery networks name the client that they forward for."""

_SET_A_KEY = "To open this server to others, set IMPOSTER_API_KEY and send it as Authorization: Bearer KEY."


@dataclass(frozen=True, slots=True)
class AccessRefusal:
    """The reason for which a request is not served."""

    status: HTTPStatus
    detail: str
    headers: Mapping[str, str] | None = None


def refusal(
    path: str, client: str | None, scheme: str, headers: Headers, api_key: SecretStr | None, version: str = "1.1"
) -> AccessRefusal | None:
    """Return why a request must not be served, or None if it may be.

    `client` is the address of the connection's other end. Without a key, the caller must also check whose connection it
    is.
    """
    if path in OPEN_PATHS:
        return None
    if api_key is not None:
        return None if _has_key(headers, api_key) else AccessRefusal(HTTPStatus.UNAUTHORIZED, _WANTS_KEY, _BEARER)
    reason = _not_local(client, scheme, headers, version)
    return AccessRefusal(HTTPStatus.FORBIDDEN, f"{reason} {_SET_A_KEY}") if reason else None


_FOREIGN = "The request was made by a web page of another site."
_PROXY = (
    "The request shows that it came through a proxy (by a forwarding header, or HTTP/1.0), and without a key this "
    "server serves its own machine only."
)
_NOT_OURS = (
    "The request came from another user of this machine, or through a proxy that runs as one, and without a key this "
    "server serves the user that it runs as and root only."
)
_BEARER = {"WWW-Authenticate": "Bearer"}
_WANTS_KEY = "This server wants its key (IMPOSTER_API_KEY): send it as Authorization: Bearer KEY."


def _has_key(headers: Headers, api_key: SecretStr) -> bool:
    sent = headers.getlist("authorization")
    scheme, _, key = sent[0].partition(" ") if len(sent) == 1 else ("", "", "")
    expected = api_key.get_secret_value().encode()
    return hmac.compare_digest(key.strip().encode("latin-1"), expected) and scheme.lower() == "bearer"


def _tries_a_key(headers: Headers) -> bool:
    """Return whether the request tries a key. Other kinds of access, such as a password for a proxy, do not count."""
    return any(sent[:7].lower().strip() == "bearer" for sent in headers.getlist("authorization"))


def _not_local(client: str | None, scheme: str, headers: Headers, version: str) -> str | None:
    """Return why a request cannot be a local program's own, or None."""
    if client is None:
        return "Without a key this server listens on 127.0.0.1 only: on a unix socket it does not see who asks."
    if not _is_loopback(client):
        return "Without a key this server serves its own machine only, by 127.0.0.1 or localhost."
    if any(name in _FORWARDED or name.startswith("x-forwarded-") for name in headers):
        return _PROXY
    if version == "1.0":  # the default version of proxies, and of hardly any current program
        return f"The request is of HTTP/1.0. {_PROXY}"
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _LOOPBACK_HOST.fullmatch(hosts[0]):
        return "Without a key this server is reached as 127.0.0.1 or localhost only."
    origins = headers.getlist("origin")
    if any(origin.lower() != f"{scheme}://{hosts[0]}".lower() for origin in origins):
        return _FOREIGN
    if any(not sent.lower().startswith(f"{scheme}://{hosts[0]}/".lower()) for sent in headers.getlist("referer")):
        return _FOREIGN
    if any(sent.lower() not in ("none", "same-origin") for sent in headers.getlist("sec-fetch-site")):
        return _FOREIGN
    return None


def _is_loopback(client: str | None) -> bool:
    try:
        address = ip_address(client or "")
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


class AccessMiddleware:
    """Serves only requests that `refusal` allows, and without a key only connections of this user.

    `app.state.api_key` is the key; `app.state.peers` decides whose a connection is.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers, sessions = Headers(scope=scope), scope["app"].state.sessions
        refused = await self._refusal(scope, headers)
        if refused is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        elif sessions is not None and PAGES.fullmatch(scope["path"]):
            await self._show(sessions, headers, refused, scope, receive, send)
        else:
            await problem(refused.status, refused.detail, headers=refused.headers)(scope, receive, send)

    async def _refusal(self, scope: Scope, headers: Headers) -> AccessRefusal | None:
        state, path = scope["app"].state, scope["path"]
        client = scope["client"][0] if scope.get("client") else None
        scheme = scope["scheme"].replace("ws", "http", 1)
        refused = refusal(path, client, scheme, headers, state.api_key, scope.get("http_version", "1.1"))
        if path in OPEN_PATHS:
            return None
        if state.api_key is None:
            if refused is None and not await state.peers.are_ours(scope["client"], scope.get("server")):
                return AccessRefusal(HTTPStatus.FORBIDDEN, f"{_NOT_OURS} {_SET_A_KEY}")
            return refused
        tries: LoginThrottle = state.sessions.tries
        if refused is None:
            tries.right(client)
        elif _tries_a_key(headers):
            try:
                tries.wrong(client)
            except TooManyTries as wait:
                return AccessRefusal(HTTPStatus.TOO_MANY_REQUESTS, str(wait), {"Retry-After": str(wait.seconds)})
        return refused

    async def _show(
        self, sessions: Sessions, headers: Headers, refused: AccessRefusal, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve a page of a server that has a key, or redirect to the sign-in."""
        if headers.get("sec-fetch-site", "none").lower() not in ("none", "same-origin") and scope["method"] != "GET":
            await problem(HTTPStatus.FORBIDDEN, _FOREIGN)(scope, receive, send)
            return
        try:
            token = await sessions.find(headers)
        except StorageError as error:
            log.error("nobody knows who is signed in", cause=str(error))
            await problem(HTTPStatus.SERVICE_UNAVAILABLE, "The server's database does not answer.")(
                scope, receive, send
            )
            return
        if token is not None:
            keep(scope, token)
        elif refused.status == HTTPStatus.TOO_MANY_REQUESTS:
            await problem(refused.status, refused.detail, headers=refused.headers)(scope, receive, send)
            return
        elif not WITHOUT_A_SESSION.fullmatch(scope["path"]):
            await _to_sign_in(scope, headers)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _to_sign_in(scope: Scope, headers: Headers) -> Response:
    """Return a response that leads to the sign-in.

    A part of a page or a stream cannot redirect, so the whole page must.
    """
    if headers.get("hx-request") == "true":
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": "/login"})
    behind = f"?next={quote(scope['path'], safe='/')}" if scope["method"] == "GET" and scope["path"] != "/" else ""
    return RedirectResponse(f"/login{behind}", HTTPStatus.SEE_OTHER)
