"""Bots as they are stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class BotRow:
    instance_id: str
    user_id: str
    config: dict[str, Any]
    """The config as it was given, secrets included; encrypted in the database."""
    wanted: bool
    """Whether it is to run."""
    created_at: datetime
    updated_at: datetime
    owner: str | None = None
    """The node that it lives on; None where it is free, or there are no nodes."""
    epoch: int = 0
    """Of its last claim."""
