"""Where a bot is silent, and until when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

TAKEOVER = "takeover"
"""The reason of a pause, and of what it ended: the owner wrote in the chat themselves."""


OWNER_PAUSE = "paused"
"""The same, where the owner asked for it."""


COMMAND = "command"
"""The reason of what the owner said to the bot, not to anybody in the chat."""


FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of a pause that only the owner ends. Not the last moment of all: PostgreSQL tells it in a zone of its own."""


_WITHIN = "\x1f"
"""Stands in no platform's ids."""


def of_member(conversation: str, person: str) -> str:
    """What a pause has in place of a conversation where it is of one person in this group, by any of their ids."""
    return f"{conversation}{_WITHIN}{person}"


@dataclass(frozen=True, slots=True)
class Pause:
    """The bot is silent in one conversation, towards one member of a group, or altogether where it is empty."""

    conversation: str
    """Or what `of_member` gives."""
    reason: str
    """A short code, such as `loop`."""
    until: datetime

    @property
    def chat(self) -> str:
        """The conversation, of a group's member too."""
        return self.conversation.partition(_WITHIN)[0]

    @property
    def member(self) -> str:
        """An id of the person whom it is of; empty where it is of everybody there."""
        return self.conversation.partition(_WITHIN)[2]

    def concerns(self, conversations: Collection[str], people: Collection[str]) -> bool:
        """Whether it is of one of these conversations, or of one of these people in a group."""
        return self.chat in conversations or self.member in people
