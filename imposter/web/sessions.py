"""Sessions of signed-in browsers, and the tokens in their forms.

A browser gets a random token in a cookie. The database stores only an HMAC of it under the server's key, so its content
cannot be used to sign in, and a server with another key does not accept it.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import MutableMapping
from typing import Any

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from imposter.storage.owner.web_sessions import LONGEST, WebSessionStore
from imposter.web.login_throttle import LoginThrottle

Scope = MutableMapping[str, Any]

COOKIE = "imposter_session"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,256}")
_KEPT = "imposter.session"
"""Key of the session's token in a request's scope."""


class Sessions:
    """The sessions of a server that has a key."""

    def __init__(self, store: WebSessionStore, key: SecretStr, tries: LoginThrottle) -> None:
        self._store = store
        self._key = key
        self.tries = tries

    async def begin(self, key: str, address: str | None) -> str | None:
        """Start a session and return its token, or None if the key is wrong. Raises: TooManyTries, StorageError."""
        self.tries.check(address)
        if not hmac.compare_digest(key.strip().encode(), self._key.get_secret_value().encode()):
            self.tries.wrong(address)
            return None
        self.tries.right(address)
        token = secrets.token_urlsafe(32)
        await self._store.begin(self._mark(token))
        return token

    async def find(self, headers: Headers) -> str | None:
        """Return the request's token if it belongs to a session. Raises: StorageError."""
        token = _token_in(headers)
        return token if token and await self._store.holds(self._mark(token)) else None

    async def end(self, token: str) -> None:
        await self._store.end(self._mark(token))

    async def end_all(self) -> None:
        await self._store.end_all()

    def _mark(self, token: str) -> str:
        return hmac.new(self._key.get_secret_value().encode(), token.encode(), hashlib.sha256).hexdigest()


def keep(scope: Scope, token: str) -> None:
    """Remember the session's token in a request's scope."""
    scope[_KEPT] = token


def is_signed_in(scope: Scope) -> bool:
    return _KEPT in scope


def token_of(request: Request) -> str | None:
    token: str | None = request.scope.get(_KEPT)
    return token


def form_token(scope: Scope) -> str:
    """Return the token for a form of this page, which no other site can know.

    Without a session it is derived from a secret of the server: a server without a key only serves its own machine.
    """
    secret: str = scope.get(_KEPT) or scope["app"].state.form_secret
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def same_token(scope: Scope, sent: object) -> bool:
    """Return whether the sent form token is valid.

    Always True without a session on a server with a key: there is nothing that another site could abuse.
    """
    if scope["app"].state.sessions is not None and not is_signed_in(scope):
        return True
    return isinstance(sent, str) and hmac.compare_digest(sent.encode(), form_token(scope).encode())


def give_cookie(response: Response, token: str, *, secure: bool) -> None:
    response.set_cookie(
        COOKIE, token, max_age=int(LONGEST.total_seconds()), httponly=True, samesite="strict", secure=secure
    )


def take_cookie(response: Response) -> None:
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


def without_foreign_cookies(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers without cookies other than the session's. Parsing all of them may take quadratic time.

    This concerns `http.cookies` before Python 3.12.6. FastAPI parses cookies for every route, whether it uses them or
    not.
    """
    kept = [header for header in headers if header[0] != b"cookie"]
    if len(kept) != len(headers):
        token = _token_in(Headers(raw=headers))
        kept += [(b"cookie", f"{COOKIE}={token}".encode())] if token else []
    return kept


def _token_in(headers: Headers) -> str | None:
    for header in headers.getlist("cookie"):
        for pair in header.split(";"):
            name, _, value = pair.partition("=")
            if name.strip() == COOKIE:
                token = value.strip()
                return token if _TOKEN.fullmatch(token) else None
    return None
