"""The nodes, and which node owns which bot.

Leases run by the database's clock. Rows that other commits have locked are skipped and handled the next time (SKIP
LOCKED). Nodes therefore never wait for each other here, and no node takes a bot whose row a hanging node still locks.
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
"""The key in a node's report that holds the length of its lease."""

STUCK = 25.0
"""Seconds; the database cancels a statement after 20 (`postgresql`)."""

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
# The holder of a place knows that an earlier node of it is dead.
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
# Not FOR UPDATE, which would conflict with commits that store messages of the bot.
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
# Commands whose asking node is gone. They may contain secrets.
_UNASKED = delete(commands).where(
    commands.c.number.in_(
        select(commands.c.number)
        .where(commands.c.asked_by.not_in(select(nodes.c.node_id)))
        .with_for_update(of=commands, skip_locked=True)
    )
)


class NodeStore:
    """The nodes that share this database. A bot belongs to one of them, or for a short time to none."""

    def __init__(self, writer: Writer, lease: Writer, cipher: Cipher) -> None:
        """`lease` commits changes of nodes, so that slow commits of `writer`, for all other data, do not delay them."""
        self._writer = writer
        self._submit = lease.submit
        self._cipher = cipher

    async def join(self, node_id: str, name: str, place: str | None, lease: timedelta) -> datetime:
        """Add a node under a new id, and return the database's time.

        Earlier nodes at this `place`, which only one server can hold, are removed and their bots become free.
        Raises: StorageError (the tables are newer than this program can handle).
        """
        await self._writer.submit(lambda connection: belong_to(connection, node_id))
        row = {"id": node_id, "called": name, "at": place, "knows": NEWEST, "leaves": False}
        row["tells"] = _told({}, lease)
        gone: set[str] = set()

        def job(connection: Connection) -> datetime:
            check_tables(connection)  # a program that has not joined does not hold up a change of the tables
            belong_to(connection, node_id)
            gone.update(_end(connection, "earlier", row))
            connection.execute(_JOIN, row | {"lease": lease.total_seconds()})
            ring(connection, COMMON)
            return connection.execute(_NOW).scalar_one()

        return await self._submit(job, afterwards=lambda connection: _disconnect(connection, gone))

    async def renew(self, node_id: str, report: dict[str, Any], lease: timedelta) -> LeaseRenewal | None:
        """Renew the lease, and free the bots of nodes whose lease has ended. Return None if this lease has ended
        itself.

        Raises: StorageError (also if a commit of bots hangs, because another node's connection may be better).
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
            # Owners are read first: an owner found here that is not a node afterwards will never be one again.
            counts = _counts(connection)
            there = connection.execute(_ALL).all()
            gone = [owner for owner in counts if owner and owner not in {row.node_id for row in there}]
            freed = _free(connection, gone)
            # Includes nodes whose rows another commit locks: it may be their own commit, stopped forever.
            hanging.update(lost, gone, (row.node_id for row in there if not row.lives))
            live = tuple(_node(row, counts) for row in there if row.lives)
            return LeaseRenewal(now, live, counts.get(None, 0) + freed, tuple(lost.values()))

        return await self._submit(job, afterwards=lambda connection: _disconnect(connection, hanging))

    def leaving(self, node_id: str) -> Pending[None]:
        """Mark the node as leaving: it takes no more bots, and the other nodes take over its bots."""

        def job(connection: Connection) -> None:
            connection.execute(_LEAVING, {"node": node_id})
            ring(connection, COMMON)

        return self._submit(job)

    async def leave(self, node_id: str) -> None:
        """Remove the node and free its bots, after everything queued before is stored. Raises: StorageError."""
        await self._writer.submit(_nothing)

        def job(connection: Connection) -> None:
            connection.execute(_LEAVE, {"node": node_id})
            _free(connection, [node_id])
            connection.execute(_UNASKED)
            ring(connection, COMMON)

        await self._submit(job)

    def take(self, node_id: str, most: int, without: Collection[str] = ()) -> Pending[list[BotRow]]:
        """Take free bots for this node and return them: those that should run first, then the oldest.

        `without` holds bots to leave to others. A node that is leaving or whose lease has ended gets none.
        """

        def job(connection: Connection) -> list[BotRow]:
            rows = connection.execute(_TO_TAKE, {"node": node_id, "most": most, "without": list(without)}).all()
            if rows:
                connection.execute(_TAKE, {"taken": [row.instance_id for row in rows], "new_owner": node_id})
            return [opened(self._cipher, row, owner=node_id) for row in rows]

        return self._submit(job)

    async def release(self, node_id: str, instance_id: str) -> None:
        """Free a bot of this node, after everything queued before is stored. Raises: StorageError."""
        await self._writer.submit(_nothing)

        def job(connection: Connection) -> None:
            if connection.execute(_RELEASE, {"node": node_id, "bot": instance_id}).rowcount:
                ring(connection, COMMON)

        await self._submit(job)

    def owned(self, node_id: str) -> Pending[frozenset[str]]:
        """Return the ids of this node's bots."""
        return self._submit(lambda connection: frozenset(connection.execute(_OWNED, {"node": node_id}).scalars()))

    def all(self) -> Pending[list[NodeRow]]:
        """Return the nodes with a running lease, oldest first."""

        def job(connection: Connection) -> list[NodeRow]:
            counts = _counts(connection)
            return [_node(row, counts) for row in connection.execute(_ALL) if row.lives]

        return self._submit(job)

    def signs(self) -> Pending[dict[str, Heartbeat]]:
        """Return the heartbeats by node id, including nodes whose lease has ended but that are not removed yet."""

        def job(connection: Connection) -> dict[str, Heartbeat]:
            there = connected(connection)
            return {
                row.node_id: _sign(row, connected=there is None or row.node_id in there)
                for row in connection.execute(_SIGNS)
            }

        return self._submit(job)


def _nothing(_: Connection) -> None:
    """Do nothing. Its result shows that everything queued before it is done."""


def _counts(connection: Connection) -> dict[str | None, int]:
    """Return the number of bots by owner."""
    return {row.owner: row.bots for row in connection.execute(_COUNTS)}


def _end(connection: Connection, which: str, parameters: dict[str, Any]) -> dict[str, str]:
    """Remove nodes and everything of theirs. Return their names by id."""
    ended = connection.execute(_END[which], parameters).all()
    if ended:
        _free(connection, [node_id for node_id, _ in ended])
        connection.execute(_UNASKED)
    return {row.node_id: row.name for row in ended}


def _disconnect(connection: Connection, gone: Collection[str]) -> None:
    """End the connections of these nodes. It runs after the commit, because its failure must not undo their removal."""
    if gone:
        with connection.begin():
            if disconnect(connection, gone):
                ring(connection, COMMON)  # their locks are released now


def _free(connection: Connection, gone: Collection[str]) -> int:
    """Free the bots of these nodes. Rows that a commit has locked wait for the next renewal by any node."""
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
    """Return the node's report and the length of its lease in seconds."""
    report: dict[str, Any] = json.loads(row.report)
    lease: float | None = report.pop(LEASE, None)
    return report, lease


def _sign(row: Any, *, connected: bool) -> Heartbeat:
    _, lease = _report(row)
    left = (row.until - row.now).total_seconds()
    if lease is None:
        return Heartbeat(None, None, None, left, connected=True)  # that version does not name its connections either
    return Heartbeat(row.until - timedelta(seconds=lease), lease - left, lease, left, connected)
