"""Who may act for a bot: the run that claimed it last. What an earlier one still writes comes to nothing."""

from sqlalchemy import Connection, bindparam, exists, select, update

from imposter.contracts.errors import UnknownBot
from imposter.storage.records import Claim, Superseded
from imposter.storage.tables import bots

_CLAIM = (
    update(bots).where(bots.c.instance_id == bindparam("bot")).values(epoch=bots.c.epoch + 1).returning(bots.c.epoch)
)
# The lock keeps a later claim out until this commit is done; SQLite has one writer, and no word for it.
_HELD = (
    select(bots.c.number)
    .where(bots.c.instance_id == bindparam("claimed"), bots.c.epoch == bindparam("epoch"))
    .with_for_update(read=True)
)
held = exists(_HELD)
"""A condition for a statement's WHERE; its parameters are `of(claim)`."""


def of(claim: Claim) -> dict[str, str | int]:
    return {"claimed": claim.instance_id, "epoch": claim.epoch}


def take(connection: Connection, instance_id: str) -> Claim:
    """Raises: UnknownBot."""
    epoch = connection.execute(_CLAIM, {"bot": instance_id}).scalar_one_or_none()
    if epoch is None:
        raise UnknownBot
    return Claim(instance_id, epoch)


def check(connection: Connection, claim: Claim) -> None:
    """Raises: Superseded."""
    if connection.execute(_HELD, of(claim)).first() is None:
        raise Superseded
