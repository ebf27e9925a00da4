"""The store of bots and their configs."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from imposter.contracts.errors import BotNotFound, StorageError
from imposter.domain.bots import BotRow
from imposter.domain.claims import Claim
from imposter.domain.messages import Judge
from imposter.secrets import Cipher
from imposter.storage.database.jobs import Pending
from imposter.storage.database.notifications import NodeIdentity
from imposter.storage.database.reader import Reader
from imposter.storage.database.writer import Writer
from imposter.storage.queue.pending_work import abandon, reconsider
from imposter.storage.schema import fencing
from imposter.storage.schema.batch_delete import OF_BOT, OF_BOT_BEGIN
from imposter.storage.schema.connection_cache import forget_remembered
from imposter.storage.schema.secure_delete import mark_pending, run_if_pending
from imposter.storage.schema.tables import bots

# Two nodes may add a bot for the same user at once. SQLite's compiler also supports PostgreSQL's `on_conflict` clause.
_ADD = insert(bots).on_conflict_do_nothing(index_elements=["user_id"]).returning(bots.c.number)
_one = bots.c.instance_id == bindparam("bot")
_UPDATE = update(bots).where(_one, fencing.mine)
_DELETE = delete(bots).where(_one, fencing.mine)
_MINE = select(bots.c.number).where(_one, fencing.mine).with_for_update(read=True)
SELECT_BOT = select(
    bots.c.instance_id,
    bots.c.user_id,
    bots.c.config,
    bots.c.wanted,
    bots.c.created_at,
    bots.c.updated_at,
    bots.c.owner,
    bots.c.epoch,
)
"""Columns in the order of BotRow's fields."""
_ALL = SELECT_BOT.order_by(bots.c.number)
_ONE = SELECT_BOT.where(_one)
_OF_USER = SELECT_BOT.where(bots.c.user_id == bindparam("user_id"))


class DuplicateUser(StorageError):
    """This user has a bot already."""


class BotStore:
    """Bots and their encrypted configs. With an `identity`, only bots of that node can be changed."""

    def __init__(
        self, writer: Writer, reader: Reader, cipher: Cipher, now: Callable[[], datetime], identity: NodeIdentity | None
    ) -> None:
        self._submit = writer.submit
        self._read = reader.submit
        self._cipher = cipher
        self._now = now
        self._identity = identity

    @property
    def _node_id(self) -> str | None:
        return None if self._identity is None else self._identity.node_id

    def add(self, instance_id: str, user_id: str, config: dict[str, Any], *, wanted: bool = True) -> Pending[BotRow]:
        """Store a new bot. Raises from the result: DuplicateUser."""

        def job(connection: Connection) -> BotRow:
            now = self._now()
            row = BotRow(instance_id, user_id, config, wanted, created_at=now, updated_at=now, owner=self._node_id)
            added = connection.execute(
                _ADD,
                {
                    "instance_id": instance_id,
                    "user_id": user_id,
                    "config": self._seal(instance_id, config),
                    "wanted": wanted,
                    "created_at": now,
                    "updated_at": now,
                    "owner": self._node_id,
                },
            )
            if added.first() is None:
                raise DuplicateUser
            return row

        return self._submit(job, instance_id)

    def update(
        self, instance_id: str, config: dict[str, Any], judge: Judge | None = None, *, abandoned: str | None = None
    ) -> Pending[None]:
        """Store the config and, in the same commit, let the new `judge` decide about all unfinished work.

        With `abandoned`, all unfinished work ends for this reason instead.

        Raises from the result: BotNotFound, Superseded.
        """
        sealed = self._seal(instance_id, config)

        def job(connection: Connection) -> None:
            self._change(connection, instance_id, config=sealed)
            if abandoned is not None:
                abandon(connection, instance_id, abandoned)
            elif judge is not None:
                reconsider(connection, instance_id, judge)

        return self._submit(job, instance_id)

    def claim(self, instance_id: str) -> Pending[Claim]:
        """Claim the bot for this run. Any earlier claim becomes invalid.

        Raises from the result: BotNotFound, Superseded (another node owns the bot).
        """
        return self._submit(lambda connection: fencing.take(connection, instance_id, self._node_id), instance_id)

    def set_wanted(self, instance_id: str, wanted: bool) -> Pending[None]:
        """Store whether the bot should run. Raises from the result: BotNotFound, Superseded."""
        return self._submit(lambda connection: self._change(connection, instance_id, wanted=wanted), instance_id)

    async def delete(self, instance_id: str) -> None:
        """Remove the bot and all its data, also from the files: messages, answers and the provider's entries.

        Messages are deleted first, in batches. If that is interrupted, the bot remains with fewer messages; call it
        again. If another program reads the files, retention scrubs them as soon as it can.

        Raises: BotNotFound, Superseded, StorageError.
        """
        begin: tuple[str, str] | None = OF_BOT_BEGIN
        while begin:
            begin = await self._delete_some(instance_id, begin)

        def job(connection: Connection) -> None:
            if not connection.execute(_DELETE, {"bot": instance_id, "node": self._node_id}).rowcount:
                raise fencing.not_mine(connection, instance_id)
            forget_remembered(connection, instance_id)
            mark_pending(connection)

        await self._submit(job, afterwards=run_if_pending)

    def _delete_some(self, instance_id: str, begin: tuple[str, str]) -> Pending[tuple[str, str] | None]:
        """Delete one batch of messages. Return where the next begins; None if less than a batch is left."""

        def job(connection: Connection) -> tuple[str, str] | None:
            if connection.execute(_MINE, {"bot": instance_id, "node": self._node_id}).first() is None:
                raise fencing.not_mine(connection, instance_id)
            portion = OF_BOT.delete(connection, {"bot": instance_id}, begin)
            if portion is None:
                return None
            mark_pending(connection)
            return portion.last

        return self._submit(job)

    def all(self) -> Pending[list[BotRow]]:
        """Return all bots in the order of their creation."""
        return self._read(lambda connection: [opened(self._cipher, row) for row in connection.execute(_ALL)])

    def one(self, instance_id: str) -> Pending[BotRow]:
        """Return one bot. Raises from the result: BotNotFound."""

        def job(connection: Connection) -> BotRow:
            row = connection.execute(_ONE, {"bot": instance_id}).first()
            if row is None:
                raise BotNotFound
            return opened(self._cipher, row)

        return self._read(job)

    def of_user(self, user_id: str) -> Pending[BotRow | None]:
        def job(connection: Connection) -> BotRow | None:
            row = connection.execute(_OF_USER, {"user_id": user_id}).first()
            return row and opened(self._cipher, row)

        return self._read(job)

    def _change(self, connection: Connection, instance_id: str, **values: Any) -> None:
        one = {"bot": instance_id, "node": self._node_id}
        if not connection.execute(_UPDATE.values(updated_at=self._now(), **values), one).rowcount:
            raise fencing.not_mine(connection, instance_id)

    def _seal(self, instance_id: str, config: dict[str, Any]) -> bytes:
        return self._cipher.seal(json.dumps(config).encode(), _purpose(instance_id))


def opened(cipher: Cipher, row: Any, **changed: Any) -> BotRow:
    """Convert a row of SELECT_BOT to a BotRow, with the `changed` fields updated."""
    config = json.loads(cipher.open(row.config, _purpose(row.instance_id)))
    return BotRow(**{**row._mapping, "config": config, **changed})


def _purpose(instance_id: str) -> str:
    return f"bot:{instance_id}"
