"""The stored form of a bot."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class BotRow:
    instance_id: str
    user_id: str
    config: dict[str, Any]
    """The config as it was given, including secrets; encrypted in the database."""
    wanted: bool
    """Whether the bot should run."""
    created_at: datetime
    updated_at: datetime
    owner: str | None = None
    """The node that runs the bot; None if the bot is free or there are no nodes."""
    epoch: int = 0
    """The epoch of its last claim."""
