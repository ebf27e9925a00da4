"""Opening and closing the Store."""

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
from imposter.storage.backup import BackupStore
from imposter.storage.bots import BotStore
from imposter.storage.briefs import BriefStore
from imposter.storage.channels import Identity
from imposter.storage.chats import ChatStore
from imposter.storage.commands import CommandStore
from imposter.storage.contacts import ContactStore
from imposter.storage.dead_letters import DeadLetterStore
from imposter.storage.drafts import DraftStore
from imposter.storage.engine import cure_of, database_file, only_server, open_engine, open_reading_engine
from imposter.storage.exams import ExamStore
from imposter.storage.figures import FiguresStore
from imposter.storage.forgetting import ForgettingStore
from imposter.storage.jobs import Pending, describe
from imposter.storage.messages import MessageStore
from imposter.storage.migrations import bring_up_to_date
from imposter.storage.named_values import prove
from imposter.storage.names import NameStore
from imposter.storage.nodes import NodeStore
from imposter.storage.notes import NoteStore
from imposter.storage.outbox import OutboxStore
from imposter.storage.overview import OverviewStore
from imposter.storage.pauses import PauseStore
from imposter.storage.reader import Reader
from imposter.storage.retention import RetentionStore
from imposter.storage.sign_ins import SignInStore
from imposter.storage.state import StateStore
from imposter.storage.statuses import StatusStore
from imposter.storage.summaries import SummaryStore
from imposter.storage.tables import meta
from imposter.storage.usage import UsageStore
from imposter.storage.voice import VoiceStore
from imposter.storage.writer import Activity, TroubleLog, Writer

log = structlog.get_logger()

KEY_CHECK = "key_check"
SOON = 1.0
"""Seconds after which a start that waits says so."""


@dataclass(frozen=True, slots=True)
class Store:
    bots: BotStore
    messages: MessageStore
    outbox: OutboxStore
    pauses: PauseStore
    state: StateStore
    dead_letters: DeadLetterStore
    briefs: BriefStore
    drafts: DraftStore
    notes: NoteStore
    retention: RetentionStore
    forgetting: ForgettingStore
    backup: BackupStore
    nodes: NodeStore
    commands: CommandStore
    statuses: StatusStore
    voice: VoiceStore
    usage: UsageStore
    exams: ExamStore
    sign_ins: SignInStore
    figures: FiguresStore
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
    url: str | None, data_dir: Path, cipher: Cipher, *, now: Callable[[], datetime], identity: Identity | None = None
) -> AsyncIterator[Store]:
    """The Store at `url` (default: a SQLite file in `data_dir`), its tables made or brought up to date.

    With an `identity` it changes only the bots of that node (see `nodes`), else those that no node owns.
    Leaving finishes what is queued. Opening and closing block: they belong before the first and after the last task.
    Raises: StorageError (folder or database in use, database not reachable), Misconfigured (it cannot be used as it
    is), SecretKeyError (it was sealed with another key).
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
            state=StateStore(writer, cipher),
            dead_letters=DeadLetterStore(writer, reader, now),
            briefs=BriefStore(writer, reader),
            drafts=DraftStore(writer, reader, now),
            notes=NoteStore(writer, now),
            retention=RetentionStore(writer, reader, now),
            forgetting=ForgettingStore(writer, reader, cipher.keyed_hash, now),
            backup=BackupStore(writer, data_dir, now),
            nodes=NodeStore(writer, lease, cipher),
            commands=CommandStore(writer, cipher),
            statuses=StatusStore(writer, reader, cipher),
            voice=VoiceStore(writer, reader, now),
            usage=UsageStore(writer, reader, now),
            exams=ExamStore(writer, reader, now, identity),
            sign_ins=SignInStore(writer, now),
            figures=FiguresStore(reader, now),
            chats=ChatStore(writer, reader, names, now),
            overview=OverviewStore(reader, now),
            summaries=SummaryStore(writer, reader, names, now),
            names=names,
            contacts=ContactStore(reader, names),
            activity=lambda: replace(writer.activity(), reading=reader.unfinished),
            proof=writer.proof,
            keyed_hash=cipher.keyed_hash,
        )


def _connect(url: str | None, data_dir: Path, identity: Identity | None) -> Connection:
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
    """What the operator set: never the URL itself, for its password."""
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
