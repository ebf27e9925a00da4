"""Notes to the owner in their own chat."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    recipient: str
    text: str
    message_id: str
    """Used for this note only."""
    about: int | None = None
    """The seq of the chat message that the note is about; the note is erased together with that message's sender."""
