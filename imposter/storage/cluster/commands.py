"""Commands between nodes. The owner of the bot executes a command at most once and stores the response."""

import json
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from imposter.contracts.errors import BotNotFound, ImposterError, NodeUnresponsive
from imposter.domain.nodes import NodeCommand
from imposter.secrets import Cipher
from imposter.storage.database.jobs import Pending
from imposter.storage.database.notifications import channel_of, ring
from imposter.storage.database.writer import Writer
from imposter.storage.schema.database_clock import Moment
from imposter.storage.schema.tables import bots, commands, nodes

TAKER_GONE = "The server that was doing it is gone: it may have been done, or not. Look, and ask again if it was not."

_OWNER = select(bots.c.owner).where(bots.c.instance_id == bindparam("bot"))
_columns = {name: bindparam(f"new_{name}", type_=commands.c[name].type) for name in ("instance_id", "body", "asked_by")}
_ASK = insert(commands).values(asked_at=Moment(), **_columns).returning(commands.c.number)
# The row lock lasts until the commit and belongs to one node, so that a command is executed only once.
_TO_TAKE = (
    select(commands.c.number, commands.c.instance_id, commands.c.body, commands.c.asked_by)
    .join(bots, bots.c.instance_id == commands.c.instance_id)
    .where(bots.c.owner == bindparam("node"), commands.c.taken_by.is_(None))
    .order_by(commands.c.number)
    .with_for_update(of=commands, skip_locked=True)
)
_one = commands.c.number == bindparam("which")
_TAKE = update(commands).where(commands.c.number.in_(bindparam("taken", expanding=True)))
_ANSWER = update(commands).where(_one).values(answer=bindparam("said"))
_has_lost_its_bot = commands.c.taken_by.is_(None) & commands.c.instance_id.not_in(select(bots.c.instance_id))
# The node that took it may have executed it, so no other node may execute it again.
_has_lost_its_taker = commands.c.taken_by.not_in(select(nodes.c.node_id))
_ANSWERS = (
    delete(commands)
    .where(
        commands.c.asked_by == bindparam("node"),
        commands.c.answer.is_not(None) | _has_lost_its_bot | _has_lost_its_taker,
    )
    .returning(commands.c.number, commands.c.instance_id, commands.c.answer, commands.c.taken_by)
)
_PUT_BACK = (
    update(commands)
    .where(_one, commands.c.instance_id == bots.c.instance_id)
    .values(taken_by=None)
    .returning(bots.c.owner)
)
_WITHDRAW = delete(commands).where(_one).returning(commands.c.taken_by)


class CommandStore:
    """Commands and their responses. They are encrypted because a config holds API keys."""

    def __init__(self, writer: Writer, cipher: Cipher) -> None:
        self._submit = writer.submit
        self._cipher = cipher

    def ask(self, instance_id: str, body: dict[str, Any], asked_by: str) -> Pending[int]:
        """Send a command to the present or next owner of the bot, and notify it. Return the number of the command.

        Raises from the result: BotNotFound.
        """
        row = {"new_instance_id": instance_id, "new_body": self._seal(instance_id, body), "new_asked_by": asked_by}

        def job(connection: Connection) -> int:
            bot = connection.execute(_OWNER, {"bot": instance_id}).first()
            if bot is None:
                raise BotNotFound
            number: int = connection.execute(_ASK, row).scalar_one()
            if bot.owner is not None:
                ring(connection, channel_of(bot.owner))
            return number

        return self._submit(job)

    def take(self, node_id: str) -> Pending[list[NodeCommand]]:
        """Take the commands for this node's bots, oldest first. No other node gets them."""

        def job(connection: Connection) -> list[NodeCommand]:
            rows = connection.execute(_TO_TAKE, {"node": node_id}).all()
            if rows:
                connection.execute(_TAKE.values(taken_by=node_id), {"taken": [row.number for row in rows]})
            return [
                NodeCommand(number, instance_id, self._open(instance_id, body), asked_by)
                for number, instance_id, body, asked_by in rows
            ]

        return self._submit(job)

    def answer(self, number: int, instance_id: str, body: dict[str, Any], asked_by: str) -> Pending[None]:
        """Store the response and notify the node that asked. Nothing happens if that node no longer waits."""
        sealed = self._seal(instance_id, body)

        def job(connection: Connection) -> None:
            if connection.execute(_ANSWER, {"which": number, "said": sealed}).rowcount:
                ring(connection, channel_of(asked_by))

        return self._submit(job)

    def answers(self, asked_by: str) -> Pending[dict[int, dict[str, Any] | ImposterError]]:
        """Return all responses for this node by command number, and remove them.

        For a command that will get no response, an error is returned instead: BotNotFound (the bot was deleted before a
        node took the command), NodeUnresponsive (the node that took it has left).
        """
        return self._submit(
            lambda connection: {row.number: self._said(row) for row in connection.execute(_ANSWERS, {"node": asked_by})}
        )

    def put_back(self, number: int) -> Pending[bool]:
        """Give back a command that was taken but not started, for the bot's present owner.

        Return False if the bot no longer exists.
        """

        def job(connection: Connection) -> bool:
            row = connection.execute(_PUT_BACK, {"which": number}).first()
            if row is None:
                return False
            if row.owner is not None:
                ring(connection, channel_of(row.owner))
            return True

        return self._submit(job)

    def withdraw(self, number: int) -> Pending[bool]:
        """Withdraw a command whose caller no longer waits.

        Return True if no node has taken it, so that it never will be.
        """

        def job(connection: Connection) -> bool:
            row = connection.execute(_WITHDRAW, {"which": number}).first()
            return row is not None and row.taken_by is None

        return self._submit(job)

    def _said(self, row: Any) -> dict[str, Any] | ImposterError:
        if row.answer is not None:
            return self._open(row.instance_id, row.answer)
        return BotNotFound() if row.taken_by is None else NodeUnresponsive(TAKER_GONE)

    def _seal(self, instance_id: str, body: dict[str, Any]) -> bytes:
        return self._cipher.seal(json.dumps(body).encode(), _purpose(instance_id))

    def _open(self, instance_id: str, sealed: bytes) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self._cipher.open(sealed, _purpose(instance_id)))
        return body


def _purpose(instance_id: str) -> str:
    return f"command:{instance_id}"
