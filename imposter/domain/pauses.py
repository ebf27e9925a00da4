"""Pauses: chats in which the bot is silent until a time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from imposter.domain.reasons import Reason

TAKEOVER = Reason.TAKEOVER
"""The reason of a pause, and of messages that it ended: the owner wrote in the chat themselves."""


OWNER_PAUSE = Reason.PAUSED
"""The reason of a pause, and of messages that it ended: the owner asked for it."""


COMMAND = Reason.COMMAND
"""The reason of a message in which the owner addressed the bot instead of the chat."""


FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of a pause that only the owner can end. It is not `datetime.max`, because PostgreSQL returns times in another
time zone."""


_WITHIN = "\x1f"
"""A separator that occurs in no platform's ids."""


def of_member(conversation: str, person: str) -> str:
    """Return the key that stands for a conversation in a pause of one group member, given any of the member's ids."""
    return f"{conversation}{_WITHIN}{person}"


@dataclass(frozen=True, slots=True)
class Pause:
    """A silence of the bot in one conversation, towards one group member, or everywhere (empty conversation)."""

    conversation: str
    """A conversation, or a key from `of_member`."""
    reason: str
    """A short code, such as `loop`."""
    until: datetime

    @property
    def chat(self) -> str:
        """The conversation, also for the pause of a group member."""
        return self.conversation.partition(_WITHIN)[0]

    @property
    def member(self) -> str:
        """An id of the paused group member; empty if the pause applies to the whole chat."""
        return self.conversation.partition(_WITHIN)[2]

    def concerns(self, conversations: Collection[str], people: Collection[str]) -> bool:
        """Return whether the pause applies to one of these conversations, or to one of these people in a group."""
        return self.chat in conversations or self.member in people
