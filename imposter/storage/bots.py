"""Which bots there are."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from imposter.contracts.errors import StorageError, UnknownBot
from imposter.secrets import Cipher
from imposter.storage import claims
from imposter.storage.conversations import forget_remembered
from imposter.storage.records import BotRow, Claim, Judge
from imposter.storage.scrubbing import owe, pay
from imposter.storage.tables import bots
from imposter.storage.unfinished import abandon, reconsider
from imposter.storage.writer import Pending, Writer

_USER = select(bots.c.number).where(bots.c.user_id == bindparam("user_id"))
_ADD = insert(bots)
_one = bots.c.instance_id == bindparam("bot")
_UPDATE = update(bots).where(_one)
_DELETE = delete(bots).where(_one)
_ALL = select(
    bots.c.instance_id, bots.c.user_id, bots.c.config, bots.c.wanted, bots.c.created_at, bots.c.updated_at
).order_by(bots.c.number)


class DuplicateUser(StorageError):
    """This user has a bot already."""


class BotStore:
    """Bots and their configs, which are encrypted."""

    def __init__(self, writer: Writer, cipher: Cipher, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._cipher = cipher
        self._now = now

    def add(self, instance_id: str, user_id: str, config: dict[str, Any], *, wanted: bool = True) -> Pending[BotRow]:
        """Raises: DuplicateUser."""

        def job(connection: Connection) -> BotRow:
            if connection.execute(_USER, {"user_id": user_id}).first():
                raise DuplicateUser
            row = BotRow(instance_id, user_id, config, wanted, created_at=(now := self._now()), updated_at=now)
            connection.execute(
                _ADD,
                {
                    "instance_id": instance_id,
                    "user_id": user_id,
                    "config": self._seal(instance_id, config),
                    "wanted": wanted,
                    "created_at": now,
                    "updated_at": now,
                },
            )
            return row

        return self._submit(job)

    def update(
        self, instance_id: str, config: dict[str, Any], judge: Judge | None = None, *, abandoned: str | None = None
    ) -> Pending[None]:
        """Store the config and, in the same commit, what the new `judge` says of all that is not finished.

        With `abandoned`, all of that ends for this reason. Raises: UnknownBot.
        """
        sealed = self._seal(instance_id, config)

        def job(connection: Connection) -> None:
            self._change(connection, instance_id, config=sealed)
            if abandoned is not None:
                abandon(connection, instance_id, abandoned)
            elif judge is not None:
                reconsider(connection, instance_id, judge)

        return self._submit(job)

    def claim(self, instance_id: str) -> Pending[Claim]:
        """The right to act for this bot, which whoever had it loses. Raises: UnknownBot."""
        return self._submit(lambda connection: claims.take(connection, instance_id))

    def set_wanted(self, instance_id: str, wanted: bool) -> Pending[None]:
        """Raises: UnknownBot."""
        return self._submit(lambda connection: self._change(connection, instance_id, wanted=wanted))

    def delete(self, instance_id: str) -> Pending[None]:
        """Remove the bot and everything of it, from the files too: messages, answers, the provider's entries.

        Where another program reads the files, they are scrubbed as soon as retention finds them free.
        """

        def job(connection: Connection) -> None:
            connection.execute(_DELETE, {"bot": instance_id})
            forget_remembered(connection)
            owe(connection)

        return self._submit(job, afterwards=pay)

    def all(self) -> Pending[list[BotRow]]:
        """In order of creation."""
        return self._submit(lambda connection: [self._open(*row) for row in connection.execute(_ALL)])

    def _change(self, connection: Connection, instance_id: str, **values: Any) -> None:
        changed = connection.execute(_UPDATE.values(updated_at=self._now(), **values), {"bot": instance_id})
        if not changed.rowcount:
            raise UnknownBot

    def _seal(self, instance_id: str, config: dict[str, Any]) -> bytes:
        return self._cipher.seal(json.dumps(config).encode(), _purpose(instance_id))

    def _open(self, instance_id: str, user_id: str, config: bytes, *rest: Any) -> BotRow:
        return BotRow(instance_id, user_id, json.loads(self._cipher.open(config, _purpose(instance_id))), *rest)


def _purpose(instance_id: str) -> str:
    return f"bot:{instance_id}"
