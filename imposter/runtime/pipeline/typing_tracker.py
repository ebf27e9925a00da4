"""The contacts that are typing at this moment, as far as the platform reports it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from imposter.clock import Clock
from imposter.domain.messages import StoredMessage

BELIEVED = timedelta(seconds=15)
"""How long a typing report is believed: the report of its end may get lost."""
MOST = 1000
"""Maximum number of chats that are tracked."""


class TypingTracker:
    """Typing reports by chat, where a chat is the `reply_to` of its messages. May be used from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, datetime] = {}

    def heard(self, chat: str, on: bool) -> None:
        self._seen.pop(chat, None)
        if on:
            self._seen[chat] = self._clock.now()
            if len(self._seen) > MOST:
                del self._seen[next(iter(self._seen))]

    def until(self, waits: Sequence[StoredMessage]) -> datetime | None:
        """Return the time until which the senders of these messages are believed to type; None if they are not."""
        came = {each.reply_to: each.received_at for each in waits}  # the last of each chat, as they are in order
        # Typing before a message arrived belongs to that message.
        signs = [seen for chat, last in came.items() if (seen := self._seen.get(chat)) is not None and seen >= last]
        return max(signs) + BELIEVED if signs else None
