"""Messages, senders and turns, as providers and models exchange them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypedDict

UNREADABLE = "undecryptable"
"""The note on a message that could not be decrypted. Its id is `<id>/undecryptable`; a readable copy may arrive later
as `<id>`. If both are known, in any order, the owner is shown the readable one."""


class Source(StrEnum):
    """The author of a message."""

    CONTACT = "user"
    """A contact; the public contract calls this source `user`."""
    OWNER = "owner"
    """The account's owner, typing on their own phone."""
    BOT = "bot"
    """The bot: an answer of ours."""


class MessageKind(StrEnum):
    """The kind of a message. `content` holds only real words, never a placeholder for the kind."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    VOICE = "voice"
    AUDIO = "audio"
    DOCUMENT = "document"
    STICKER = "sticker"
    ALBUM = "album"
    LOCATION = "location"
    CONTACT_CARD = "contact_card"
    POLL = "poll"
    POLL_VOTE = "poll_vote"
    EVENT = "event"
    EVENT_RESPONSE = "event_response"
    MENU = "menu"
    """A business's message with options to choose from, such as buttons."""
    CHOICE = "choice"
    """An option that somebody chose from a menu."""
    ORDER = "order"
    PRODUCT = "product"
    PAYMENT = "payment"
    INVITATION = "invitation"
    CALL = "call"
    REACTION = "reaction"
    EDIT = "edit"
    """New content for an earlier message, which `changes` names."""
    DELETION = "deletion"
    """A deletion of an earlier message, which `changes` names."""
    NOTICE = "notice"
    """A platform notice about a chat, such as who joined a group."""
    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"
    """A kind that the provider does not know."""


CHANGES = frozenset({MessageKind.EDIT, MessageKind.DELETION})
ASIDE = frozenset(
    {
        MessageKind.ALBUM,
        MessageKind.POLL_VOTE,
        MessageKind.EVENT_RESPONSE,
        MessageKind.MENU,
        MessageKind.ORDER,
        MessageKind.PRODUCT,
        MessageKind.PAYMENT,
        MessageKind.CALL,
        MessageKind.REACTION,
    }
)
"""Kinds that are part of the conversation but do not want an answer by themselves."""
NOT_SAID = CHANGES | {MessageKind.NOTICE, MessageKind.UNREADABLE, MessageKind.UNSUPPORTED}
"""Kinds that are only kept on record; no model is shown them."""


UNSHOWN = frozenset(
    {
        MessageKind.IMAGE,
        MessageKind.VIDEO,
        MessageKind.VOICE,
        MessageKind.AUDIO,
        MessageKind.DOCUMENT,
        MessageKind.STICKER,
    }
)
"""Kinds whose content no model is shown."""


OWN_WORDS = frozenset(MessageKind) - ASIDE - NOT_SAID - {MessageKind.CHOICE}
"""Kinds whose text, if there is any, was written by the sender."""


@dataclass(frozen=True, slots=True)
class Sender:
    """A person as their platform names them.

    `identifier` is the platform's id and is compared exactly. `display_name` is chosen by the sender and decides
    nothing. `alternate_identifiers` are further ids of the same person that the platform vouches for (WhatsApp:
    phone number and LID).
    """

    identifier: str
    display_name: str = ""
    alternate_identifiers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require_text(self.identifier, "identifier")
        object.__setattr__(self, "alternate_identifiers", _names(self.alternate_identifiers))

    @property
    def identifiers(self) -> tuple[str, ...]:
        """All ids of this person, starting with the one that this message used."""
        return (self.identifier, *(name for name in self.alternate_identifiers if name != self.identifier))


@dataclass(frozen=True, slots=True)
class Group:
    """A chat of more than two people, as its platform names it."""

    identifier: str
    display_name: str = ""

    def __post_init__(self) -> None:
        _require_text(self.identifier, "identifier")


@dataclass(frozen=True, slots=True)
class Mention:
    """A mention of a person. In the text it is written as `@` and the part of the first id before the id's own `@`."""

    identifiers: tuple[str, ...]
    is_owner: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """The message that a reply quotes, as the replier's app sent it. If it is not known here, it is unverified."""

    content: str
    kind: MessageKind = MessageKind.TEXT
    details: str = ""
    author: str | None = None
    """The id of its author."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a provider hands it over, before any decision about it.

    `message_id` is the platform's id: the same id in the same conversation is the same message.
    `reply_to` is the address for an answer, as `sendMessage` takes it.
    `offline` means that the platform held the message while the bot was away.
    `answerable` is false if the provider could not read the message or it never wants an answer; `note` says why.
    """

    message_id: str
    content: str
    sender: Sender
    source: Source
    sent_at: datetime
    reply_to: str
    chat: tuple[str, ...]
    """The ids of the other side of the conversation: a contact's ids, or only the group's id."""
    group: Group | None = None
    offline: bool = False
    answerable: bool = True
    note: str | None = None
    addressed: bool = False
    """In a group: the message mentions the account or replies to it, according to the platform."""
    quotes: str | None = None
    """The id of the message that this one replies to."""
    reacts_to: str | None = None
    """The id of the message that this one reacts to. `content` is then the emoji, or empty if it was removed."""
    unseen: str | None = None
    """Attached content that no model is shown, such as `voice message`; None if `content` is everything."""
    kind: MessageKind = MessageKind.TEXT
    details: str = ""
    """Content other than the text, such as a poll's options or a document's name."""
    quoted: Quote | None = None
    mentions: tuple[Mention, ...] = ()
    changes: str | None = None
    """The id of the message that this one edits or deletes."""
    by_admin: bool = False
    """The sender of a deletion may delete other people's messages there, according to the platform."""
    changes_of: str | None = None
    """With `by_admin`: an id of the author of the deleted message, if the platform names one; None: any author."""
    forwarded: bool = False
    disappears_after: int | None = None
    """Seconds after which messages in this chat disappear; 0: they do not; None: the message does not say."""
    secret: bytes | None = None
    """The key with which later votes in this message and edits of it are encrypted."""


class MessageFacts(TypedDict, total=False):
    """Optional fields of `Message` that a provider may set; the meanings are the same."""

    offline: bool
    answerable: bool
    note: str | None
    addressed: bool
    quotes: str | None
    reacts_to: str | None
    unseen: str | None
    kind: MessageKind
    details: str
    quoted: Quote | None
    mentions: tuple[Mention, ...]
    changes: str | None
    by_admin: bool
    changes_of: str | None
    forwarded: bool
    disappears_after: int | None
    secret: bytes | None


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of a conversation, as a model sees it."""

    source: Source
    content: str
    author: str = ""
    """The speaker's display name; useful in groups, where several contacts write."""
    in_group: bool = False
    said_at: datetime | None = None
    """None if it is not known."""
    unseen: str | None = None
    """Attached content that is not shown, such as `voice message`: the model has not seen or heard it."""
    kind: MessageKind = MessageKind.TEXT
    details: str = ""
    """Content other than the text, such as a poll's options."""
    about: "ReferencedMessage | None" = None
    """The message that this turn replies to or reacts to."""
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class ReferencedMessage:
    """A message that a turn refers to."""

    source: Source | None
    """None if the message is not known here and only the replier's app quotes it."""
    content: str
    kind: MessageKind = MessageKind.TEXT
    details: str = ""
    author: str = ""
    """The author's name, if it is neither the contact being answered nor the owner."""


def _require_text(value: object, field: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{field} must be a text that is not empty")


def _names(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
