"""Many messages are deleted in portions, each a commit of its own, and between two of them everybody gets their turn.

In one statement a million took 3.5 s on a machine that flushes nothing: too long for the other bots and for a server's
lease, and at last for the time that PostgreSQL gives to a statement.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select, tuple_

from imposter.storage.schema.tables import anchor, messages

AT_ONCE = 250
"""Messages deleted in one commit, which takes some 10 ms."""

_of_bot = messages.c.instance_id == bindparam("bot")


@dataclass(frozen=True, slots=True)
class DeletedBatch:
    deleted: int
    last: tuple[Any, Any]
    """Where the next begins."""


class BatchDelete:
    """Those messages for which `which` holds, in the order of two columns that an index has."""

    def __init__(self, which: ColumnElement[bool], first: ColumnElement[Any], second: ColumnElement[Any]) -> None:
        key = tuple_(first, second)
        begin, end = (
            tuple_(bindparam(f"{place}_1", type_=first.type), bindparam(f"{place}_2", type_=second.type))
            for place in ("begin", "end")
        )
        self._end = select(first, second).where(which, key > begin).order_by(first, second).offset(AT_ONCE - 1).limit(1)
        self.behind = which & (key > begin)
        """Those behind a place; its parameters are `of` and `place(begin)`."""
        self.portion = self.behind & (key <= end)
        """Those of one portion; with the parameters `place(begin, end)`."""
        self._delete = delete(messages).where(self.portion)

    @staticmethod
    def place(begin: tuple[Any, Any], end: tuple[Any, Any] | None = None) -> dict[str, Any]:
        place = {"begin_1": begin[0], "begin_2": begin[1]}
        return place | ({"end_1": end[0], "end_2": end[1]} if end else {})

    def end(self, connection: Connection, of: dict[str, Any], begin: tuple[Any, Any]) -> tuple[Any, Any] | None:
        """Where the portion behind `begin` ends; None where what follows is less than a whole portion."""
        found = connection.execute(self._end, of | self.place(begin)).first()
        return None if found is None else (found[0], found[1])

    def delete(self, connection: Connection, of: dict[str, Any], begin: tuple[Any, Any]) -> DeletedBatch | None:
        """Delete what follows `begin`; None, and nothing is, if that is less than a whole portion."""
        end = self.end(connection, of, begin)
        if end is None:
            return None
        return DeletedBatch(connection.execute(self._delete, of | self.place(begin, end)).rowcount, end)


OF_BOT = BatchDelete(_of_bot, messages.c.conversation, messages.c.message_id)
OF_BOT_BEGIN = ("", "")
OF_CONVERSATION = BatchDelete(_of_bot & (messages.c.conversation == bindparam("chat")), anchor, messages.c.seq)
"""The oldest first."""
OF_CONVERSATION_BEGIN = (0, 0)
