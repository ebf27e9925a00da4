"""The server: `uvicorn main:app`. The one place that knows every concrete class."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from chatbot_manager import ChatbotInstance
from imposter.clock import SystemClock
from imposter.logs import configure_logs
from imposter.runtime.discovery import discover_all
from imposter.runtime.recent import RecentAnswers
from imposter.runtime.retention import retention
from imposter.runtime.shared import SharedResources
from imposter.runtime.supervisor import Supervisor
from imposter.secrets import Cipher, load_key, make_data_folder
from imposter.settings import Settings, load_settings
from imposter.storage import open_store
from imposter.storage.engine import database_file
from imposter.web.app import create_app

ROOT = Path(__file__).parent


@asynccontextmanager
async def open_server(settings: Settings) -> AsyncIterator[Supervisor]:
    """Everything behind the API, from the database to the bots; on leaving, all of it is closed."""
    configure_logs(settings.log_level, settings.log_format)
    clock = SystemClock()
    url = settings.database_url.get_secret_value() if settings.database_url else None
    make_data_folder(settings.data_dir)
    cipher = Cipher(load_key(settings.secret_key, settings.data_dir, database_file(url, settings.data_dir)))
    async with open_store(url, settings.data_dir, cipher, now=clock.now) as store:
        shared = SharedResources(
            environment=settings.child_environment,
            node=str(settings.node),
            secret=settings.secret,
            addresses=settings.allow_private_urls,
        )
        catalog = discover_all(ROOT)
        make_bot = partial(
            ChatbotInstance,
            store=store,
            catalog=catalog,
            shared=shared,
            clock=clock,
            chance=random.random,
            model_calls_at_once=settings.model_calls_at_once,
            recent_answers=RecentAnswers(),
        )
        bots = Supervisor(store=store, catalog=catalog, shared=shared, make_bot=make_bot, now=clock.now)
        try:
            async with retention(store, clock, settings.keep):
                await bots.load()
                yield bots
        finally:
            await bots.close()
            await shared.aclose()


app = create_app(load_settings, open_server)
