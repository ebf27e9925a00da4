"""The outermost middleware: limits on incoming requests and safe headers on responses."""

import asyncio
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from imposter.logs import trace_of
from imposter.web.problems import problem
from imposter.web.sessions import without_foreign_cookies

log = structlog.get_logger()

MAX_BODY_BYTES = 1024 * 1024
BODY_DEADLINE = 10.0
"""Seconds in which a body must arrive. A server that is stopped waits for its open requests."""
PIECE = 16 * 1024
"""Bytes of a body that are passed on at a time."""
UPLOAD = "/voice/import"
"""Suffix of the path that accepts a file."""
MAX_UPLOAD_BYTES = 20 * 1024 * 1024
UPLOAD_DEADLINE = 60.0
MAX_PATH = 4096
"""Characters. Below the number of digits that Python converts to an integer (4,300), as a path may contain a number."""
MAX_QUERY_BYTES = 8192
MAX_FIELDS = 100
_UTF8 = ("utf-8", "utf8", '"utf-8"', '"utf8"')
_TOO_SLOW = "The body did not come in time."


class PlainRefusal:
    """Reports in one sentence why a server cannot start (`app.state.cannot_start`), without a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_plainly(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                message["message"] = getattr(scope["app"].state, "cannot_start", message.get("message", ""))
            await send(message)

        await self._app(scope, receive, send_plainly)


class SafeAnswers:
    """Adds headers to every response and handles unexpected errors."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_safely(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, send_safely)
        except ClientDisconnect:
            return  # there is nobody left to answer
        except Exception as error:  # noqa: BLE001 - the request ends here; its sender must not see internals
            log.error("request failed", method=scope["method"], **trace_of(error))
            if started:
                raise
            answer = problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed; its log says why.")
            await answer(scope, receive, send_safely)


class HeadLimit:
    """Rejects requests whose head is larger than any legitimate one, or declares a charset other than UTF-8.

    The server itself limits the bytes of a head (`server.py`).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if refused := _refused_head(scope):
                await problem(*refused)(scope, receive, send)
                return
            scope["headers"] = without_foreign_cookies(scope["headers"])
        await self._app(scope, receive, send)


def _refused_head(scope: Scope) -> tuple[HTTPStatus, str] | None:
    path, query, headers = scope["path"], scope["query_string"], Headers(scope=scope)
    if len(path) > MAX_PATH or len(query) > MAX_QUERY_BYTES:
        return HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long."
    if "\0" in path or b"%00" in query:
        return HTTPStatus.BAD_REQUEST, "The address holds a NUL character, which no name here has."
    if len(scope["headers"]) > MAX_FIELDS:
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"The request has more than {MAX_FIELDS} header fields."
    if not all(is_utf8(each) for each in headers.getlist("content-type")):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send UTF-8: Content-Type names another charset."
    if any(each.strip().lower() not in ("", "identity") for each in headers.getlist("content-encoding")):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body as it is, without a Content-Encoding."
    return None


def is_utf8(content_type: str) -> bool:
    """Return whether a content type names no charset other than UTF-8.

    A charset in a quoted value after a `;` also counts.
    """
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().lower() not in _UTF8:
            return False
    return True


class BodyLimit:
    """Rejects bodies over MAX_BODY_BYTES, with or without a Content-Length, and bodies that do not end in time.

    FastAPI's own `max_body_size` responds in plain text, unlike the rest of the API.
    """

    def __init__(self, app: ASGIApp, seconds: float = BODY_DEADLINE) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most, seconds, cure = MAX_BODY_BYTES, self._seconds, "send it in parts"
        if scope["path"].endswith(UPLOAD):
            most, seconds, cure = MAX_UPLOAD_BYTES, UPLOAD_DEADLINE, "export the chat without media"
        too_large = f"The body is larger than {most} bytes; {cure}."
        told = Headers(scope=scope).get("content-length", "0")
        if told.isdecimal() and int(told[:20]) > most:
            await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large)(scope, receive, send)
            return
        received, more, rest = 0, True, memoryview(b"")
        deadline = asyncio.get_running_loop().time() + seconds

        async def receive_bounded() -> Message:
            nonlocal received, more, rest
            if rest:
                await asyncio.sleep(0)  # let other tasks run: parsing a large form takes long
                return next_piece()
            try:
                async with asyncio.timeout_at(deadline if more else None):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, _TOO_SLOW, {"Connection": "close"}) from None
            received, more = received + len(message.get("body", b"")), message.get("more_body", False)
            if received > most:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large)
            rest = memoryview(message.get("body", b""))
            return next_piece() if message["type"] == "http.request" else message

        def next_piece() -> Message:
            nonlocal rest
            piece, rest = bytes(rest[:PIECE]), rest[PIECE:]
            return {"type": "http.request", "body": piece, "more_body": more or bool(rest)}

        await self._app(scope, receive_bounded, send)
