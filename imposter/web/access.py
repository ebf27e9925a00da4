"""Who gets in.

With a key, whoever has it. Without one, only a program on this very machine that talks to the server directly:
not a proxy that stands in for somebody else, and not a web page of another site in a local browser.
"""

import hmac
import re
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
from imposter.web.problems import problem
from imposter.web.sessions import Sessions, keep

log = structlog.get_logger()

OPEN_PATHS = frozenset({"/healthz"})
PAGES = re.compile(r"/|/(bots|docs|figures|login|logout|new|static)(/.*)?")
"""What a browser is shown: who has signed in there sees it."""
WITHOUT_A_SESSION = re.compile(r"/login|/static/.*")

_LOOPBACK_HOST = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?", re.IGNORECASE)
_FORWARDED = frozenset(
    {
        *("forwarded", "forwarded-for", "x-original-forwarded-for", "x-original-host", "via"),
        *("x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-proxyuser-ip", "x-envoy-external-address"),
        *("client-ip", "true-client-ip", "cf-connecting-ip", "fastly-client-ip", "fly-client-ip", "x-azure-clientip"),
    }
)
"""What proxies and networks that deliver for others tell of whom they stand in for."""

_SET_A_KEY = "To open this server to others, set IMPOSTER_API_KEY and send it as Authorization: Bearer KEY."


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not served."""

    status: HTTPStatus
    detail: str


def refusal(path: str, client: str | None, scheme: str, headers: Headers, api_key: SecretStr | None) -> Refusal | None:
    """Why this request is not to be served; None where it is. `client` is the address that the connection is from."""
    if path in OPEN_PATHS:
        return None
    if api_key is not None:
        return None if _has_key(headers, api_key) else Refusal(HTTPStatus.UNAUTHORIZED, _WANTS_KEY)
    reason = _not_local(client, scheme, headers)
    return Refusal(HTTPStatus.FORBIDDEN, f"{reason} {_SET_A_KEY}") if reason else None


_FOREIGN = "The request was made by a web page of another site."
_WANTS_KEY = "This server wants its key (IMPOSTER_API_KEY): send it as Authorization: Bearer KEY."


def _has_key(headers: Headers, api_key: SecretStr) -> bool:
    sent = headers.getlist("authorization")
    scheme, _, key = sent[0].partition(" ") if len(sent) == 1 else ("", "", "")
    expected = api_key.get_secret_value().encode()
    return hmac.compare_digest(key.strip().encode("latin-1"), expected) and scheme.lower() == "bearer"


def _not_local(client: str | None, scheme: str, headers: Headers) -> str | None:
    """What shows that a request is not a local program's own."""
    if not _is_loopback(client):
        return "Without a key this server serves its own machine only."
    if any(name in _FORWARDED or name.startswith("x-forwarded-") for name in headers):
        return "The request came through a proxy, and without a key this server serves its own machine only."
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _LOOPBACK_HOST.fullmatch(hosts[0]):
        return "Without a key this server is reached as 127.0.0.1 or localhost only."
    origins = headers.getlist("origin")
    if any(origin.lower() != f"{scheme}://{hosts[0]}".lower() for origin in origins):
        return _FOREIGN
    if headers.get("sec-fetch-site", "none").lower() not in ("none", "same-origin"):
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
    """Serves only requests that `refusal` has nothing against; the key is `app.state.api_key`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        client = scope["client"][0] if scope.get("client") else None
        scheme = scope["scheme"].replace("ws", "http", 1)
        headers, path = Headers(scope=scope), scope["path"]
        refused = refusal(path, client, scheme, headers, scope["app"].state.api_key)
        sessions: Sessions | None = scope["app"].state.sessions
        if refused is not None and sessions is not None and scope["type"] == "http" and PAGES.fullmatch(path):
            await self._show(sessions, headers, scope, receive, send)
        elif refused is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            wants = {"WWW-Authenticate": "Bearer"} if refused.status == HTTPStatus.UNAUTHORIZED else None
            await problem(refused.status, refused.detail, headers=wants)(scope, receive, send)

    async def _show(self, sessions: Sessions, headers: Headers, scope: Scope, receive: Receive, send: Send) -> None:
        """A page of a server that has a key."""
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
        elif not WITHOUT_A_SESSION.fullmatch(scope["path"]):
            await _to_sign_in(scope, headers)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _to_sign_in(scope: Scope, headers: Headers) -> Response:
    """A part of a page, or a stream, cannot lead there: the whole page has to."""
    if headers.get("hx-request") == "true":
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": "/login"})
    behind = f"?next={quote(scope['path'], safe='/')}" if scope["method"] == "GET" and scope["path"] != "/" else ""
    return RedirectResponse(f"/login{behind}", HTTPStatus.SEE_OTHER)
