"""All bots of this server: brought back at start, made and changed on demand, stopped at the end."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import structlog
from pydantic import SecretStr, ValidationError

from imposter.contracts.addresses import AddressGuard
from imposter.contracts.chat import Shared
from imposter.contracts.config import BotConfig
from imposter.contracts.errors import UnknownBot
from imposter.contracts.states import BotStatus
from imposter.runtime.discovery import Catalog
from imposter.storage import Store
from imposter.storage.dead_letters import DeadLetter, Retried
from imposter.storage.records import BotRow, StoredMessage
from imposter.storage.writer import Pending

log = structlog.get_logger()


class Bot(Protocol):
    """What the supervisor and the API need of a bot."""

    instance_id: str
    user_id: str
    config: BotConfig
    created_at: datetime

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def unlink(self) -> None: ...
    async def resume(self) -> None: ...
    async def retry(self, letter: int | None = None) -> Retried: ...
    async def forget(self, contact: str) -> tuple[int, bool]: ...
    async def reconfigure(self, config: BotConfig) -> None: ...
    async def check(self) -> None: ...
    async def status(self) -> BotStatus: ...
    async def pairing_code(self, phone: str) -> str: ...


MakeBot = Callable[[BotRow, BotConfig], Bot]


class Supervisor:
    """Owns the bots of this server. Every method that takes an instance_id raises UnknownBot for one it has not."""

    def __init__(
        self, *, store: Store, catalog: Catalog, shared: Shared, make_bot: MakeBot, now: Callable[[], datetime]
    ) -> None:
        self.catalog = catalog
        self.ready = False
        self._store = store
        self._shared = shared
        self._make_bot = make_bot
        self._now = now
        self._bots: dict[str, Bot] = {}
        self._by_user: dict[str, Bot] = {}
        self._users: dict[str, asyncio.Lock] = {}

    async def load(self) -> None:
        """Bring back every bot that is stored; those that were running run again."""
        for row in await self._store.bots.all():
            try:
                config = BotConfig.model_validate(row.config)
            except ValidationError as error:
                log.error("stored bot has a config that this version cannot read", bot=row.instance_id,
                          fields=[".".join(map(str, problem["loc"])) for problem in error.errors()])  # fmt: skip
                continue
            bot = self._keep(self._make_bot(row, config))
            if row.wanted:
                await bot.start()
        self.ready = True

    async def close(self) -> None:
        """Stop every bot; all of them come back at the next start."""
        self.ready = False
        await asyncio.gather(*(bot.stop() for bot in self._bots.values()), return_exceptions=True)

    def secret(self, name: str) -> SecretStr | None:
        """A secret from the server's environment."""
        return self._shared.secret(name)

    @property
    def addresses(self) -> AddressGuard:
        """Where a bot's config may send this server."""
        return self._shared.addresses

    def get(self, instance_id: str) -> Bot:
        try:
            return self._bots[instance_id]
        except KeyError:
            raise UnknownBot from None

    def all(self) -> list[Bot]:
        """Every bot, in order of creation."""
        return list(self._bots.values())

    async def put(self, config: BotConfig) -> Bot:
        """Make the bot of `config.user_id`, or bring the one there is in line with `config`; it runs afterwards
        unless it was stopped on purpose. Raises: InvalidConfig (nothing has changed), StorageError.
        """
        async with self._lock(config.user_id):
            bot = self._by_user.get(config.user_id)
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
        """Log the account out and forget its credentials; it stays stopped until it is started to be linked again."""
        bot = self.get(instance_id)
        async with self._lock(bot.user_id):
            await self._store.bots.set_wanted(instance_id, False)
            await bot.unlink()
        return bot

    async def resume(self, instance_id: str) -> Bot:
        """End every pause that the bot took for its account's safety."""
        bot = self.get(instance_id)
        await bot.resume()
        return bot

    async def delete(self, instance_id: str) -> None:
        """Unlink the account and remove the bot with everything it stored."""
        bot = self.get(instance_id)
        async with self._lock(bot.user_id):
            self.get(instance_id)
            await bot.unlink()
            await self._store.bots.delete(instance_id)
            del self._bots[instance_id], self._by_user[bot.user_id]

    async def pairing_code(self, instance_id: str, phone: str) -> str:
        """Raises: NotSupported, NotNow, Refused."""
        return await self.get(instance_id).pairing_code(phone)

    async def check_store(self) -> None:
        """Raises: StorageError if the store does not answer as it should."""
        await self._store.messages.waiting_count("")

    def messages(
        self, instance_id: str, *, conversation: str | None = None, before: int | None = None, limit: int = 50
    ) -> Pending[list[StoredMessage]]:
        """What was said and what became of it, newest first."""
        self.get(instance_id)
        return self._store.messages.page(instance_id, conversation=conversation, before=before, limit=limit)

    def dead_letters(
        self, instance_id: str, *, before: int | None = None, limit: int = 50
    ) -> Pending[list[DeadLetter]]:
        """What contacts did not get, newest first."""
        self.get(instance_id)
        return self._store.dead_letters.page(instance_id, before=before, limit=limit)

    def remove_letter(self, instance_id: str, letter: int) -> Pending[None]:
        """Raises from the result: UnknownLetter."""
        self.get(instance_id)
        return self._store.dead_letters.remove(instance_id, letter)

    def back_up(self) -> Pending[Path]:
        """A new folder with a copy of all that the server keeps. Raises from the result: NotSupported, StorageError."""
        return self._store.backup.make()

    async def _create(self, config: BotConfig) -> Bot:
        now = self._now()
        row = BotRow(str(uuid4()), config.user_id, config.stored, True, now, now)
        bot = self._make_bot(row, config)
        await bot.check()
        await self._store.bots.add(row.instance_id, row.user_id, row.config)
        self._keep(bot)
        await bot.start()
        return bot

    async def _want(self, instance_id: str, *, running: bool) -> Bot:
        bot = self.get(instance_id)
        async with self._lock(bot.user_id):
            await self._store.bots.set_wanted(instance_id, running)
            await (bot.start() if running else bot.stop())
        return bot

    def _keep(self, bot: Bot) -> Bot:
        self._bots[bot.instance_id] = self._by_user[bot.user_id] = bot
        return bot

    def _lock(self, user_id: str) -> asyncio.Lock:
        return self._users.setdefault(user_id, asyncio.Lock())
