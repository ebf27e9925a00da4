"""Fencing: only the run with the newest claim may act for a bot. Writes of earlier runs have no effect.

Among several nodes, only a bot's owner claims it. The row locks here do not end in a permanent deadlock. A commit holds
the locks of many bots, in no order, but all of them are bots of its own node, and no other node writes to those. Locks
of free bots are taken with SKIP LOCKED (`nodes`), which does not wait. One case remains: the last writes of a run whose
bot has moved to another node, while that node does the same in the other direction. Both then wait; PostgreSQL ends one
of the two transactions after a second, and the writer repeats that commit.
"""

from sqlalchemy import Connection, String, bindparam, exists, select, update

from imposter.contracts.errors import BotNotFound, ImposterError
from imposter.domain.claims import Claim, Superseded
from imposter.storage.schema.connection_cache import forget_remembered
from imposter.storage.schema.tables import bots

mine = bots.c.owner.is_not_distinct_from(bindparam("node", type_=String))
"""Condition: the bot belongs to `node`, a node's id, or None if there are no nodes."""
_CLAIM = (
    update(bots)
    .where(bots.c.instance_id == bindparam("bot"), mine)
    .values(epoch=bots.c.epoch + 1)
    .returning(bots.c.epoch)
)
# The lock delays a later claim until this commit is done. SQLite has a single writer and no such clause.
HELD = (
    select(bots.c.number)
    .where(bots.c.instance_id == bindparam("claimed"), bots.c.epoch == bindparam("epoch"))
    .with_for_update(read=True)
)
held = exists(HELD)
"""Condition: the claim is still valid. Its parameters are `of(claim)`."""
_THERE = select(bots.c.number).where(bots.c.instance_id == bindparam("bot"))


def of(claim: Claim) -> dict[str, str | int]:
    return {"claimed": claim.instance_id, "epoch": claim.epoch}


def take(connection: Connection, instance_id: str, node_id: str | None) -> Claim:
    """Claim a bot. Raises: BotNotFound, Superseded (another node owns the bot)."""
    epoch = connection.execute(_CLAIM, {"bot": instance_id, "node": node_id}).scalar_one_or_none()
    if epoch is None:
        raise not_mine(connection, instance_id)
    forget_remembered(connection, instance_id)  # another node may have changed the data since
    return Claim(instance_id, epoch)


def check(connection: Connection, claim: Claim) -> None:
    """Check that the claim is still valid. Raises: Superseded."""
    if connection.execute(HELD, of(claim)).first() is None:
        raise Superseded


def not_mine(connection: Connection, instance_id: str) -> ImposterError:
    """Return the error for a statement with `mine` that matched nothing."""
    return Superseded() if connection.execute(_THERE, {"bot": instance_id}).first() else BotNotFound()
