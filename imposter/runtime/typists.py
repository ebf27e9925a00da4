"""Who types at this moment, as far as the platform tells."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from imposter.clock import Clock
from imposter.storage.records import StoredMessage

BELIEVED = timedelta(seconds=15)
"""After the last sign of it: the sign that it has ended may get lost."""
MOST = 1000
"""Chats kept in mind."""


class Typists:
    """By chat, as `reply_to` of its messages has it. Asked from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, datetime] = {}

    def heard(self, chat: str, on: bool) -> None:
        self._until.pop(chat, None)
        if on:
            self._until[chat] = self._clock.now() + BELIEVED
            if len(self._until) > MOST:
                del self._until[next(iter(self._until))]

    def until(self, waits: Sequence[StoredMessage]) -> datetime | None:
        """Until when it is believed that more is being typed where these came from."""
        return max(filter(None, (self._until.get(chat) for chat in {each.reply_to for each in waits})), default=None)
