"""Claims: the right of one run to act for a bot."""

from dataclasses import dataclass

from imposter.contracts.errors import StorageError


class Superseded(StorageError):
    """A later run has claimed this bot; this one may do nothing more for it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right of one run to act for a bot, until a later run claims it. It guards all answers and sends."""

    instance_id: str
    epoch: int
    """Increases with every claim."""
