"""Signing in with the server's key, and signing out."""

from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from imposter.web.login_throttle import TooManyTries
from imposter.web.pages.render import PageRoute, form_of, go_to, page
from imposter.web.sessions import Sessions, give_cookie, is_signed_in, take_cookie, token_of

router = APIRouter(route_class=PageRoute, include_in_schema=False)

WRONG = "This is not the server's key (IMPOSTER_API_KEY)."


@router.get("/login")
async def show_sign_in(request: Request) -> Response:
    if _sessions(request) is None or is_signed_in(request.scope):
        return go_to("/")
    return page(request, "sign_in.html", next=_inside(request.query_params.get("next")), wrong=None)


@router.post("/login")
async def sign_in(request: Request) -> Response:
    sessions = _sessions(request)
    if sessions is None:
        return go_to("/")
    form = await form_of(request)
    behind, key = _inside(form.get("next")), form.get("key")
    try:
        token = await sessions.begin(
            key if isinstance(key, str) else "", request.client.host if request.client else None
        )
    except TooManyTries as wait:
        headers = {"Retry-After": str(wait.seconds)}
        return page(request, "sign_in.html", HTTPStatus.TOO_MANY_REQUESTS, headers, next=behind, wrong=str(wait))
    if token is None:
        return page(request, "sign_in.html", HTTPStatus.UNAUTHORIZED, next=behind, wrong=WRONG)
    answer = go_to(behind)
    give_cookie(answer, token, secure=request.url.scheme == "https")
    return answer


@router.post("/logout")
async def sign_out(request: Request) -> Response:
    form = await form_of(request)
    everywhere = form.get("everywhere") == "yes"
    sessions, token = _sessions(request), token_of(request)
    if sessions is not None and token is not None:
        await (sessions.end_all() if everywhere else sessions.end(token))
    answer = go_to("/login", done="signed_out_all" if everywhere else "signed_out")
    take_cookie(answer)
    return answer


def _sessions(request: Request) -> Sessions | None:
    """Return the sessions, or None on a server without a key."""
    sessions: Sessions | None = request.app.state.sessions
    return sessions


def _inside(address: object) -> str:
    """Return the page to show after signing in. Always a page of this server, whatever a link contains."""
    if not isinstance(address, str) or not address.startswith("/") or "\\" in address or not address.isprintable():
        return "/"
    parts = urlsplit(address)
    return "/" if parts.scheme or parts.netloc or address.startswith("//") else address
