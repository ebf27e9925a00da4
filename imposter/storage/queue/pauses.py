"""The pauses of bots."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select

from imposter.domain.claims import Claim
from imposter.domain.pauses import OWNER_PAUSE, Pause, of_member
from imposter.storage.database.jobs import Pending
from imposter.storage.database.writer import Writer
from imposter.storage.queue import pending_work
from imposter.storage.schema import fencing
from imposter.storage.schema.connection_cache import pauses_of
from imposter.storage.schema.tables import pauses

_of_bot = pauses.c.instance_id == bindparam("bot")
_ALL = select(pauses.c.conversation, pauses.c.reason, pauses.c.until).where(_of_bot).order_by(pauses.c.until)
KEPT = timedelta(days=30)
"""The time for which ended pauses are kept. Messages from before their end may arrive late, such as after an outage."""
_ONE = delete(pauses).where(_of_bot, pauses.c.conversation == bindparam("paused"))
_CLEAR = delete(pauses).where(_of_bot)
_ADD = insert(pauses)
_HELD = select(pauses.c.conversation, pauses.c.reason, pauses.c.until).where(
    _of_bot, pauses.c.conversation == bindparam("paused")
)


class PauseStore:
    """The pauses of all bots, at most one for each conversation."""

    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._now = now

    def holding(self, instance_id: str) -> Pending[list[Pause]]:
        """Return the pauses that are not over, in the order of their end."""

        def job(connection: Connection) -> list[Pause]:
            return [pause for pause in _all(connection, instance_id) if pause.until > self._now()]

        return self._submit(job, instance_id)

    def set(self, instance_id: str, pause: Pause) -> Pending[None]:
        """Store a pause in place of an earlier one of the conversation. Raises from the result: StorageError."""
        return self._submit(lambda connection: _put(connection, instance_id, pause), instance_id)

    def begin(self, claim: Claim, pause: Pause) -> Pending[Pause]:
        """Start a pause and end waiting messages and unsent answers there, in one commit.

        Return the pause that now applies: this one, or an existing one that ends later.
        Raises from the result: Superseded.
        """

        def job(connection: Connection) -> Pause:
            fencing.check(connection, claim)
            pending_work.silence_conversation(connection, claim.instance_id, pause.conversation, pause.reason)
            return begin(connection, claim.instance_id, pause)

        return self._submit(job, claim.instance_id)

    def end(self, instance_id: str, conversations: Collection[str], people: Collection[str] = ()) -> Pending[bool]:
        """End pauses of these conversations, including their members', and of these people in any group.

        An empty conversation stands for the whole account. Return False if there was no pause to end.
        """
        return self._submit(lambda connection: end(connection, instance_id, conversations, people), instance_id)

    def clear(self, instance_id: str) -> Pending[int]:
        """End all pauses of a bot and return their number."""

        def job(connection: Connection) -> int:
            pauses_of(connection).pop(instance_id, None)
            return connection.execute(_CLEAR, {"bot": instance_id}).rowcount

        return self._submit(job, instance_id)


def silencing(
    connection: Connection, instance_id: str, conversation: str, people: Collection[str], sent_at: datetime
) -> str | None:
    """Return the reason why a message sent there at this time never gets an answer; None if no pause covers it.

    `people` are the ids of its sender; they matter only in a group.
    """
    known = pauses_of(connection)
    if instance_id not in known:
        known[instance_id] = _all(connection, instance_id)
    here = {conversation, "", *(of_member(conversation, person) for person in people)}
    holding = [
        pause
        for pause in known[instance_id]
        if pause.conversation in here
        and pause.until > sent_at
        and (pause.conversation != "" or pause.reason == OWNER_PAUSE)
    ]
    return max(holding, key=lambda pause: pause.until).reason if holding else None


def end(connection: Connection, instance_id: str, conversations: Collection[str], people: Collection[str] = ()) -> bool:
    """End pauses; see `PauseStore.end`."""
    found = _all(connection, instance_id)
    ended = [pause.conversation for pause in found if pause.concerns(conversations, people)]
    pauses_of(connection).pop(instance_id, None)
    for name in ended:
        connection.execute(_ONE, {"bot": instance_id, "paused": name})
    return bool(ended)


def begin(connection: Connection, instance_id: str, pause: Pause) -> Pause:
    """Store a pause. Return the one that now applies: this one, or an existing one that ends later."""
    held = connection.execute(_HELD, {"bot": instance_id, "paused": pause.conversation}).first()
    if held is not None and held.until >= pause.until:
        return Pause(*held)
    _put(connection, instance_id, pause)
    return pause


def _all(connection: Connection, instance_id: str) -> tuple[Pause, ...]:
    return tuple(Pause(*row) for row in connection.execute(_ALL, {"bot": instance_id}))


def _put(connection: Connection, instance_id: str, pause: Pause) -> None:
    pauses_of(connection).pop(instance_id, None)
    connection.execute(_ONE, {"bot": instance_id, "paused": pause.conversation})
    row = {"conversation": pause.conversation, "reason": pause.reason, "until": pause.until}
    connection.execute(_ADD, row | {"instance_id": instance_id})
