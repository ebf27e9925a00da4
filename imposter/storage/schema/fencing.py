"""Who may act for a bot: the run that claimed it last. What an earlier one still writes comes to nothing.

Of several nodes only the owner claims. Why locks here do not end in a deadlock: a commit holds many bots' locks, in no
order, but they are those of its own node's bots, which no other node writes to. Those of nobody's bots are taken with
SKIP LOCKED (`nodes`), which waits for nobody. What is left are the last writes of a run whose bot has gone to another
node while the other way round that node's last writes are to a bot that came here: both wait, PostgreSQL ends one of
the two after a second, and the writer does that commit again.
"""

from sqlalchemy import Connection, String, bindparam, exists, select, update

from imposter.contracts.errors import BotNotFound, ImposterError
from imposter.domain.claims import Claim, Superseded
from imposter.storage.schema.connection_cache import forget_remembered
from imposter.storage.schema.tables import bots

mine = bots.c.owner.is_not_distinct_from(bindparam("node", type_=String))
"""A condition for a statement's WHERE; its parameter is `node`: a node, or None where there are none."""
_CLAIM = (
    update(bots)
    .where(bots.c.instance_id == bindparam("bot"), mine)
    .values(epoch=bots.c.epoch + 1)
    .returning(bots.c.epoch)
)
# The lock keeps a later claim out until this commit is done; SQLite has one writer, and no word for it.
HELD = (
    select(bots.c.number)
    .where(bots.c.instance_id == bindparam("claimed"), bots.c.epoch == bindparam("epoch"))
    .with_for_update(read=True)
)
held = exists(HELD)
"""A condition for a statement's WHERE; its parameters are `of(claim)`."""
_THERE = select(bots.c.number).where(bots.c.instance_id == bindparam("bot"))


def of(claim: Claim) -> dict[str, str | int]:
    return {"claimed": claim.instance_id, "epoch": claim.epoch}


def take(connection: Connection, instance_id: str, node_id: str | None) -> Claim:
    """Raises: BotNotFound, Superseded (the bot is another node's)."""
    epoch = connection.execute(_CLAIM, {"bot": instance_id, "node": node_id}).scalar_one_or_none()
    if epoch is None:
        raise not_mine(connection, instance_id)
    forget_remembered(connection, instance_id)  # another node may have written since
    return Claim(instance_id, epoch)


def check(connection: Connection, claim: Claim) -> None:
    """Raises: Superseded."""
    if connection.execute(HELD, of(claim)).first() is None:
        raise Superseded


def not_mine(connection: Connection, instance_id: str) -> ImposterError:
    """Why a statement with `mine` found nothing."""
    return Superseded() if connection.execute(_THERE, {"bot": instance_id}).first() else BotNotFound()
