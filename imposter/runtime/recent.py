"""What the bots of this server said lately, so that two of them know each other when they meet."""

from typing import Protocol

REMEMBERED = 10_000
"""Answers of all bots together by which they know each other; a machine reacts long before so many were given."""


class Speaker(Protocol):
    """A bot that said something."""

    async def loop_found(self, conversation: str) -> None:
        """It talks to another machine there."""


class RecentAnswers:
    """By message id: whoever hears one of these talks to a bot of this server."""

    def __init__(self) -> None:
        self._speakers: dict[str, tuple[Speaker, str]] = {}

    def add(self, message_id: str, bot: Speaker, conversation: str) -> None:
        self._speakers[message_id] = (bot, conversation)
        if len(self._speakers) > REMEMBERED:
            del self._speakers[next(iter(self._speakers))]

    def speaker(self, message_id: str) -> tuple[Speaker, str] | None:
        """The bot that said it, and the conversation on its side."""
        return self._speakers.get(message_id)

    def drop(self, bot: Speaker, conversation: str | None = None) -> None:
        """Forget what this bot said there; None: everywhere."""
        for message_id, speaker in [*self._speakers.items()]:
            if speaker[0] is bot and conversation in (None, speaker[1]):
                del self._speakers[message_id]
