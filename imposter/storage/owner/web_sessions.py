"""Sessions of the web page, valid on all servers."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from imposter.storage.database.jobs import Pending
from imposter.storage.database.writer import Writer
from imposter.storage.schema.tables import sign_ins

IDLE = timedelta(days=7)
"""A session ends after this time without a request."""
LONGEST = timedelta(days=30)
"""A session ends after this time in any case."""
NOTED = timedelta(minutes=10)
"""The precision of the time of the last request. It saves a commit on most requests."""

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
    """Web sessions, stored by a mark that cannot be used to sign in."""

    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._now = now

    def begin(self, mark: str) -> Pending[None]:
        """Start a session. `mark` has up to 64 characters."""

        def job(connection: Connection) -> None:
            now = self._now()
            connection.execute(_END_OLD, {"longest": now - LONGEST, "idle": now - IDLE})
            connection.execute(_BEGIN, {"mark": mark, "began_at": now, "seen_at": now})

        return self._submit(job)

    def holds(self, mark: str) -> Pending[bool]:
        """Return whether the session with this mark is valid, and record that it was used."""

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
    """Discard the result of a statement."""
