"""Live parts of a page: server-sent events, applied by htmx's extension for them.

The same function renders the initial page and the events of the stream, and the browser tells the stream what it
already shows. Parts that have not changed are not replaced, so nobody loses what they are typing when the stream
reconnects.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from fastapi import Request
from fastapi.responses import StreamingResponse

from imposter.clock import Clock
from imposter.contracts.errors import ImposterError
from imposter.web.pages.render import HEADERS

LONGEST = 30.0
"""Seconds after which the browser must reconnect. Its session may have ended, and a server that is stopped waits."""
BEAT = 1.0

Parts = Mapping[str, str]
"""HTML by the name of its event."""


def seen_in(parts: Parts) -> str:
    """Return the value of `seen` in the stream's URL for a page that shows these parts."""
    return ".".join(f"{name}-{_mark(html)}" for name, html in parts.items())


def stream(
    request: Request, look: Callable[[], Awaitable[Parts]], clock: Clock, every: float = BEAT
) -> StreamingResponse:
    """Return a stream of changed parts. `look` returns all parts; those that the browser does not have are sent."""
    told = request.headers.get("last-event-id") or request.query_params.get("seen", "")
    shown = dict(each.rpartition("-")[::2] for each in told.split("."))

    async def events() -> AsyncIterator[str]:
        ends = clock.monotonic() + LONGEST
        yield "retry: 1000\n\n"
        while clock.monotonic() < ends:
            try:
                parts = await look()
            except ImposterError:  # the reloaded page reports the error
                return
            for name, html in parts.items():
                if shown.get(name) != _mark(html):
                    shown[name] = _mark(html)
                    yield _event(name, html, ".".join(f"{each}-{mark}" for each, mark in shown.items()))
            await clock.sleep(every)

    return StreamingResponse(events(), media_type="text/event-stream", headers=HEADERS)


def _mark(html: str) -> str:
    return hashlib.sha256(html.encode()).hexdigest()[:12]


def _event(name: str, html: str, seen: str) -> str:
    # A line break ends the data of an event. Browsers recognise no line breaks but these here.
    lines = html.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return f"event: {name}\nid: {seen}\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
