"""Many messages are deleted in portions, each a commit of its own, and between two of them everybody gets their turn.

In one statement a million took 3.5 s on a machine that flushes nothing: too long for the other bots and for a server's
lease, and at last for the time that PostgreSQL gives to a statement.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select, tuple_

from imposter.storage.tables import anchor, messages

AT_ONCE = 2000
"""Messages deleted in one commit."""

_of_bot = messages.c.instance_id == bindparam("instance_id")


@dataclass(frozen=True, slots=True)
class Portion:
    deleted: int
    last: tuple[Any, Any]
    """Where the next begins."""


class Portions:
    """Those messages for which `which` holds, in the order of two columns that an index has."""

    def __init__(self, which: ColumnElement[bool], first: ColumnElement[Any], second: ColumnElement[Any]) -> None:
        key = tuple_(first, second)
        begin, end = (
            tuple_(bindparam(f"{place}_1", type_=first.type), bindparam(f"{place}_2", type_=second.type))
            for place in ("begin", "end")
        )
        self._end = select(first, second).where(which, key > begin).order_by(first, second).offset(AT_ONCE - 1).limit(1)
        self._delete = delete(messages).where(which, key > begin, key <= end)

    def delete(self, connection: Connection, of: dict[str, Any], begin: tuple[Any, Any]) -> Portion | None:
        """Delete what follows `begin`; None, and nothing is, if that is less than a whole portion."""
        place = of | {"begin_1": begin[0], "begin_2": begin[1]}
        end = connection.execute(self._end, place).first()
        if end is None:
            return None
        deleted = connection.execute(self._delete, place | {"end_1": end[0], "end_2": end[1]}).rowcount
        return Portion(deleted, (end[0], end[1]))


OF_BOT = Portions(_of_bot, messages.c.conversation, messages.c.message_id)
OF_BOT_BEGIN = ("", "")
OF_CONVERSATION = Portions(_of_bot & (messages.c.conversation == bindparam("conversation")), anchor, messages.c.seq)
"""The oldest first."""
OF_CONVERSATION_BEGIN = (0, 0)
