"""The providers' entries, such as credentials and session keys, encrypted."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select

from imposter.domain.claims import Claim, Superseded
from imposter.domain.reasons import Reason
from imposter.secrets import Cipher
from imposter.storage.database.jobs import Pending
from imposter.storage.database.round_trips import execute_together
from imposter.storage.database.writer import Writer
from imposter.storage.learning import evaluations
from imposter.storage.queue.pending_work import abandon
from imposter.storage.reports import usage
from imposter.storage.schema import fencing
from imposter.storage.schema.connection_cache import pauses_of
from imposter.storage.schema.tables import pauses, provider_state

_of_kind = (
    provider_state.c.instance_id == bindparam("instance_id"),
    provider_state.c.kind == bindparam("kind"),
)
_ALL = select(provider_state.c.key, provider_state.c.value).where(*_of_kind)
_SOME = _ALL.where(provider_state.c.key.in_(bindparam("keys", expanding=True)))
_REMOVE = delete(provider_state).where(*_of_kind, provider_state.c.key == bindparam("key"))
_INSERT = insert(provider_state)
_CLEAR = delete(provider_state).where(provider_state.c.instance_id == bindparam("instance_id"))
_END_PAUSES = delete(pauses).where(pauses.c.instance_id == bindparam("instance_id"))
UNLINKED = Reason.UNLINKED


class ProviderStateStore:
    """Each bot's entries: bytes under (kind, key)."""

    def __init__(self, writer: Writer, cipher: Cipher) -> None:
        self._submit = writer.submit
        self._cipher = cipher

    def read(self, instance_id: str, kind: str, keys: Sequence[str] | None = None) -> Pending[dict[str, bytes]]:
        """Return the entries of `kind` among `keys`, or all entries of the kind if `keys` is None."""
        parameters = {"instance_id": instance_id, "kind": kind, "keys": keys}

        def job(connection: Connection) -> dict[str, bytes]:
            rows = connection.execute(_ALL if keys is None else _SOME, parameters)
            return {key: self._cipher.open(value, _purpose(instance_id, kind, key)) for key, value in rows}

        return self._submit(job, instance_id)

    def write(self, claim: Claim, changes: Sequence[tuple[str, str, bytes | None]]) -> Pending[None]:
        """Store (kind, key, value) entries. A value of None removes the entry; the last value for a key counts.

        Raises from the result: Superseded.
        """
        instance_id = claim.instance_id
        final = {(kind, key): value for kind, key, value in changes}
        places = [{"instance_id": instance_id, "kind": kind, "key": key} for kind, key in final]
        entries = [
            place | {"value": self._cipher.seal(value, _purpose(*place.values()))}
            for place, value in zip(places, final.values(), strict=True)
            if value is not None
        ]

        def job(connection: Connection) -> None:
            held, *_ = execute_together(
                connection,
                (fencing.HELD, fencing.of(claim)),
                *([(_REMOVE, places)] if places else []),
                *([(_INSERT, entries)] if entries else []),
            )
            if held.first() is None:
                raise Superseded

        return self._submit(job, claim.instance_id)

    def clear(self, claim: Claim) -> Pending[int]:
        """Remove all data of an account that is gone. One commit, so that no other account answers for it.

        Waiting messages become context, unsent answers are withdrawn, and pauses end. Return the number of unfinished
        messages and answers. Raises from the result: Superseded.
        """

        def job(connection: Connection) -> int:
            fencing.check(connection, claim)
            for each in (_CLEAR, _END_PAUSES):
                connection.execute(each, {"instance_id": claim.instance_id})
            pauses_of(connection).pop(claim.instance_id, None)
            evaluations.clear(connection, claim.instance_id)
            usage.unname(connection, claim.instance_id)
            return abandon(connection, claim.instance_id, UNLINKED)

        return self._submit(job, claim.instance_id)


def _purpose(instance_id: str, kind: str, key: str) -> str:
    return f"state:{instance_id}:{kind}:{key}"
