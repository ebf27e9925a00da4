"""The Store, and how it is opened and closed."""

from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import SQLAlchemyError

from imposter.contracts.errors import StorageError
from imposter.secrets import Cipher, SecretKeyError
from imposter.storage.bots.bot_store import BotStore
from imposter.storage.bots.provider_state import ProviderStateStore
from imposter.storage.bots.statuses import StatusStore
from imposter.storage.cluster.commands import CommandStore
from imposter.storage.cluster.nodes import NodeStore
from imposter.storage.conversation.contacts import ContactStore
from imposter.storage.conversation.names import NameStore
from imposter.storage.conversation.summaries import SummaryStore
from imposter.storage.database.engine import cure_of, database_file, only_server, open_engine, open_reading_engine
from imposter.storage.database.jobs import Pending, describe
from imposter.storage.database.notifications import NodeIdentity
from imposter.storage.database.reader import Reader
from imposter.storage.database.writer import Activity, TroubleLog, Writer
from imposter.storage.learning.evaluations import EvaluationStore
from imposter.storage.learning.voice import VoiceStore
from imposter.storage.messages.message_store import MessageStore
from imposter.storage.messages.outbox import OutboxStore
from imposter.storage.messages.owner_notes import NoteStore
from imposter.storage.migrations import bring_up_to_date
from imposter.storage.owner.away_summaries import AwaySummaryStore
from imposter.storage.owner.chats import ChatStore
from imposter.storage.owner.drafts import DraftStore
from imposter.storage.owner.web_sessions import WebSessionStore
from imposter.storage.queue.dead_letters import DeadLetterStore
from imposter.storage.queue.pauses import PauseStore
from imposter.storage.reports.activity import ActivityStore
from imposter.storage.reports.overview import OverviewStore
from imposter.storage.reports.usage import UsageStore
from imposter.storage.schema.meta_values import prove
from imposter.storage.schema.tables import meta
from imposter.storage.upkeep.backup import BackupStore
from imposter.storage.upkeep.erasure import ErasureStore
from imposter.storage.upkeep.retention import RetentionStore

log = structlog.get_logger()

KEY_CHECK = "key_check"
SOON = 1.0
"""Seconds after which a start that waits for the database is logged."""


@dataclass(frozen=True, slots=True)
class Store:
    bots: BotStore
    messages: MessageStore
    outbox: OutboxStore
    pauses: PauseStore
    state: ProviderStateStore
    dead_letters: DeadLetterStore
    away_summaries: AwaySummaryStore
    drafts: DraftStore
    notes: NoteStore
    retention: RetentionStore
    erasure: ErasureStore
    backup: BackupStore
    nodes: NodeStore
    commands: CommandStore
    statuses: StatusStore
    voice: VoiceStore
    usage: UsageStore
    evaluations: EvaluationStore
    sign_ins: WebSessionStore
    figures: ActivityStore
    chats: ChatStore
    overview: OverviewStore
    summaries: SummaryStore
    names: NameStore
    contacts: ContactStore
    activity: Callable[[], Activity]
    proof: Callable[[], Pending[None]]
    """See `Writer.proof`."""
    keyed_hash: Callable[..., str]
    """See `Cipher.keyed_hash`."""


@asynccontextmanager
async def open_store(
    url: str | None,
    data_dir: Path,
    cipher: Cipher,
    *,
    now: Callable[[], datetime],
    identity: NodeIdentity | None = None,
) -> AsyncIterator[Store]:
    """Open the Store at `url` (default: a SQLite file in `data_dir`) and create or upgrade its tables.

    With an `identity`, the Store changes only the bots of that node (see `nodes`); without one, only bots that no node
    owns. On exit, it finishes the queued jobs. Opening and closing block, so open it before the first task starts and
    close it after the last task ends.
    Raises: StorageError (folder or database in use, database not reachable), ConfigurationError (the database cannot be
    used as it is), SecretKeyError (it was sealed with another key).
    """
    with ExitStack() as held:
        held.enter_context(only_server(data_dir, database_file(url, data_dir)))
        trouble_log = TroubleLog()
        writer = held.enter_context(closing(Writer(_connect(url, data_dir, identity), trouble_log, prove=prove)))
        reader = held.enter_context(closing(Reader(open_reading_engine(url, data_dir))))
        try:
            _wait(writer.submit(lambda connection: _prepare(connection, cipher)))
        except StorageError as error:
            raise type(error)(f"{_named(url, data_dir)}: {error}") from None
        lease = writer
        if identity is not None and database_file(url, data_dir) is None:
            lease = held.enter_context(
                closing(Writer(_connect(url, data_dir, identity), trouble_log, "store-lease", prove))
            )
        names = NameStore(writer, reader, cipher, now)
        yield Store(
            bots=BotStore(writer, reader, cipher, now, identity),
            messages=MessageStore(writer, reader, names, cipher.keyed_hash, now),
            outbox=OutboxStore(writer, now),
            pauses=PauseStore(writer, now),
            state=ProviderStateStore(writer, cipher),
            dead_letters=DeadLetterStore(writer, reader, now),
            away_summaries=AwaySummaryStore(writer, reader),
            drafts=DraftStore(writer, reader, now),
            notes=NoteStore(writer, now),
            retention=RetentionStore(writer, reader, now),
            erasure=ErasureStore(writer, reader, cipher.keyed_hash, now),
            backup=BackupStore(writer, data_dir, now),
            nodes=NodeStore(writer, lease, cipher),
            commands=CommandStore(writer, cipher),
            statuses=StatusStore(writer, reader, cipher),
            voice=VoiceStore(writer, reader, now),
            usage=UsageStore(writer, reader, now),
            evaluations=EvaluationStore(writer, reader, now, identity),
            sign_ins=WebSessionStore(writer, now),
            figures=ActivityStore(reader, now),
            chats=ChatStore(writer, reader, names, now),
            overview=OverviewStore(reader, now),
            summaries=SummaryStore(writer, reader, names, now),
            names=names,
            contacts=ContactStore(reader, names),
            activity=lambda: replace(writer.activity(), reading=reader.unfinished),
            proof=writer.proof,
            keyed_hash=cipher.keyed_hash,
        )


def _connect(url: str | None, data_dir: Path, identity: NodeIdentity | None) -> Connection:
    try:
        return open_engine(url, data_dir, identity).connect()
    except (SQLAlchemyError, OSError) as error:
        said = f"{_named(url, data_dir)}: the database does not open: {describe(error)}"
        raise StorageError(f"{said}{cure_of(str(error))}") from None


def _wait(opening: Pending[None]) -> None:
    try:
        opening.result(SOON)
    except TimeoutError:
        log.warning(
            "the start waits for the database: another server changes its tables, or something holds one of them, such "
            "as a pg_dump or a session that was left open"
        )
        opening.result()


def _named(url: str | None, data_dir: Path) -> str:
    """Return the name of the operator's setting. The URL is not included because it may hold a password."""
    file = database_file(url, data_dir)
    setting = "IMPOSTER_DATA_DIR" if url is None else "IMPOSTER_DATABASE_URL"
    return setting if file is None else f"{setting} ({file})"


def _prepare(connection: Connection, cipher: Cipher) -> None:
    bring_up_to_date(connection)
    sealed = connection.execute(select(meta.c.value).where(meta.c.name == KEY_CHECK)).scalar_one_or_none()
    if sealed is None:
        connection.execute(insert(meta), {"name": KEY_CHECK, "value": cipher.seal(b"", KEY_CHECK)})
        return
    try:
        cipher.open(sealed, KEY_CHECK)
    except SecretKeyError:
        raise SecretKeyError("this database was sealed with another secret key") from None
