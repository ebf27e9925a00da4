"""Which nodes there are, and which bots are whose.

A node's lease runs by the database's clock. Rows that other commits hold are left for the next time (SKIP LOCKED): so
nodes never wait for one another here, and nobody takes a bot of which a node that hangs still holds the row.
"""

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Float, bindparam, delete, exists, func, insert, select, update

from imposter.contracts.errors import StorageError
from imposter.domain.bots import BotRow
from imposter.domain.nodes import Heartbeat, LeaseRenewal, NodeRow
from imposter.secrets import Cipher
from imposter.storage.bots.bot_store import SELECT_BOT, opened
from imposter.storage.database.connections import belong_to, connected, disconnect
from imposter.storage.database.jobs import Pending
from imposter.storage.database.notifications import COMMON, ring
from imposter.storage.database.writer import Writer
from imposter.storage.migrations import NEWEST, check_tables
from imposter.storage.schema.database_clock import Moment
from imposter.storage.schema.tables import bots, commands, nodes

LEASE = "lease_seconds"
"""Where a node says, in its report, for how long it renews its lease."""

STUCK = 25.0
"""Seconds; the database ends a statement after 20 (`postgresql`)."""

_until = Moment(bindparam("lease", type_=Float))
_one = nodes.c.node_id == bindparam("node")
_lives = nodes.c.until > Moment()

_JOIN = insert(nodes).from_select(
    ["node_id", "name", "place", "revision", "joined_at", "until", "leaving", "report"],
    select(
        bindparam("id", type_=nodes.c.node_id.type),
        bindparam("called", type_=nodes.c.name.type),
        bindparam("at", type_=nodes.c.place.type),
        bindparam("knows", type_=nodes.c.revision.type),
        Moment(),
        _until,
        bindparam("leaves", type_=nodes.c.leaving.type),
        bindparam("tells", type_=nodes.c.report.type),
    ),
)
_NOW = select(Moment())
_RENEW = update(nodes).where(_one, _lives).values(until=_until, report=bindparam("tells")).returning(Moment())
_LEAVING = update(nodes).where(_one).values(leaving=True)
_LEAVE = delete(nodes).where(_one)
# Whoever holds a place knows that an earlier node of it is dead.
_EARLIER = (nodes.c.place == bindparam("at")) & (nodes.c.node_id != bindparam("id"))
_END = {
    which: delete(nodes)
    .where(nodes.c.node_id.in_(select(nodes.c.node_id).where(condition).with_for_update(skip_locked=True)))
    .returning(nodes.c.node_id, nodes.c.name)
    for which, condition in (("earlier", _EARLIER), ("expired", ~_lives))
}
_ALL = select(
    nodes.c.node_id,
    nodes.c.name,
    nodes.c.revision,
    nodes.c.joined_at,
    nodes.c.until,
    nodes.c.leaving,
    nodes.c.report,
    _lives.label("lives"),
).order_by(nodes.c.joined_at, nodes.c.node_id)
_SIGNS = select(nodes.c.node_id, nodes.c.until, nodes.c.report, Moment().label("now"))
_COUNTS = select(bots.c.owner, func.count().label("bots")).group_by(bots.c.owner)
# Not FOR UPDATE: that would wait for, or hold up, whoever stores a message of the bot.
_TO_FREE = (
    select(bots.c.instance_id)
    .where(bots.c.owner.in_(bindparam("gone", expanding=True)))
    .with_for_update(key_share=True, skip_locked=True)
)
_FREE = update(bots).where(bots.c.instance_id.in_(_TO_FREE)).values(owner=None)
_TO_TAKE = (
    SELECT_BOT.where(bots.c.owner.is_(None), bots.c.instance_id.not_in(bindparam("without", expanding=True)))
    .where(exists().where(_one, _lives, ~nodes.c.leaving))
    .order_by(bots.c.wanted.desc(), bots.c.number)
    .limit(bindparam("most"))
    .with_for_update(of=bots, key_share=True, skip_locked=True)
)
_TAKE = (
    update(bots).where(bots.c.instance_id.in_(bindparam("taken", expanding=True))).values(owner=bindparam("new_owner"))
)
_OWNED = select(bots.c.instance_id).where(bots.c.owner == bindparam("node"))
_RELEASE = (
    update(bots).where(bots.c.instance_id == bindparam("bot"), bots.c.owner == bindparam("node")).values(owner=None)
)
# Nobody waits for these any more, and they may hold what is secret.
_UNASKED = delete(commands).where(
    commands.c.number.in_(
        select(commands.c.number)
        .where(commands.c.asked_by.not_in(select(nodes.c.node_id)))
        .with_for_update(of=commands, skip_locked=True)
    )
)


class NodeStore:
    """The nodes that share this database; a bot belongs to one of them, or for a moment to nobody."""

    def __init__(self, writer: Writer, lease: Writer, cipher: Cipher) -> None:
        """`lease` commits what is about nodes, whatever holds up `writer`, which commits everything else."""
        self._writer = writer
        self._submit = lease.submit
        self._cipher = cipher

    async def join(self, node_id: str, name: str, place: str | None, lease: timedelta) -> datetime:
        """Become a node, under an id that was never one before. Gives the database's time.

        Nodes that were at this `place` before, which nobody else can hold, end with it and their bots are free.
        Raises: StorageError (newer tables meanwhile, which this program cannot work on).
        """
        await self._writer.submit(lambda connection: belong_to(connection, node_id))
        row = {"id": node_id, "called": name, "at": place, "knows": NEWEST, "leaves": False}
        row["tells"] = _told({}, lease)
        gone: set[str] = set()

        def job(connection: Connection) -> datetime:
            check_tables(connection)  # whoever is no node is in nobody's way who changes them
            belong_to(connection, node_id)
            gone.update(_end(connection, "earlier", row))
            connection.execute(_JOIN, row | {"lease": lease.total_seconds()})
            ring(connection, COMMON)
            return connection.execute(_NOW).scalar_one()

        return await self._submit(job, afterwards=lambda connection: _disconnect(connection, gone))

    async def renew(self, node_id: str, report: dict[str, Any], lease: timedelta) -> LeaseRenewal | None:
        """Begin the lease anew, if it has not ended (then None), and free the bots of those whose lease has.

        Raises: StorageError (also where a commit of bots hangs: another node's line may be better).
        """
        if self._writer.stuck_for() > STUCK:
            raise StorageError(f"a commit has not come to an end for {STUCK:.0f} s")
        row = {"node": node_id, "tells": _told(report, lease), "lease": lease.total_seconds()}
        hanging: set[str] = set()

        def job(connection: Connection) -> LeaseRenewal | None:
            now = connection.execute(_RENEW, row).scalar_one_or_none()
            if now is None:
                return None
            lost = _end(connection, "expired", {})
            # Owners first: of those found here who is no node afterwards will never be one again.
            counts = _counts(connection)
            there = connection.execute(_ALL).all()
            gone = [owner for owner in counts if owner and owner not in {row.node_id for row in there}]
            freed = _free(connection, gone)
            # With those whose rows another commit holds: their own, which may have stopped for good in its middle.
            hanging.update(lost, gone, (row.node_id for row in there if not row.lives))
            live = tuple(_node(row, counts) for row in there if row.lives)
            return LeaseRenewal(now, live, counts.get(None, 0) + freed, tuple(lost.values()))

        return await self._submit(job, afterwards=lambda connection: _disconnect(connection, hanging))

    def leaving(self, node_id: str) -> Pending[None]:
        """It takes no more bots, and the others share out among themselves what it has."""

        def job(connection: Connection) -> None:
            connection.execute(_LEAVING, {"node": node_id})
            ring(connection, COMMON)

        return self._submit(job)

    async def leave(self, node_id: str) -> None:
        """It is a node no longer, and its bots are free; all that was to be stored before is. Raises: StorageError."""
        await self._writer.submit(_nothing)

        def job(connection: Connection) -> None:
            connection.execute(_LEAVE, {"node": node_id})
            _free(connection, [node_id])
            connection.execute(_UNASKED)
            ring(connection, COMMON)

        await self._submit(job)

    def take(self, node_id: str, most: int, without: Collection[str] = ()) -> Pending[list[BotRow]]:
        """Bots that nobody had and that are this node's now: those first that are to run, then the oldest.

        `without` names bots to leave to others. None for who is leaving, or whose lease has ended.
        """

        def job(connection: Connection) -> list[BotRow]:
            rows = connection.execute(_TO_TAKE, {"node": node_id, "most": most, "without": list(without)}).all()
            if rows:
                connection.execute(_TAKE, {"taken": [row.instance_id for row in rows], "new_owner": node_id})
            return [opened(self._cipher, row, owner=node_id) for row in rows]

        return self._submit(job)

    async def release(self, node_id: str, instance_id: str) -> None:
        """The bot is free, if it was this node's; all that was to be stored before is. Raises: StorageError."""
        await self._writer.submit(_nothing)

        def job(connection: Connection) -> None:
            if connection.execute(_RELEASE, {"node": node_id, "bot": instance_id}).rowcount:
                ring(connection, COMMON)

        await self._submit(job)

    def owned(self, node_id: str) -> Pending[frozenset[str]]:
        """The bots that are this node's."""
        return self._submit(lambda connection: frozenset(connection.execute(_OWNED, {"node": node_id}).scalars()))

    def all(self) -> Pending[list[NodeRow]]:
        """Those whose lease runs, the oldest first."""

        def job(connection: Connection) -> list[NodeRow]:
            counts = _counts(connection)
            return [_node(row, counts) for row in connection.execute(_ALL) if row.lives]

        return self._submit(job)

    def signs(self) -> Pending[dict[str, Heartbeat]]:
        """By node_id; of those too whose lease has ended and whom nobody has removed yet."""

        def job(connection: Connection) -> dict[str, Heartbeat]:
            there = connected(connection)
            return {
                row.node_id: _sign(row, connected=there is None or row.node_id in there)
                for row in connection.execute(_SIGNS)
            }

        return self._submit(job)


def _nothing(_: Connection) -> None:
    """Behind whatever is queued for that connection."""


def _counts(connection: Connection) -> dict[str | None, int]:
    """Bots by their owner."""
    return {row.owner: row.bots for row in connection.execute(_COUNTS)}


def _end(connection: Connection, which: str, parameters: dict[str, Any]) -> dict[str, str]:
    """Remove nodes with all that was theirs. Gives their names by their ids."""
    ended = connection.execute(_END[which], parameters).all()
    if ended:
        _free(connection, [node_id for node_id, _ in ended])
        connection.execute(_UNASKED)
    return {row.node_id: row.name for row in ended}


def _disconnect(connection: Connection, gone: Collection[str]) -> None:
    """Behind the commit: whether it may and can be done must not decide whether these are nodes."""
    if gone:
        with connection.begin():
            if disconnect(connection, gone):
                ring(connection, COMMON)  # what they held can be had now


def _free(connection: Connection, gone: Collection[str]) -> int:
    """Take the bots of these away from them; what is held by a commit stays until the next renewal of anybody."""
    freed = connection.execute(_FREE, {"gone": list(gone)}).rowcount if gone else 0
    if freed:
        ring(connection, COMMON)
    return freed


def _node(row: Any, counts: dict[str | None, int]) -> NodeRow:
    return NodeRow(
        node_id=row.node_id,
        name=row.name,
        revision=row.revision,
        joined_at=row.joined_at,
        until=row.until,
        leaving=row.leaving,
        report=_report(row)[0],
        bots=counts.get(row.node_id, 0),
    )


def _told(report: dict[str, Any], lease: timedelta) -> str:
    return json.dumps(report | {LEASE: lease.total_seconds()})


def _report(row: Any) -> tuple[dict[str, Any], float | None]:
    """What the node says of itself, and for how long it renews its lease."""
    report: dict[str, Any] = json.loads(row.report)
    lease: float | None = report.pop(LEASE, None)
    return report, lease


def _sign(row: Any, *, connected: bool) -> Heartbeat:
    _, lease = _report(row)
    left = (row.until - row.now).total_seconds()
    if lease is None:
        return Heartbeat(None, None, None, left, connected=True)  # nor does that version name its connections
    return Heartbeat(row.until - timedelta(seconds=lease), lease - left, lease, left, connected)
