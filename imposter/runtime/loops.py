"""Is it a person who writes? Two machines that answer each other would never stop."""

from datetime import datetime
from typing import NamedTuple

from imposter.storage.records import StoredMessage

REACTION = 1.0
"""Seconds that nobody reads and begins to write in."""
TYPED_PER_SECOND = 15.0
"""Characters. Good typists reach half of it on a phone; dictation comes near it."""
LONGEST_TYPED = 150
"""Characters that count. A person pastes or forwards longer texts, but needs these 10 seconds to find them."""


class Heard(NamedTuple):
    """What is kept of a contact's last message."""

    seq: int
    sender_id: str
    at: datetime


def fastest(characters: int) -> float:
    """Seconds that a person needs at least for a message of so many characters."""
    return REACTION + min(characters, LONGEST_TYPED) / TYPED_PER_SECOND


def automatic(message: StoredMessage, answered_at: datetime | None, heard: Heard | None) -> bool | None:
    """Whether `message` came faster than a person reads and types; None: it says nothing about that.

    `answered_at` is when our last answer was handed over, `heard` the contact's message before this one.

    It must have come too fast twice over: after our answer, and after the same contact's message before. By the first
    alone a person would be stopped who writes on and on while we answer in between: those messages come right behind
    our answers, but each took its time to type. What came before our answer is no reaction to it and says nothing. In
    a group only the one who also spoke last is judged, as others type side by side.
    """
    if answered_at is None or heard is None:
        return False
    if message.received_at < answered_at:
        return None
    if message.group_id is not None and message.sender_id != heard.sender_id:
        return False
    since = message.received_at - min(answered_at, heard.at)
    return since.total_seconds() < fastest(len(message.content))
