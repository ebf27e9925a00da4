"""Commands that the owner gives with a word or a reaction."""

import re
from enum import Enum, auto

from imposter.behaviour.away_summary import UNDO
from imposter.behaviour.text_normalization import plain
from imposter.contracts.behaviour import Behaviour
from imposter.contracts.messages import Message
from imposter.domain.messages import StoredMessage

YES, NO = "\U0001f44d", "\U0001f44e"
"""Thumbs up and down, in any skin tone."""
_SHADES = re.compile("[\U0001f3fb-\U0001f3ff\ufe0e\ufe0f]")


class OwnerCommand(Enum):
    PAUSE = auto()
    RESUME = auto()


def order_in(message: Message | StoredMessage, behaviour: Behaviour) -> OwnerCommand | None:
    """Return the command in a message, or None."""
    reaction = message.reacts_to is not None
    for order, words, reactions in (
        (OwnerCommand.PAUSE, behaviour.pause_words, behaviour.pause_reactions),
        (OwnerCommand.RESUME, behaviour.resume_words, behaviour.resume_reactions),
    ):
        said = map(unshaded, reactions) if reaction else map(_word, words)
        if (unshaded(message.content) if reaction else _word(message.content)) in {each for each in said if each}:
            return order
    return None


def unshaded(emoji: str) -> str:
    return _SHADES.sub("", emoji.strip())


def is_undo(text: str) -> bool:
    return plain(text) == UNDO


def _word(text: str) -> str:
    return " ".join(text.split()).casefold()
