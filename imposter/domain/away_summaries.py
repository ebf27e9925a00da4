"""Records of conversations in which the bot spoke for the owner."""

from dataclasses import dataclass

from imposter.contracts.messages import Source
from imposter.domain.messages import StoredMessage


@dataclass(frozen=True, slots=True)
class AwayPeriod:
    """The messages since the bot's first answer after the owner's last message."""

    talk: tuple[StoredMessage, ...]
    """The contact's and the bot's messages in order; at least one is the bot's."""
    back: StoredMessage | None
    """The owner's own message that ended the period; None while they are still away."""

    @property
    def said(self) -> tuple[StoredMessage, ...]:
        """The bot's messages."""
        return tuple(message for message in self.talk if message.source is Source.BOT)

    @property
    def last(self) -> int:
        """The seq of the bot's last message."""
        return self.said[-1].seq
