"""The last reported status of each bot, for the nodes that do not run it."""

import json
from typing import Any

from sqlalchemy import Connection, Executable, LargeBinary, bindparam, literal_column, select
from sqlalchemy.dialects.postgresql import insert

from imposter.domain.claims import Claim, Superseded
from imposter.secrets import Cipher
from imposter.storage.database.jobs import Pending
from imposter.storage.database.reader import Reader
from imposter.storage.database.writer import Writer
from imposter.storage.schema import fencing
from imposter.storage.schema.tables import bots, statuses

# SQLite's compiler also supports PostgreSQL's `on_conflict` clause.
_insert = insert(statuses).from_select(
    ["instance_id", "epoch", "body"],
    select(bots.c.instance_id, bots.c.epoch, bindparam("body", type_=LargeBinary)).where(
        bots.c.instance_id == bindparam("bot"), fencing.held
    ),
)
_PUBLISH: Executable = _insert.on_conflict_do_update(
    index_elements=["instance_id"], set_={"epoch": _insert.excluded.epoch, "body": _insert.excluded.body}
).returning(literal_column("1"))
_ALL = select(statuses.c.instance_id, statuses.c.body)
_ONE = _ALL.where(statuses.c.instance_id == bindparam("bot"))


class StatusStore:
    """The last status of each bot. It is encrypted because it may hold a QR code that links an account."""

    def __init__(self, writer: Writer, reader: Reader, cipher: Cipher) -> None:
        self._submit = writer.submit
        self._read = reader.submit
        self._cipher = cipher

    def publish(self, claim: Claim, body: dict[str, Any]) -> Pending[None]:
        """Store a status in place of the previous one. Raises from the result: Superseded."""
        bot = claim.instance_id
        row = {"bot": bot, "body": self._cipher.seal(json.dumps(body).encode(), _purpose(bot))} | fencing.of(claim)

        def job(connection: Connection) -> None:
            if connection.execute(_PUBLISH, row).first() is None:
                raise Superseded

        return self._submit(job, bot)

    def of(self, instance_id: str) -> Pending[dict[str, Any] | None]:
        """Return the bot's status; None if no run has reported one yet."""

        def job(connection: Connection) -> dict[str, Any] | None:
            row = connection.execute(_ONE, {"bot": instance_id}).first()
            return row and self._open(*row)

        return self._read(job)

    def all(self) -> Pending[dict[str, dict[str, Any]]]:
        """Return all statuses by instance id."""
        return self._read(lambda connection: {bot: self._open(bot, body) for bot, body in connection.execute(_ALL)})

    def _open(self, instance_id: str, sealed: bytes) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self._cipher.open(sealed, _purpose(instance_id)))
        return body


def _purpose(instance_id: str) -> str:
    return f"status:{instance_id}"
