"""What somebody was asked and answered themselves, so that another can be asked the same."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest

from imposter.contracts.config import Limits
from imposter.contracts.messages import Source, Turn
from imposter.voice.exchanges import SAME_TALK


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a conversation with one person. `text` is empty for what no model is ever shown."""

    source: Source
    text: str
    at: datetime
    kept_since: datetime
    """Since when it is stored here."""
    author: str = ""
    wording: tuple[int, int] | None = None
    """What names it in the Store, and its words; None: it is not stored as a message."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a contact wrote in one go, what was said before, and what the owner answered."""

    contact: str
    turns: tuple[Turn, ...]
    """Up to the question; the last is a contact's, and nothing the owner answered or said later is among them."""
    asked: str
    answered: tuple[str, ...]
    at: datetime
    """When the owner answered."""
    kept_since: datetime
    """Since when the oldest of `asked` and `answered` is stored here."""
    imported: bool
    wordings: tuple[tuple[int, int], ...] = ()
    """Of all that it is made of."""

    @property
    def answer(self) -> str:
        return "\n".join(self.answered)


def questions(
    contact: str, talk: Sequence[ChatMessage], context: Limits, *, imported: bool = False
) -> Iterator[Question]:
    """Those of a conversation that the owner answered, oldest first, as `talk` is.

    What the bot answered, too, is none: it may be that what the owner wrote answers. `context` bounds what is said
    before, newest first, as it does when a contact is answered.
    """
    begin = 0
    while (begin := _next(talk, begin, Source.CONTACT)) < len(talk):
        end = _run(talk, begin)
        last = _run(talk, end) if end < len(talk) and _by(talk[end]) is Source.OWNER else end
        heard, said = talk[begin:end], talk[end:last]
        if said:
            asked = [message for message in heard if said[0].at - message.at <= SAME_TALK]
            if asked:
                shown = _shown(talk[:begin], heard, context)
                yield Question(
                    contact=contact,
                    turns=tuple(Turn(each.source, each.text, author=each.author) for each in shown),
                    asked="\n".join(message.text for message in asked),
                    answered=tuple(message.text for message in said),
                    at=said[0].at,
                    kept_since=min(message.kept_since for message in (*asked, *said)),
                    imported=imported,
                    wordings=tuple(each.wording for each in (*shown, *said) if each.wording is not None),
                )
        begin = last


def spread(by_contact: Iterable[Sequence[Question]], most: int) -> list[Question]:
    """Up to `most`, the newest of each contact in turn, and first of whom the newest of all is; each oldest first."""
    contacts = sorted((found for found in by_contact if found), key=lambda found: found[-1].at, reverse=True)
    rounds = zip_longest(*(reversed(found) for found in contacts))
    return [question for each in rounds for question in each if question is not None][:most]


def _by(message: ChatMessage) -> Source | None:
    return message.source if message.text else None


def _next(talk: Sequence[ChatMessage], begin: int, source: Source) -> int:
    return next((place for place in range(begin, len(talk)) if _by(talk[place]) is source), len(talk))


def _run(talk: Sequence[ChatMessage], begin: int) -> int:
    """Where what is said in one go from there on ends."""
    end = begin + 1
    while end < len(talk) and _by(talk[end]) is _by(talk[begin]) and talk[end].at - talk[end - 1].at <= SAME_TALK:
        end += 1
    return end


def _shown(before: Sequence[ChatMessage], heard: Sequence[ChatMessage], context: Limits) -> list[ChatMessage]:
    room = context.max_characters - sum(len(message.text) for message in heard)
    oldest = heard[-1].at - timedelta(seconds=context.max_age_seconds)
    shown: list[ChatMessage] = []
    for message in reversed(before):
        room -= len(message.text)
        if room < 0 or len(shown) + len(heard) >= context.max_messages or message.at < oldest:
            break
        if message.text:
            shown.append(message)
    return [*reversed(shown), *heard]
