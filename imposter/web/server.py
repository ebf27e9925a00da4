"""Limits on connections, added to uvicorn's own HTTP protocol because uvicorn has no setting for them."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send
from uvicorn import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from imposter.open_files import most_open_files
from imposter.web.connections import MOST, Connections, LogThrottle

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as Base
else:
    Base = asyncio.Protocol

log = structlog.get_logger()

HEAD_DEADLINE = 10.0
"""Seconds in which a request's head must arrive. After a response, uvicorn's keep-alive timeout is added."""
TAKE_DEADLINE = 20.0
"""Seconds in which a client must receive some of a response."""
MAX_HEAD_BYTES = 32 * 1024
"""Maximum size of a request's head, and of the data between two parts of a body or after it."""
MAX_PIPELINED = 64
"""Maximum number of requests that a connection may send before their responses."""
_WARN_OF_REQUESTS = ("uvicorn.error", "python_multipart.multipart")
_SLICE = 8 * 1024
_REFUSAL = b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_TOO_LARGE = _REFUSAL % b"431 Request Header Fields Too Large"
_TOO_MANY = _REFUSAL % b"503 Service Unavailable"


class Bounded(Base):
    """A connection that is counted and must send its requests and receive its responses in time.

    It comes before a uvicorn protocol among the bases of a class; see `bound_connections`.
    """

    def __init__(self, *, bounds: Connections, **given: Any) -> None:
        super().__init__(**given)
        self._bounds = bounds
        self._timer: asyncio.TimerHandle | None = None
        self._unsent = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._bounds.enter(self, self.client[0] if self.client else None):
            self._settle()
        else:
            self._refuse(_TOO_MANY)

    def connection_lost(self, exc: Exception | None) -> None:
        self._bounds.leave(self)
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), _SLICE):
            if self.transport.is_closing():
                return
            self._feed(data[start : start + _SLICE])
        self._settle()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._settle()

    def send_400_response(self, msg: str) -> None:
        super().send_400_response(msg)
        self._start_timer(HEAD_DEADLINE)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._start_timer(TAKE_DEADLINE)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_timer()
        self._settle()

    def give_way(self) -> None:
        self.transport.abort()

    def _feed(self, data: bytes) -> None:
        super().data_received(data)

    def _unsupported_upgrade_warning(self) -> None:
        """Ignore the upgrade. Nothing here supports one, and a warning each time would fill the log."""

    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _settle(self) -> None:
        """Run the timer while the connection waits, and report whether it does."""
        if not self._is_busy():
            self._bounds.waits(self)
            if self._timer is None:
                idle = self.timeout_keep_alive if self.cycle else 0
                self._start_timer(HEAD_DEADLINE + idle)
        else:
            self._bounds.works(self)
            if not self.flow.write_paused:
                self._stop_timer()

    def _start_timer(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self._time_is_up)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _time_is_up(self) -> None:
        """Close the connection, unless the client is still receiving a response."""
        unsent = self.transport.get_write_buffer_size()
        if unsent and unsent != self._unsent:
            self._unsent = unsent
            self._start_timer(TAKE_DEADLINE)
        else:
            self.transport.abort()

    def _refuse(self, answer: bytes) -> None:
        if self._is_busy():  # a refusal would be sent in the middle of another response
            self.transport.abort()
        else:
            self.transport.write(answer)
            self.transport.close()
            self._start_timer(HEAD_DEADLINE)


class BoundedHttpTools(Bounded):
    """The same limits for `HttpToolsProtocol`, which accepts a head of any size. h11 has its own limit."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._bare = 0
        self._in_head = False

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # trailers after a body are not headers, and a proxy in front has not checked them
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._bare, self._in_head = 0, False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._bare = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._bare = 0
        super().on_message_complete()

    def _feed(self, data: bytes) -> None:
        self._bare += len(data)
        super()._feed(data)
        if self.transport.is_closing():
            return
        if self._bare > MAX_HEAD_BYTES:
            self._bounds.say("the head of a request is too large")
            self._refuse(_TOO_LARGE)
        elif len(self.pipeline) > MAX_PIPELINED:
            self._bounds.say("too many requests were sent ahead of their answers")
            self.transport.abort()


_KINDS: dict[str, type[Bounded]] = {"HttpToolsProtocol": BoundedHttpTools, "H11Protocol": Bounded}


class Application(FastAPI):
    """A FastAPI application that limits the connections of the server that starts it. A warning is logged if it cannot.

    uvicorn listens only after the application has started, and looks up the HTTP protocol for each connection. This is
    not a middleware because FastAPI passes its own `receive` to those.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_bounded(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                bound_connections(receive, self.state.bots.clock.monotonic)
            await send(message)

        await super().__call__(scope, receive, send_bounded if scope["type"] == "lifespan" else send)


def bound_connections(receive: Receive, monotonic: Callable[[], float]) -> None:
    """Limit the connections of a server.

    `receive` is uvicorn's lifespan callable, a method of an object with the config.
    """
    config = getattr(getattr(receive, "__self__", None), "config", None)
    protocol = config.http_protocol_class if isinstance(config, Config) else None
    kind = _KINDS.get(getattr(protocol, "__name__", ""))
    if not isinstance(config, Config) or not isinstance(protocol, type) or kind is None:
        log.warning("this HTTP server is unknown: the number of connections, and the size and time of a request's "
                    "head, are not bounded")  # fmt: skip
        return
    front = config.loaded_app
    is_trusted = front.trusted_hosts.__contains__ if isinstance(front, ProxyHeadersMiddleware) else _nobody
    most = _connections_for(most_open_files())
    bounds = Connections(most, is_trusted, monotonic)
    config.http_protocol_class = partial(type("Connection", (kind, protocol), {}), bounds=bounds)  # type: ignore[assignment]
    config.ws_protocol_class = None
    config.backlog = min(config.backlog, most)
    for name in _WARN_OF_REQUESTS:
        logging.getLogger(name).addFilter(_ThrottledWarnings(monotonic))


def _nobody(address: str) -> bool:
    return False


def _connections_for(files: int) -> int:
    """Return the limit on connections. Most files are needed for bots: their models, the database and Node."""
    return max(8, min(MOST, files // 4))


class _ThrottledWarnings(logging.Filter):
    """Passes each warning of a library once a minute. Some libraries write one for every bad request."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self._seldom = LogThrottle(monotonic)

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno != logging.WARNING or self._seldom.may_say(f"{record.name}:{record.lineno}") is not None
