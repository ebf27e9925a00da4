"""The right of one session to act for a bot."""

from dataclasses import dataclass

from imposter.contracts.errors import StorageError


class Superseded(StorageError):
    """A later run has claimed this bot; this one may do nothing more for it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One run's right to act for a bot, until a later run claims it. What answers or sends is guarded by it."""

    instance_id: str
    epoch: int
    """Rises with every claim."""
