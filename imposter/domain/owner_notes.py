"""Notes to the owner in their own chat."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    recipient: str
    text: str
    message_id: str
    """Used once."""
    about: int | None = None
    """The seq of a message in the chat that it tells of: forgotten with whoever wrote there."""
