"""A part of a page that changes while somebody looks: server-sent events, taken up by htmx's extension for them.

What the page shows at first and what the stream sends are made by one function, and the browser tells the stream what
it has: nothing is swapped for itself, so that nobody loses what they are typing when the stream is taken up again.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from fastapi import Request
from fastapi.responses import StreamingResponse

from imposter.clock import Clock
from imposter.contracts.errors import ImposterError
from imposter.web.pages.render import HEADERS

LONGEST = 30.0
"""Seconds, after which the browser asks anew: it may not be signed in any more, and a server that is stopped waits."""
BEAT = 1.0

Parts = Mapping[str, str]
"""HTML by the name of its event."""


def seen_in(parts: Parts) -> str:
    """What a page that shows these tells its stream, as `seen` in the address."""
    return ".".join(f"{name}-{_mark(html)}" for name, html in parts.items())


def stream(
    request: Request, look: Callable[[], Awaitable[Parts]], clock: Clock, every: float = BEAT
) -> StreamingResponse:
    """`look` gives all parts; of these, those that the browser has not are sent."""
    told = request.headers.get("last-event-id") or request.query_params.get("seen", "")
    shown = dict(each.rpartition("-")[::2] for each in told.split("."))

    async def events() -> AsyncIterator[str]:
        ends = clock.monotonic() + LONGEST
        yield "retry: 1000\n\n"
        while clock.monotonic() < ends:
            try:
                parts = await look()
            except ImposterError:  # it is gone, or nobody knows: the page that is asked for anew says so
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
    # A line break within the data would end it; what a browser takes for one, beside these two, is none here.
    lines = html.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return f"event: {name}\nid: {seen}\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
