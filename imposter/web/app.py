"""The web application: routes, middleware and startup."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import structlog
from fastapi import FastAPI

from imposter import __version__
from imposter.contracts.errors import ImposterError
from imposter.service.bots import BotService
from imposter.settings import Settings
from imposter.web import pages
from imposter.web.api import (
    backup,
    bots,
    briefs,
    contacts,
    costs,
    dead_letters,
    drafts,
    exams,
    health,
    linking,
    messages,
    nodes,
    pauses,
    providers,
    summaries,
    voice,
)
from imposter.web.auth import AccessMiddleware
from imposter.web.login_throttle import LoginThrottle
from imposter.web.middleware import BodyLimit, HeadLimit, PlainRefusal, SafeAnswers
from imposter.web.openapi import DESCRIPTION, TAGS, describe
from imposter.web.peers import PeerCheck, UncheckedPeers
from imposter.web.problems import answer_with_problems
from imposter.web.server import Application
from imposter.web.sessions import Sessions

log = structlog.get_logger()

ROUTERS = (
    bots.router,
    linking.router,
    pauses.router,
    messages.router,
    dead_letters.router,
    drafts.router,
    briefs.router,
    summaries.router,
    exams.router,
    voice.router,
    costs.router,
    contacts.router,
    backup.router,
    providers.router,
    health.router,
    nodes.router,
)


def create_app(
    read_settings: Callable[[], Settings],
    open_server: Callable[[Settings], AbstractAsyncContextManager[BotService]],
    peers: PeerCheck,
    refused: Callable[[Exception], None] = lambda error: None,
) -> FastAPI:
    """Return the application. It reads the settings and opens the server on startup, and closes it on shutdown.

    `peers` decides whose program a local connection belongs to. `refused` is called with the error if the application
    cannot start.

    The application serves nothing before that, because the settings decide who has access.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as opened:
            try:
                settings = read_settings()
                app.state.bots = await opened.enter_async_context(open_server(settings))
            except (ImposterError, OSError) as error:
                app.state.cannot_start = f"Cannot start: {error}"
                refused(error)
                raise
            app.state.api_key = settings.api_key
            app.state.peers = peers
            app.state.form_secret = secrets.token_hex(32)
            app.state.sessions = settings.api_key and Sessions(
                app.state.bots.sign_ins,
                settings.api_key,
                LoginThrottle(app.state.bots.clock.monotonic, app.state.bots.servers.counts.wrong_key),
            )
            if settings.api_key is None and isinstance(peers, UncheckedPeers):
                log.warning("no IMPOSTER_API_KEY is set, and this system does not tell whose program a request is "
                            "from: every user of this machine is served")  # fmt: skip
            yield

    app = Application(
        title="My WhatsApp Imposter",
        description=DESCRIPTION,
        version=__version__,
        openapi_tags=TAGS,
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,  # see pages/docs.py
        redoc_url=None,
    )
    for router in (*ROUTERS, *pages.ROUTERS):
        app.include_router(router)
    describe(app)
    answer_with_problems(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(AccessMiddleware)
    app.add_middleware(HeadLimit)
    app.add_middleware(SafeAnswers)
    app.add_middleware(PlainRefusal)
    return app
