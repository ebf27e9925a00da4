"""Who has signed in to the page, on whichever server."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from imposter.storage.database.jobs import Pending
from imposter.storage.database.writer import Writer
from imposter.storage.schema.tables import sign_ins

IDLE = timedelta(days=7)
"""After so long without a look at the page one is signed out."""
LONGEST = timedelta(days=30)
"""After so long one is signed out in any case."""
NOTED = timedelta(minutes=10)
"""How exactly it is known when somebody last looked: a page is not to cost a commit."""

_named = sign_ins.c.mark == bindparam("named")
_ONE = select(sign_ins.c.began_at, sign_ins.c.seen_at).where(_named)
_SEEN = update(sign_ins).where(_named).values(seen_at=bindparam("now"))
_END = delete(sign_ins).where(_named)
_END_OLD = delete(sign_ins).where(
    (sign_ins.c.began_at < bindparam("longest")) | (sign_ins.c.seen_at < bindparam("idle"))
)
_END_ALL = delete(sign_ins)
_BEGIN = insert(sign_ins)


class WebSessionStore:
    """Each has a mark, by which nobody can sign in."""

    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._now = now

    def begin(self, mark: str) -> Pending[None]:
        """`mark`: up to 64 characters."""

        def job(connection: Connection) -> None:
            now = self._now()
            connection.execute(_END_OLD, {"longest": now - LONGEST, "idle": now - IDLE})
            connection.execute(_BEGIN, {"mark": mark, "began_at": now, "seen_at": now})

        return self._submit(job)

    def holds(self, mark: str) -> Pending[bool]:
        """Whether whoever has this mark is signed in; they were seen now."""

        def job(connection: Connection) -> bool:
            row, now = connection.execute(_ONE, {"named": mark}).first(), self._now()
            if row is None or now - row.began_at > LONGEST or now - row.seen_at > IDLE:
                return False
            if now - row.seen_at > NOTED:
                connection.execute(_SEEN, {"named": mark, "now": now})
            return True

        return self._submit(job)

    def end(self, mark: str) -> Pending[None]:
        return self._submit(lambda connection: _done(connection.execute(_END, {"named": mark})))

    def end_all(self) -> Pending[None]:
        return self._submit(lambda connection: _done(connection.execute(_END_ALL)))


def _done(_: object) -> None:
    """Of a statement that gives nothing."""
