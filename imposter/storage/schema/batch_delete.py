"""Deletion of many messages in batches, each with its own commit, so that other jobs can run in between.

Deleting a million messages in one statement took 3.5 s on a machine that does not flush to disk. That is too long for
the other bots and for a node's lease, and with more messages it exceeds PostgreSQL's statement timeout.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select, tuple_

from imposter.storage.schema.tables import anchor, messages

AT_ONCE = 250
"""Messages per commit; a commit takes about 10 ms."""

_of_bot = messages.c.instance_id == bindparam("bot")


@dataclass(frozen=True, slots=True)
class DeletedBatch:
    deleted: int
    last: tuple[Any, Any]
    """The position after which the next batch begins."""


class BatchDelete:
    """A batched deletion of the messages that match `which`, in the order of two indexed columns."""

    def __init__(self, which: ColumnElement[bool], first: ColumnElement[Any], second: ColumnElement[Any]) -> None:
        key = tuple_(first, second)
        begin, end = (
            tuple_(bindparam(f"{place}_1", type_=first.type), bindparam(f"{place}_2", type_=second.type))
            for place in ("begin", "end")
        )
        self._end = select(first, second).where(which, key > begin).order_by(first, second).offset(AT_ONCE - 1).limit(1)
        self.behind = which & (key > begin)
        """Condition: the messages after a position. Its parameters are `of` and `place(begin)`."""
        self.portion = self.behind & (key <= end)
        """Condition: the messages of one batch. Its parameters are `of` and `place(begin, end)`."""
        self._delete = delete(messages).where(self.portion)

    @staticmethod
    def place(begin: tuple[Any, Any], end: tuple[Any, Any] | None = None) -> dict[str, Any]:
        place = {"begin_1": begin[0], "begin_2": begin[1]}
        return place | ({"end_1": end[0], "end_2": end[1]} if end else {})

    def end(self, connection: Connection, of: dict[str, Any], begin: tuple[Any, Any]) -> tuple[Any, Any] | None:
        """Return the end of the batch after `begin`; None if less than a full batch is left."""
        found = connection.execute(self._end, of | self.place(begin)).first()
        return None if found is None else (found[0], found[1])

    def delete(self, connection: Connection, of: dict[str, Any], begin: tuple[Any, Any]) -> DeletedBatch | None:
        """Delete the batch after `begin`. Return None, and delete nothing, if less than a full batch is left."""
        end = self.end(connection, of, begin)
        if end is None:
            return None
        return DeletedBatch(connection.execute(self._delete, of | self.place(begin, end)).rowcount, end)


OF_BOT = BatchDelete(_of_bot, messages.c.conversation, messages.c.message_id)
OF_BOT_BEGIN = ("", "")
OF_CONVERSATION = BatchDelete(_of_bot & (messages.c.conversation == bindparam("chat")), anchor, messages.c.seq)
"""Oldest messages first."""
OF_CONVERSATION_BEGIN = (0, 0)
