"""What was said in the owner's name while they were away."""

from dataclasses import dataclass

from imposter.contracts.messages import Source
from imposter.domain.messages import StoredMessage


@dataclass(frozen=True, slots=True)
class AwayPeriod:
    """The talk from the first thing that the bot answered, after its owner's last word before that."""

    talk: tuple[StoredMessage, ...]
    """Theirs and the bot's, in order; at least one is the bot's."""
    back: StoredMessage | None
    """The owner's own message that ended it; None: they have not come back yet."""

    @property
    def said(self) -> tuple[StoredMessage, ...]:
        """The bot's."""
        return tuple(message for message in self.talk if message.source is Source.BOT)

    @property
    def last(self) -> int:
        """The seq of the last of these."""
        return self.said[-1].seq
