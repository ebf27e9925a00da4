"""Who types at this moment, as far as the platform tells."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from imposter.clock import Clock
from imposter.domain.messages import StoredMessage

BELIEVED = timedelta(seconds=15)
"""After the last sign of it: the sign that it has ended may get lost."""
MOST = 1000
"""Chats kept in mind."""


class TypingTracker:
    """By chat, as `reply_to` of its messages has it. Asked from any thread."""

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
        """Until when it is believed that more is being typed where these came from."""
        came = {each.reply_to: each.received_at for each in waits}  # the last of each chat, for they are in order
        # What was typed before a message came was that message.
        signs = [seen for chat, last in came.items() if (seen := self._seen.get(chat)) is not None and seen >= last]
        return max(signs) + BELIEVED if signs else None
