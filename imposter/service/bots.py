"""The service for all bots of an installation, whichever node runs them."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import structlog
from pydantic import SecretStr, ValidationError

from imposter.clock import Clock
from imposter.cluster import liveness
from imposter.cluster.status_publisher import SAID_BY
from imposter.contracts.config import BotConfig, ProviderChoice
from imposter.contracts.errors import (
    BotNotFound,
    EvaluationNotFound,
    ImposterError,
    NodeUnresponsive,
    NotSupported,
    StorageError,
)
from imposter.contracts.status import BotStatus, LinkState
from imposter.contracts.url_guard import AddressGuard
from imposter.domain.bots import BotRow
from imposter.domain.claims import Superseded
from imposter.domain.messages import BotTotals, StoredMessage
from imposter.domain.nodes import Heartbeat
from imposter.domain.usage import Costs, UsageGroup
from imposter.logs import trace_of
from imposter.runtime.commands import (
    BeginEvaluation,
    CancelEvaluation,
    Command,
    DeleteBot,
    EraseContact,
    PauseBot,
    PutBot,
    ReportLoop,
    RequestPairingCode,
    Result,
    ResumeBot,
    StartBot,
    StopBot,
    UnlinkBot,
)
from imposter.runtime.explain.explanation import Explained
from imposter.runtime.explain.lookup import inquire
from imposter.runtime.learning.chat_import import ChatImport
from imposter.runtime.metrics import ServerMetrics
from imposter.runtime.model_test_report import ModelTest
from imposter.runtime.providers.discovery import Catalog
from imposter.runtime.supervisor import Bot, Supervisor
from imposter.service.conversations import ConversationService
from imposter.service.servers import OtherServers, ServerService
from imposter.service.statistics import StatisticsService
from imposter.storage import Store
from imposter.storage.bots.bot_store import DuplicateUser
from imposter.storage.learning.evaluations import EvaluationRow
from imposter.storage.owner.web_sessions import WebSessionStore

log = structlog.get_logger()

MOVING = "It is on its way from one server to another."
TRIES = 5
"""Tries of a PUT whose bot changes each time."""
HINT = 5.0
"""Maximum seconds for which a conversation waits until the other bot has been told of a loop."""
RESTING = {LinkState.STOPPED, LinkState.ERROR, LinkState.LOGGED_OUT, LinkState.REPLACED}


@dataclass(frozen=True, slots=True)
class BotInfo:
    instance_id: str
    user_id: str
    config: BotConfig
    created_at: datetime
    node: str | None
    """The name of the node that runs the bot; None while no node does."""
    epoch: int
    """Number of times the bot was started, on any node."""


class BotService:
    """The bots of an installation, on whichever node they run.

    A method with an instance_id raises BotNotFound if there is no such bot, and NodeUnresponsive if the node that runs
    the bot does not answer.

    `elsewhere` is None on a single server. Then the database is never asked which node owns a bot.
    """

    def __init__(
        self, here: Supervisor, store: Store, server_metrics: ServerMetrics, elsewhere: OtherServers | None = None
    ) -> None:
        self.learning = ChatImport(store, here.catalog)
        """Imports chats for existing bots."""
        self.conversation_service = ConversationService(store, here.catalog, self)
        self.servers = ServerService(here, store, server_metrics, elsewhere)
        self.statistics = StatisticsService(store)
        self._here = here
        self._store = store
        self._server_metrics = server_metrics
        self._elsewhere = elsewhere

    @property
    def clock(self) -> Clock:
        return self._server_metrics.clock

    @property
    def sign_ins(self) -> WebSessionStore:
        """The sessions of the web page."""
        return self._store.sign_ins

    @property
    def catalog(self) -> Catalog:
        return self._here.catalog

    @property
    def addresses(self) -> AddressGuard:
        """The addresses that a bot's config may make a server connect to."""
        return self._here.addresses

    def secret(self, name: str) -> SecretStr | None:
        """Return a secret from the server's environment."""
        return self._here.secret(name)

    async def put(self, config: BotConfig) -> str:
        """Create the bot of `config.user_id`, or change the existing one to `config`. Return its instance_id.

        The bot runs afterwards, unless it was stopped on purpose.
        Raises: InvalidConfig (nothing has changed), StorageError.
        """
        if self._elsewhere is None:
            return (await self._here.put(config)).instance_id
        for _ in range(TRIES):
            with suppress(BotNotFound, DuplicateUser):  # the bot was created, given away or deleted meanwhile
                row = await self._store.bots.of_user(config.user_id)
                if row is not None:
                    await self.execute(row.instance_id, PutBot(config=config.stored))
                    return row.instance_id
                if self._elsewhere.may_have_bots and not self._here.has_user(config.user_id):
                    return (await self._here.put(config)).instance_id
            await asyncio.sleep(0)
        raise NodeUnresponsive

    async def info(self, instance_id: str) -> BotInfo:
        row = await self._row(instance_id)
        node = await self._name_of(row.owner)
        try:
            config = BotConfig.model_validate(row.config)
        except ValidationError:
            raise NotSupported("A newer version wrote this bot's config: ask a server of that version.") from None
        return BotInfo(row.instance_id, row.user_id, config, row.created_at, node, row.epoch)

    async def config(self, instance_id: str) -> BotConfig:
        return (await self.info(instance_id)).config

    async def exists(self, instance_id: str) -> None:
        """Raises: BotNotFound."""
        if not self._here.has(instance_id):
            await self._row(instance_id)

    async def is_empty(self) -> bool:
        """Return whether there is no bot."""
        return not self._here.all() and (self._elsewhere is None or not await self._store.bots.all())

    async def has_user(self, user_id: str) -> bool:
        """Return whether this user has a bot."""
        return self._here.has_user(user_id) or await self._store.bots.of_user(user_id) is not None

    async def account_of(self, user_id: str) -> str | None:
        """Return the id of the account that this user's bot is linked to; None without a bot or a link."""
        row = await self._store.bots.of_user(user_id)
        return None if row is None else (await self.status(row.instance_id)).account

    async def status(self, instance_id: str) -> BotStatus:
        if self._here.has(instance_id):
            return await self._status_here(self._here.get(instance_id))
        row = await self._row(instance_id)
        said, totals, signs = await asyncio.gather(
            self._store.statuses.of(instance_id),
            self._store.messages.totals([instance_id]),
            self._store.nodes.signs(),
        )
        return _as_published(row, said, totals.get(instance_id, BotTotals()), signs)

    async def statuses(self) -> list[BotStatus]:
        """Return the status of every bot, in order of creation."""
        if self._elsewhere is None:
            bots = self._here.all()
            totals = await self._store.messages.totals([bot.instance_id for bot in bots])
            return list(await asyncio.gather(*(bot.status(totals.get(bot.instance_id, BotTotals())) for bot in bots)))
        rows = await self._store.bots.all()
        said, totals, signs = await asyncio.gather(
            self._store.statuses.all(),
            self._store.messages.totals([row.instance_id for row in rows]),
            self._store.nodes.signs(),
        )
        here = {bot.instance_id: bot for bot in self._here.all()}
        return [
            _unless_moving(await here[row.instance_id].status(totals.get(row.instance_id, BotTotals())), row)
            if row.instance_id in here
            else _as_published(row, said.get(row.instance_id), totals.get(row.instance_id, BotTotals()), signs)
            for row in rows
        ]

    async def try_model(self, config: BotConfig) -> ModelTest:
        """Test the model of a config without creating a bot. Raises: InvalidConfig."""
        return await self._here.try_model(config)

    async def list_models(self, choice: ProviderChoice) -> list[str]:
        """Return the models of the model's server. Raises: InvalidConfig, NotSupported, ModelError."""
        return await self._here.list_models(choice)

    async def start(self, instance_id: str) -> BotStatus:
        return await self.execute(instance_id, StartBot())

    async def stop(self, instance_id: str) -> BotStatus:
        return await self.execute(instance_id, StopBot())

    async def unlink(self, instance_id: str) -> BotStatus:
        """Log the account out and delete its credentials. The bot stays stopped until it is started to link again."""
        return await self.execute(instance_id, UnlinkBot())

    async def pause(self, instance_id: str, contact: str | None = None, minutes: float | None = None) -> BotStatus:
        """Make the bot silent towards a person or group, or everywhere.

        Without `minutes` the pause lasts until it is resumed.
        Raises: ContactNotFound.
        """
        return await self.execute(instance_id, PauseBot(contact=contact, minutes=minutes))

    async def resume(self, instance_id: str, contact: str | None = None) -> BotStatus:
        """End the pause of one chat, or every pause. Raises: ContactNotFound."""
        return await self.execute(instance_id, ResumeBot(contact=contact))

    async def delete(self, instance_id: str) -> str | None:
        """Unlink the account and delete the bot with all its data.

        Return the step left for the owner to do, or None.
        """
        return await self.execute(instance_id, DeleteBot())

    async def pairing_code(self, instance_id: str, phone: str) -> str:
        """Return the code to link the account with this phone number. Raises: NotSupported, InvalidState, Refused."""
        return await self.execute(instance_id, RequestPairingCode(phone=phone))

    async def forget(self, instance_id: str, contact: str) -> tuple[int, bool]:
        """Delete all data of a person.

        Return the number of deleted messages, and whether they are already scrubbed from the database files.
        Raises: ContactNotFound, InvalidState.
        """
        return await self.execute(instance_id, EraseContact(contact=contact))

    async def begin_exam(self, instance_id: str, most: int, contact: str | None = None) -> EvaluationRow:
        """Have the bot answer up to `most` questions of the past. Return the state of the evaluation.

        Raises: ContactNotFound, InvalidState (an evaluation is under way, or there are no questions), InvalidConfig.
        """
        await self.execute(instance_id, BeginEvaluation(most=most, contact=contact))
        return await self.exam(instance_id)

    async def cancel_exam(self, instance_id: str) -> EvaluationRow:
        """End the evaluation that is under way, if there is one. Return the last one. Raises: EvaluationNotFound."""
        await self.execute(instance_id, CancelEvaluation())
        return await self.exam(instance_id)

    async def exam(self, instance_id: str) -> EvaluationRow:
        """Return the bot's last evaluation. Raises: EvaluationNotFound."""
        await self.exists(instance_id)
        row = await self._store.evaluations.last(instance_id)
        if row is None:
            raise EvaluationNotFound
        return row

    async def loop_found(self, instance_id: str, conversation: str) -> None:
        """See `runtime.account.safety.OtherBots`. Raises nothing: the report is only a hint."""
        try:
            async with asyncio.timeout(HINT):
                await self.execute(instance_id, ReportLoop(conversation=conversation))
        except (ImposterError, TimeoutError) as error:
            log.warning("a bot was not told of a loop", bot=instance_id, **trace_of(error))

    async def messages(
        self, instance_id: str, *, conversation: str | None = None, before: int | None = None, limit: int = 50
    ) -> list[StoredMessage]:
        """Return messages with their state, newest first."""
        await self.exists(instance_id)
        return await self._store.messages.page(instance_id, conversation=conversation, before=before, limit=limit)

    async def decision(self, instance_id: str, seq: int) -> Explained:
        """Return why a message was answered, was not, or is not yet. Raises: MessageNotFound."""
        row, status = await asyncio.gather(self._row(instance_id), self.status(instance_id))
        return await inquire(self._store, self.catalog, row, status, seq)

    async def costs(
        self, instance_id: str, by: UsageGroup, *, first: date | None = None, last: date | None = None
    ) -> Costs:
        """Return the usage of the bot's models. See `storage.usage.UsageStore.sums`."""
        await self.exists(instance_id)
        return await self._store.usage.sums(instance_id, by, first, last)

    async def execute(self, instance_id: str, command: Command[Result]) -> Result:
        """Have the node that runs the bot carry out a command."""
        if self._elsewhere is None:
            return await self._here.execute(instance_id, command)
        if self._here.has(instance_id):
            try:
                return await self._here.execute(instance_id, command)
            except (BotNotFound, Superseded):
                pass  # the bot was given to another node meanwhile
        return await self._elsewhere.ask(instance_id, command)

    async def _row(self, instance_id: str) -> BotRow:
        if self._elsewhere is None and not self._here.has(instance_id):
            raise BotNotFound
        return await self._store.bots.one(instance_id)

    async def _name_of(self, owner: str | None) -> str | None:
        if self._elsewhere is None:
            return self._server_metrics.name
        return next((node.name for node in await self._store.nodes.all() if node.node_id == owner), None)

    async def _status_here(self, bot: Bot) -> BotStatus:
        status = await bot.status()
        if self._elsewhere is None or status.status is not LinkState.STOPPED:
            return status
        with suppress(BotNotFound, StorageError):
            return _unless_moving(status, await self._store.bots.one(bot.instance_id))
        return status


def _unless_moving(status: BotStatus, row: BotRow) -> BotStatus:
    """Return the status as reconnecting if a bot that should run is stopped: it is moving to or from this node."""
    if row.wanted and status.status is LinkState.STOPPED:
        return status.model_copy(update=_link(LinkState.RECONNECTING, MOVING))
    return status


def _as_published(
    row: BotRow, said: dict[str, Any] | None, totals: BotTotals, signs: Mapping[str, Heartbeat]
) -> BotStatus:
    """Return the status that the bot's node published last, as far as it still applies."""
    start = {"instance_id": row.instance_id, "user_id": row.user_id, "since": row.updated_at}
    counted = {"waiting": totals.waiting, "unreadable": totals.unreadable}
    status = BotStatus.model_validate(start | {"status": LinkState.STARTING} | (said or {}) | counted)
    if not row.wanted:
        return status if status.status in RESTING else status.model_copy(update=_link(LinkState.STOPPED))
    trouble = liveness.told(signs.get(row.owner or ""))
    if trouble is None and said is not None and said.get(SAID_BY, row.owner) != row.owner:
        trouble = MOVING
    if trouble is not None:
        return status.model_copy(update=_link(LinkState.RECONNECTING, trouble))
    return _unless_moving(status, row)


def _link(state: LinkState, detail: str | None = None) -> dict[str, Any]:
    return {"status": state, "detail": detail, "qr": None, "qr_expires_at": None, "code": None}
