"""Where a bot is silent, and until when."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from imposter.storage.records import Pause
from imposter.storage.tables import pauses
from imposter.storage.writer import Pending, Writer

_of_bot = pauses.c.instance_id == bindparam("bot")
_ALL = select(pauses.c.conversation, pauses.c.reason, pauses.c.until).where(_of_bot).order_by(pauses.c.until)
_OVER = delete(pauses).where(_of_bot, pauses.c.until <= bindparam("now"))
_ONE = delete(pauses).where(_of_bot, pauses.c.conversation == bindparam("paused"))
_CLEAR = delete(pauses).where(_of_bot)
_ADD = insert(pauses)
_HELD = select(pauses.c.conversation, pauses.c.reason, pauses.c.until).where(
    _of_bot, pauses.c.conversation == bindparam("paused")
)


class PauseStore:
    """Each bot's pauses, at most one of a conversation."""

    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._now = now

    def holding(self, instance_id: str) -> Pending[list[Pause]]:
        """Those that are not over, the first to end first; the others are removed."""

        def job(connection: Connection) -> list[Pause]:
            connection.execute(_OVER, {"bot": instance_id, "now": self._now()})
            return [Pause(*row) for row in connection.execute(_ALL, {"bot": instance_id})]

        return self._submit(job)

    def set(self, instance_id: str, pause: Pause) -> Pending[None]:
        """In place of an earlier one of the same conversation. Raises from the result: StorageError."""
        return self._submit(lambda connection: _put(connection, instance_id, pause))

    def end(self, instance_id: str, conversation: str) -> Pending[bool]:
        """End that of one conversation, or of the account where it is empty. False if there was none."""
        return self._submit(lambda connection: end(connection, instance_id, conversation))

    def clear(self, instance_id: str) -> Pending[int]:
        """End all of a bot. Gives how many there were."""
        return self._submit(lambda connection: connection.execute(_CLEAR, {"bot": instance_id}).rowcount)


def end(connection: Connection, instance_id: str, conversation: str) -> bool:
    """See `PauseStore.end`."""
    return connection.execute(_ONE, {"bot": instance_id, "paused": conversation}).rowcount > 0


def begin(connection: Connection, instance_id: str, pause: Pause) -> Pause:
    """Gives the one that holds from now on: `pause`, or one of the same conversation that ends later."""
    held = connection.execute(_HELD, {"bot": instance_id, "paused": pause.conversation}).first()
    if held is not None and held.until >= pause.until:
        return Pause(*held)
    _put(connection, instance_id, pause)
    return pause


def _put(connection: Connection, instance_id: str, pause: Pause) -> None:
    connection.execute(_ONE, {"bot": instance_id, "paused": pause.conversation})
    row = {"conversation": pause.conversation, "reason": pause.reason, "until": pause.until}
    connection.execute(_ADD, row | {"instance_id": instance_id})
