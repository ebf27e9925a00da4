"""Messages of a chat as bubbles, with the messages that they reply or react to, and with names instead of numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from imposter.behaviour.message_text import shown_text
from imposter.contracts.messages import Source
from imposter.domain.messages import StoredMessage
from imposter.service.conversations import ConversationService
from imposter.storage.conversation.turns import with_names
from imposter.web.pages.labels import is_reaction, plain, said_of, shown_of

LONGEST_QUOTED = 200
"""Maximum number of characters of a message that is replied or reacted to."""
NOT_HERE = "a message that is not on record here"
_WHOSE = {Source.CONTACT: "them", Source.OWNER: "owner", Source.BOT: "bot"}
_BY = {Source.OWNER: "You", Source.BOT: "Bot"}


@dataclass(frozen=True, slots=True)
class ReferencedMessageView:
    """The message that another one replies or reacts to."""

    by: str
    """Empty if the author is not known or is obvious."""
    words: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as it is shown."""

    message: StoredMessage
    whose: str
    """`them`, `owner` or `bot`."""
    new_day: bool
    told: str
    """What happened to the message, if it is worth a note."""
    words: str
    about: ReferencedMessageView | None
    is_reaction: bool

    @property
    def explained_by(self) -> int | None:
        """Return the `seq` of the message that the decision is about. None if there is none."""
        return self.message.answers if self.message.source is Source.BOT else self.message.seq


async def bubbles_of(
    conversation_service: ConversationService, instance_id: str, chat: str, messages: Sequence[StoredMessage]
) -> list[MessageView]:
    """Return the bubbles of these messages, newest first. The page shows them in reverse."""
    pointed = {each for message in messages if (each := message.quotes or message.reacts_to)}
    known = await conversation_service.pointed_at(instance_id, chat, pointed)
    people = {each.sender_id for each in known.values()}
    people |= {each.quoted.author for each in messages if each.quoted is not None and each.quoted.author}
    names = await names_in(conversation_service, instance_id, [*messages, *known.values()], people)
    before: list[datetime | None] = [*(message.sent_at for message in messages[1:]), None]
    return [
        MessageView(
            message,
            _WHOSE[message.source],
            at is None or at.date() != message.sent_at.date(),
            said_of(message),
            words_of(message, names),
            _about(message, known, names),
            is_reaction(message),
        )
        for message, at in zip(messages, before, strict=False)
    ]


async def names_in(
    conversation_service: ConversationService,
    instance_id: str,
    messages: Sequence[StoredMessage],
    more: set[str] | None = None,
) -> dict[str, str]:
    """Return names by id for the people that these messages mention and for `more` people."""
    mentioned = {each for message in messages for mention in message.mentions for each in mention.identifiers}
    called = await conversation_service.called(instance_id, mentioned | (more or set()))
    return {each: name for each, called_so in called.items() if (name := plain(called_so))}


def words_of(message: StoredMessage, names: Mapping[str, str]) -> str:
    """Return a message as one text, with `names` for the people that it mentions."""
    return with_names(shown_of(message), message.mentions, names)


def _about(
    message: StoredMessage, known: Mapping[str, StoredMessage], names: Mapping[str, str]
) -> ReferencedMessageView | None:
    """Return the message that this one refers to.

    Our own record takes precedence over the quote that its sender supplied.
    """
    pointed = message.quotes or message.reacts_to
    earlier = known.get(pointed or "")
    if earlier is not None:
        by = _BY.get(earlier.source) or names.get(earlier.sender_id) or plain(earlier.sender_name)
        return ReferencedMessageView(by, _cut(words_of(earlier, names)))
    if message.quoted is not None:
        quoted = message.quoted
        words = shown_text(quoted.content, quoted.kind, quoted.details)
        return ReferencedMessageView(names.get(quoted.author or "", ""), _cut(words) or NOT_HERE)
    return ReferencedMessageView("", NOT_HERE) if pointed else None


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST_QUOTED else f"{words[:LONGEST_QUOTED]}…"
