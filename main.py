"""The server, started with `uvicorn main:app`. Only this module knows every concrete class."""

import atexit
import os
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog

from chatbot_manager import ChatbotInstance
from imposter.clock import SharedClock
from imposter.contracts.errors import ConfigurationError, InvalidConfig
from imposter.logs import configure_logs
from imposter.open_files import allow_open_files
from imposter.runtime.metrics import ServerMetrics, open_server_metrics
from imposter.runtime.providers.discovery import discover_all
from imposter.runtime.providers.foreign_call import start_threads
from imposter.runtime.providers.shared_resources import SharedResources
from imposter.runtime.retention import retention
from imposter.runtime.supervisor import Supervisor
from imposter.secrets import KEY_FILE, Cipher, SecretKeyError, load_key, make_data_folder
from imposter.service.bots import BotService
from imposter.settings import Settings, load_settings
from imposter.storage import Store, open_store
from imposter.storage.database.engine import database_file, place_of
from imposter.storage.database.notifications import NodeIdentity
from imposter.web.app import create_app
from imposter.web.peers import peers_of_this_system

log = structlog.get_logger()

ROOT = Path(__file__).parent
EX_CONFIG = 78
"""Exit status of sysexits.h for errors that only the operator can fix. deploy/imposter@.service uses it."""


@asynccontextmanager
async def open_server(settings: Settings) -> AsyncIterator[BotService]:
    """Open everything behind the API, from the database to the bots, and close it all on leaving."""
    configure_logs(settings.log_level, settings.log_format)
    allow_open_files()
    start_threads()
    clock = SharedClock()
    url = settings.database_url.get_secret_value() if settings.database_url else None
    make_data_folder(settings.data_dir)
    file = database_file(url, settings.data_dir)
    identity = NodeIdentity() if file is None else None
    async with _open_sealed(settings, url, file, clock, identity) as store:
        shared = SharedResources(
            environment=settings.child_environment,
            node=str(settings.node),
            secret=settings.secret,
            accounts_per_process=settings.accounts_per_process,
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
        )
        here = Supervisor(store=store, catalog=catalog, shared=shared, make_bot=make_bot, now=clock.now)
        try:
            async with open_server_metrics(settings.node_name, clock) as server_metrics:
                if identity is None or url is None:
                    async with retention(store, clock, settings.keep, lambda: clock.is_sure):
                        await here.load()
                        yield BotService(here, store, server_metrics)
                else:
                    async with _among_others(
                        settings, url, identity, here, store, shared, clock, server_metrics
                    ) as bot_service:
                        yield bot_service
        finally:
            await here.close()
            await shared.aclose()


@asynccontextmanager
async def _open_sealed(
    settings: Settings, url: str | None, file: Path | None, clock: SharedClock, identity: NodeIdentity | None
) -> AsyncIterator[Store]:
    """Open the Store with the server's secret key. Raises: StorageError, SecretKeyError (naming the setting to fix)."""
    key_file = None if settings.secret_key else settings.data_dir / KEY_FILE
    made = key_file is not None and not key_file.exists()
    cipher = Cipher(load_key(settings.secret_key, settings.data_dir, file))
    async with AsyncExitStack() as opened:
        try:
            store = await opened.enter_async_context(
                open_store(url, settings.data_dir, cipher, now=clock.now, identity=identity)
            )
        except SecretKeyError as error:
            if key_file is None:
                cure = f"set it as it was, or unset it and put back the database's {KEY_FILE}"
            else:
                if made:
                    key_file.unlink()  # seals no data, and would be mistaken for the database's key
                cure = (
                    f"it is not set, and {key_file} {'was not there' if made else 'is another'}: "
                    f"set it as it was or is on the other servers, or put the database's {KEY_FILE} there"
                )
            raise SecretKeyError(f"IMPOSTER_SECRET_KEY: {error}; {cure}") from None
        if key_file is not None and identity is not None:
            log.warning("other servers on this database need its secret key: copy this file to their folders",
                        file=str(key_file))  # fmt: skip
        yield store


@asynccontextmanager
async def _among_others(
    settings: Settings,
    url: str,
    identity: NodeIdentity,
    here: Supervisor,
    store: Store,
    shared: SharedResources,
    clock: SharedClock,
    server_metrics: ServerMetrics,
) -> AsyncIterator[BotService]:
    """Run the server as one node of several that share the database."""
    # Imported here because PostgreSQL's driver costs memory, which a single server should not pay.
    from imposter.cluster.node import Node, open_node
    from imposter.storage.database.listener import NotificationListener

    node = Node(
        identity,
        server_metrics=server_metrics,
        place=place_of(settings.data_dir),
        lease=timedelta(seconds=settings.lease_seconds),
        links_per_second=settings.links_per_second,
        here=here,
        store=store,
        clock=clock,
    )
    shared.hold = node.lease_left
    bot_service = here.elsewhere = BotService(here, store, server_metrics, node)

    def ours() -> bool:
        return clock.is_sure and node.is_first()

    async with (
        open_node(node, NotificationListener(url, identity.channel)),
        retention(store, clock, settings.keep, ours),
    ):
        yield bot_service


def _end_for_good(error: Exception) -> None:
    """Exit with EX_CONFIG for errors that only the operator can fix.

    uvicorn exits with 3 after any error that prevents its start, and this cannot be configured. Everything is closed
    and flushed when the handler runs, so the exit handlers that it skips have nothing left to do.
    """
    if isinstance(error, InvalidConfig | ConfigurationError | SecretKeyError):
        atexit.register(os._exit, EX_CONFIG)


app = create_app(load_settings, open_server, peers_of_this_system(), _end_for_good)
