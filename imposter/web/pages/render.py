"""Rendering of templates as pages, and of errors as pages."""

from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from imposter.behaviour.message_text import shown_text
from imposter.contracts.errors import ImposterError
from imposter.web.pages.files import address_of
from imposter.web.pages.labels import (
    DONE,
    GATES,
    OUTCOMES,
    STATES,
    ago,
    capitalize_first,
    count,
    line_kinds,
    moment,
    money,
    plain,
)
from imposter.web.problems import ProblemDetail, trouble_of
from imposter.web.sessions import form_token, is_signed_in, same_token

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
TOKEN = "form_token"  # noqa: S105 - a field's name
SEE_OTHER = HTTPStatus.SEE_OTHER
MAX_FIELD_BYTES = 256 * 1024
"""Maximum size of one field as it is sent. Parsing blocks the event loop, for half a second with a megabyte."""
MAX_FILES = 100
"""Maximum number of files in one form. Together they are no larger than one file may be."""
_FOREIGN = "This form was not sent by this page, or it was open for too long. Go back, reload the page and try again."


def page(
    request: Request, template: str, http: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None, **shown: Any
) -> HTMLResponse:
    """Render `template` as a page. All texts in `shown` are escaped."""
    html = fragment(template, request=request, **shown)
    return HTMLResponse(html, http, headers={**HEADERS, **(headers or {})})


def fragment(template: str, *, request: Request, **shown: Any) -> "Markup":
    """Render a part of a page, which can be inserted into another one."""
    from markupsafe import Markup

    made = _templates().get_template(template)
    html = made.render(
        path=request.url.path,
        form_token=form_token(request.scope),
        signed_in=is_signed_in(request.scope),
        trouble=request.app.state.bots.servers.trouble,
        done=DONE.get(request.query_params.get("done", "")),
        **shown,
    )
    return Markup(html)  # noqa: S704 - the template has escaped its values


def go_to(address: str, *, done: str | None = None) -> RedirectResponse:
    """Redirect after a successful form. `done` is a key of `labels.DONE`, whose text is shown there."""
    return RedirectResponse(f"{address}?done={done}" if done else address, SEE_OTHER)


def is_part(request: Request) -> bool:
    """Return whether a script requests a part of the page."""
    return request.headers.get("hx-request") == "true"


async def form_of(request: Request) -> FormData:
    """Return the submitted form. Raises: HTTPException (it is not a form of this page, or it contains NUL)."""
    form = await request.form(max_files=MAX_FILES, max_fields=400, max_part_size=MAX_FIELD_BYTES)
    if not same_token(request.scope, form.get(TOKEN)):
        raise HTTPException(HTTPStatus.FORBIDDEN, _FOREIGN)
    if any("\0" in text for field in form.multi_items() for text in field if isinstance(text, str)):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "A field holds the character NUL: take it out.")
    return form


class PageRoute(APIRoute):
    """A route that shows errors as a page and rejects forms that are not this page's own."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_page(request: Request) -> Response:
            try:
                if request.method == "POST":
                    await form_of(request)
                return await handle(request)
            except (ImposterError, HTTPException, RequestValidationError) as error:
                trouble = trouble_of(error)
                if trouble is None:
                    raise
                return wrong(request, trouble)

        return handle_page


def wrong(request: Request, trouble: ProblemDetail) -> Response:
    return page(
        request,
        "wrong.html",
        trouble.status,
        title=HTTPStatus(trouble.status).phrase,
        detail=trouble.detail,
        problems=trouble.problems,
    )


@cache
def _templates() -> "Environment":
    # Imported here because a server whose pages nobody opens does not need it in memory.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "address_of": address_of,
        "STATES": STATES,
        "GATES": GATES,
        "OUTCOMES": OUTCOMES,
        "TOKEN": TOKEN,
        "shown_text": shown_text,
        "now": lambda: datetime.now(UTC),
    }
    made.filters |= {
        "moment": moment,
        "ago": ago,
        "count": count,
        "line_kinds": line_kinds,
        "money": money,
        "capitalize_first": capitalize_first,
        "name": plain,
    }
    return made
