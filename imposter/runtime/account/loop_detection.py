"""Is it a person who writes? Two machines that answer each other would never stop."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from imposter.domain.messages import StoredMessage

REACTION = 1.0
"""Seconds that nobody reads and begins to write in."""
TYPED_PER_SECOND = 15.0
"""Characters. Good typists reach half of it on a phone; dictation comes near it."""
LONGEST_TYPED = 150
"""Characters that count. A person pastes or forwards longer texts, but needs these 10 seconds to find them."""
TAPPED = 5
"""Characters. Emojis and a yes are tapped as fast as one likes, so their speed says nothing."""

PATIENCE = 60.0
"""Seconds after our answer. Whoever lets more pass before the next message has looked away, as a person does."""
LASTING_PER_SECOND = 6.0
"""Characters, message for message: people type half of it on a phone, and have to read what we say, too."""
HASTY_TURNS = 25
SLOWDOWN = 2
"""Hasty turns that one at a person's speed makes up for: of those that a cap holds up, one in ten is so."""
TIRELESS_TURNS = 240
"""Twice as many as one contact is answered in an hour, unless that cap is changed. A person looks away sooner."""


class ObservedMessage(NamedTuple):
    """What is kept of a contact's last message."""

    seq: int
    sender_id: str
    at: datetime


def fastest(characters: int) -> float:
    """Seconds that a person needs at least for a message of so many characters."""
    return REACTION + min(characters, LONGEST_TYPED) / TYPED_PER_SECOND


def automatic(message: StoredMessage, answered_at: datetime | None, heard: ObservedMessage | None) -> bool | None:
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
    if _is_another(message, heard):
        return False
    if len(message.content) <= TAPPED:
        return None
    return _passed(message, answered_at, heard) < fastest(len(message.content))


@dataclass(slots=True)
class ReplyPattern:
    """How a contact keeps up with our answers. Slow machines are told by never looking away.

    They take the time that a person might, but message after message, for longer than a person types so fast
    (`HASTY_TURNS`) or stays with one chat at all (`TIRELESS_TURNS`).
    """

    hasty: int = 0
    turns: int = 0
    """Answers of ours in a row that were reacted to within `PATIENCE`."""
    _reacted_to: datetime | None = None

    def hear(self, message: StoredMessage, answered_at: datetime | None, heard: ObservedMessage | None) -> None:
        """Take note of the contact's next message; `automatic` tells what is passed."""
        if answered_at is None or heard is None or _is_another(message, heard):
            self.hasty = self.turns = 0
            return
        if message.received_at < answered_at or answered_at == self._reacted_to:
            return
        self._reacted_to = answered_at
        if (message.received_at - answered_at).total_seconds() > PATIENCE:
            self.hasty = self.turns = 0
            return
        self.turns += 1
        typed = min(len(message.content), LONGEST_TYPED) / LASTING_PER_SECOND
        self.hasty = self.hasty + 1 if _passed(message, answered_at, heard) < typed else max(0, self.hasty - SLOWDOWN)

    @property
    def is_tireless(self) -> bool:
        """Whether no person keeps up like this."""
        return self.hasty >= HASTY_TURNS or self.turns >= TIRELESS_TURNS


def _is_another(message: StoredMessage, heard: ObservedMessage) -> bool:
    return message.group_id is not None and message.sender_id != heard.sender_id


def _passed(message: StoredMessage, answered_at: datetime, heard: ObservedMessage) -> float:
    """Seconds in which it can have been typed: a person may begin before our answer is there."""
    return (message.received_at - min(answered_at, heard.at)).total_seconds()
