"""A part of a page that changes while somebody looks: server-sent events, taken up by htmx's extension for them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from fastapi import Request
from fastapi.responses import StreamingResponse

from imposter.clock import Clock
from imposter.contracts.errors import ImposterError
from imposter.web.pages.render import HEADERS

LONGEST = 30.0
"""Seconds, after which the browser asks anew: it may not be signed in any more, and a server that is stopped waits."""
BEAT = 1.0


def stream(
    request: Request, look: Callable[[], Awaitable[Mapping[str, str]]], clock: Clock, every: float = BEAT
) -> StreamingResponse:
    """`look` gives HTML by the name of its event; what is as it was is not sent again."""

    async def events() -> AsyncIterator[str]:
        shown: dict[str, str] = {}
        ends = clock.monotonic() + LONGEST
        yield "retry: 1000\n\n"
        while clock.monotonic() < ends:
            try:
                seen = await look()
            except ImposterError:  # it is gone, or nobody knows: the page that is asked for anew says so
                return
            for name, html in seen.items():
                if shown.get(name) != html:
                    yield _event(name, html)
            shown = dict(seen)
            await clock.sleep(every)

    return StreamingResponse(events(), media_type="text/event-stream", headers=HEADERS)


def _event(name: str, html: str) -> str:
    # A line break within the data would end it; what a browser takes for one, beside these two, is none here.
    lines = html.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return f"event: {name}\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
