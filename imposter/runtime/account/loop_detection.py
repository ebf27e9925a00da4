"""Loop detection: decides whether a contact is a machine, because two bots that answer each other would never stop."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from imposter.domain.messages import StoredMessage

REACTION = 1.0
"""Minimum seconds in which a person reads a message and begins to type."""
TYPED_PER_SECOND = 15.0
"""Characters. Good typists reach half of it on a phone; dictation comes near it."""
LONGEST_TYPED = 150
"""Characters that count. People paste or forward longer texts, but need these 10 seconds to find them."""
TAPPED = 5
"""Characters. Emojis and a "yes" are typed at any speed, so their speed says nothing."""

PATIENCE = 60.0
"""Seconds after our answer. A contact that takes longer for the next message has looked away, as people do."""
LASTING_PER_SECOND = 6.0
"""Characters, for a series of messages: people type half of it on a phone, and also have to read our answers."""
HASTY_TURNS = 25
SLOWDOWN = 2
"""Hasty turns that one turn at a person's speed makes up for. Of turns delayed by a rate limit, one in ten is so."""
TIRELESS_TURNS = 240
"""Twice the default number of answers to one contact in an hour. A person looks away sooner."""


class ObservedMessage(NamedTuple):
    """The part of a contact's last message that is kept."""

    seq: int
    sender_id: str
    at: datetime


def fastest(characters: int) -> float:
    """Return the minimum seconds that a person needs for a message of this many characters."""
    return REACTION + min(characters, LONGEST_TYPED) / TYPED_PER_SECOND


def automatic(message: StoredMessage, answered_at: datetime | None, heard: ObservedMessage | None) -> bool | None:
    """Return whether `message` came faster than a person reads and types; None if it does not show either.

    `answered_at` is the time of our last answer, `heard` the contact's message before this one.

    The message must be too fast in two ways: after our answer, and after the same contact's message before. The first
    test alone would stop a person who keeps writing while we answer in between: those messages come right after our
    answers, but each took its time to type. A message that came before our answer is no reaction to it and shows
    nothing. In a group only the member who also spoke last is judged, because members type at the same time.
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
    """The pattern of a contact's replies to our answers. It reveals slow machines, because they never look away.

    A slow machine takes as long as a person might for each message, but keeps it up for longer than a person types so
    fast (`HASTY_TURNS`) or stays with one chat (`TIRELESS_TURNS`).
    """

    hasty: int = 0
    turns: int = 0
    """Number of our answers in a row with a reaction within `PATIENCE`."""
    _reacted_to: datetime | None = None

    def hear(self, message: StoredMessage, answered_at: datetime | None, heard: ObservedMessage | None) -> None:
        """Record the contact's next message. The arguments are those of `automatic`."""
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
    """Return the seconds in which the message can have been typed. A person may begin before our answer arrives."""
    return (message.received_at - min(answered_at, heard.at)).total_seconds()
