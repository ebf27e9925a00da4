"""The bots of this server: loading, creating, changing and stopping them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol, cast
from uuid import uuid4

import structlog
from pydantic import SecretStr, ValidationError

from imposter.contracts.chat import Shared
from imposter.contracts.config import BotConfig, ProviderChoice
from imposter.contracts.errors import BotNotFound, ImposterError
from imposter.contracts.status import BotStatus, LinkState
from imposter.contracts.url_guard import AddressGuard
from imposter.domain.bots import BotRow
from imposter.domain.claims import Claim
from imposter.domain.messages import BotTotals
from imposter.logs import trace_of
from imposter.runtime.account.safety import OtherBots
from imposter.runtime.commands import Command, DeleteBot, PutBot, ReportLoop, Result, StartBot, StopBot, UnlinkBot
from imposter.runtime.metrics import Counts
from imposter.runtime.model_test import list_models, try_model
from imposter.runtime.model_test_report import ModelTest
from imposter.runtime.providers.discovery import Catalog
from imposter.storage import Store

log = structlog.get_logger()


class Bot(Protocol):
    """The part of a bot that the supervisor and the API use."""

    instance_id: str
    user_id: str
    config: BotConfig
    created_at: datetime
    claim: Claim | None
    """The claim of the latest run; None if the bot has not run on this server."""

    @property
    def state(self) -> LinkState:
        """The last known state of the link."""

    @property
    def must_be_asked(self) -> bool:
        """Whether the provider must be asked for its status, because it does not report changes."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def stop_immediately(self) -> None: ...
    async def unlink(self) -> str | None: ...
    async def reconfigure(self, config: BotConfig) -> None: ...
    async def check(self) -> None: ...
    async def status(self, totals: BotTotals | None = None) -> BotStatus: ...

    async def execute(self, command: Command[Result]) -> Result:
        """Carry out a command that concerns this bot alone; see `ChatbotInstance.execute`."""


class MakeBot(Protocol):
    def __call__(
        self, row: BotRow, config: BotConfig, *, other_bots: OtherBots, counts: Counts, changed: Callable[[str], None]
    ) -> Bot: ...


class Supervisor:
    """The owner of all bots of this server.

    Every method with an instance_id raises BotNotFound if the bot is not here.
    """

    def __init__(
        self, *, store: Store, catalog: Catalog, shared: Shared, make_bot: MakeBot, now: Callable[[], datetime]
    ) -> None:
        self.catalog = catalog
        self.counts = Counts()
        self.elsewhere: OtherBots | None = None
        """Finds the bots of other servers; None if this server is the only one."""
        self.on_change: Callable[[str], None] = lambda instance_id: None
        """Called with the id of a bot whose status may have changed."""
        self._store = store
        self._shared = shared
        self._make_bot = make_bot
        self._now = now
        self._bots: dict[str, Bot] = {}
        self._by_user: dict[str, Bot] = {}
        self._users: dict[str, asyncio.Lock] = {}
        self.generation = 0
        """Incremented when all bots are given up: an operation that began before must not bring a bot back."""

    async def load(self) -> None:
        """Load every stored bot and start those that were running. Only for a single server."""
        await self._store.evaluations.leave_behind()
        for row in await self._store.bots.all():
            await self.adopt(row)

    async def adopt(self, row: BotRow) -> bool:
        """Run this bot on this server, and start it if it is wanted.

        Return False if this version cannot read its config.
        """
        try:
            config = BotConfig.model_validate(row.config)
        except ValidationError as error:
            log.error("stored bot has a config that this version cannot read", bot=row.instance_id,
                      fields=[".".join(map(str, problem["loc"])) for problem in error.errors()])  # fmt: skip
            return False
        bot = self._keep(self._make(row, config))
        if row.wanted:
            await bot.start()
        return True

    async def give(self, instance_id: str) -> None:
        """Stop the bot and remove it from this server. Its data stays in the store."""
        bot = self.get(instance_id)
        async with self._lock(bot.user_id):
            self.get(instance_id)
            await bot.stop()
            self._drop(bot)

    async def stop_immediately(self) -> None:
        """Stop and remove all bots at once. Another server may run them a moment later."""
        self.generation += 1
        bots = self.all()
        for bot in bots:
            self._drop(bot)
        await asyncio.gather(*(bot.stop_immediately() for bot in bots), return_exceptions=True)

    async def close(self) -> None:
        """Stop every bot. All of them are loaded again at the next start of the server."""
        await asyncio.gather(*(bot.stop() for bot in self._bots.values()), return_exceptions=True)

    def secret(self, name: str) -> SecretStr | None:
        """Return a secret from the server's environment."""
        return self._shared.secret(name)

    @property
    def addresses(self) -> AddressGuard:
        """The addresses that a bot's config may make this server connect to."""
        return self._shared.addresses

    def has(self, instance_id: str) -> bool:
        return instance_id in self._bots

    def has_user(self, user_id: str) -> bool:
        return user_id in self._by_user

    def get(self, instance_id: str) -> Bot:
        try:
            return self._bots[instance_id]
        except KeyError:
            raise BotNotFound from None

    def all(self) -> list[Bot]:
        """Return every bot, in order of creation."""
        return list(self._bots.values())

    async def put(self, config: BotConfig, only: str | None = None) -> Bot:
        """Create the bot of `config.user_id`, or change the existing one to `config`.

        The bot runs afterwards, unless it was stopped on purpose.
        Raises: InvalidConfig (nothing has changed), StorageError, BotNotFound (the bot is not `only`).
        """
        async with self._lock(config.user_id):
            bot = self._by_user.get(config.user_id)
            if only is not None and (bot is None or bot.instance_id != only):
                raise BotNotFound
            if bot is None:
                return await self._create(config)
            if config != bot.config:
                await bot.reconfigure(config)
            return bot

    async def start(self, instance_id: str) -> Bot:
        return await self._want(instance_id, running=True)

    async def stop(self, instance_id: str) -> Bot:
        return await self._want(instance_id, running=False)

    async def unlink(self, instance_id: str) -> Bot:
        """Log the account out and delete its credentials. The bot stays stopped until it is started to link again."""
        bot = self.get(instance_id)
        async with self._lock(bot.user_id):
            self.get(instance_id)
            await self._store.bots.set_wanted(instance_id, False)
            await bot.unlink()
        return bot

    async def execute(self, instance_id: str, command: Command[Result]) -> Result:
        """Carry out a command for a bot of this server. Raises: the errors of that command."""
        match command:
            case PutBot():
                await self.put(BotConfig.model_validate(command.config), only=instance_id)
                return cast("Result", None)
            case DeleteBot():
                return cast("Result", await self.delete(instance_id))
            case StartBot():
                return cast("Result", await (await self.start(instance_id)).status())
            case StopBot():
                return cast("Result", await (await self.stop(instance_id)).status())
            case UnlinkBot():
                return cast("Result", await (await self.unlink(instance_id)).status())
            case _:
                return await self.get(instance_id).execute(command)

    async def loop_found(self, instance_id: str, conversation: str) -> None:
        """Report that another bot and this one answer each other here. Raises nothing: the report is only a hint."""
        try:
            if self.has(instance_id):
                await self.get(instance_id).execute(ReportLoop(conversation=conversation))
            elif self.elsewhere is not None:
                await self.elsewhere.loop_found(instance_id, conversation)
        except ImposterError as error:
            log.warning("a bot was not told of a loop", bot=instance_id, **trace_of(error))

    async def delete(self, instance_id: str) -> str | None:
        """Unlink the account and delete the bot with all its data.

        Return the step left for the owner to do, or None.
        """
        bot = self.get(instance_id)
        async with self._lock(bot.user_id):
            self.get(instance_id)
            left = await bot.unlink()
            with suppress(BotNotFound):  # an earlier try may have deleted it, and only its answer was lost
                await self._store.bots.delete(instance_id)
            self._drop(bot)
        return left

    async def try_model(self, config: BotConfig) -> ModelTest:
        """See `runtime.model_test`."""
        return await try_model(self.catalog, self._shared, config, self._now)

    async def list_models(self, choice: ProviderChoice) -> list[str]:
        return await list_models(self.catalog, self._shared, choice, self._now)

    async def _create(self, config: BotConfig) -> Bot:
        now = self._now()
        row = BotRow(str(uuid4()), config.user_id, config.stored, True, now, now)
        bot = self._make(row, config)
        generation = self.generation
        await bot.check()
        await self._store.bots.add(row.instance_id, row.user_id, row.config)
        if generation == self.generation:
            self._keep(bot)
            await bot.start()
        return bot

    async def _want(self, instance_id: str, *, running: bool) -> Bot:
        bot = self.get(instance_id)
        async with self._lock(bot.user_id):
            self.get(instance_id)  # the bot may have been given to another server meanwhile
            await self._store.bots.set_wanted(instance_id, running)
            await (bot.start() if running else bot.stop())
        return bot

    def _make(self, row: BotRow, config: BotConfig) -> Bot:
        return self._make_bot(
            row, config, other_bots=self, counts=self.counts, changed=lambda instance_id: self.on_change(instance_id)
        )

    def _keep(self, bot: Bot) -> Bot:
        self._bots[bot.instance_id] = self._by_user[bot.user_id] = bot
        return bot

    def _drop(self, bot: Bot) -> None:
        self._bots.pop(bot.instance_id, None)
        self._by_user.pop(bot.user_id, None)

    def _lock(self, user_id: str) -> asyncio.Lock:
        return self._users.setdefault(user_id, asyncio.Lock())
