"""What is said, by whom, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypedDict

UNREADABLE = "undecryptable"
"""The note on a message that could not be read, whose id is then `<id>/undecryptable`: it may come once more, readable,
as `<id>`. Where both are known, whichever came first, the owner is shown the readable one."""


class Source(StrEnum):
    """Whose words a message holds."""

    CONTACT = "user"
    """Somebody who writes to the account; the contract calls it `user`."""
    OWNER = "owner"
    """The account's owner, typing on their own phone."""
    BOT = "bot"
    """An answer of ours."""


class MessageKind(StrEnum):
    """What a message is. Its words, if it has any, are never a mark that stands for this."""

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
    """What a business sends to choose from, such as buttons."""
    CHOICE = "choice"
    """What somebody chose from a menu."""
    ORDER = "order"
    PRODUCT = "product"
    PAYMENT = "payment"
    INVITATION = "invitation"
    CALL = "call"
    REACTION = "reaction"
    EDIT = "edit"
    """New words of an earlier message, which `changes` names."""
    DELETION = "deletion"
    """The end of an earlier message, which `changes` names."""
    NOTICE = "notice"
    """What the platform tells of a chat, such as who joined a group."""
    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"
    """The provider does not know what it is."""


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
"""Part of the conversation, and nothing that by itself wants an answer."""
NOT_SAID = CHANGES | {MessageKind.NOTICE, MessageKind.UNREADABLE, MessageKind.UNSUPPORTED}
"""For the record alone: no model is told of them."""


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
"""Kinds that say something which no model is shown."""


OWN_WORDS = frozenset(MessageKind) - ASIDE - NOT_SAID - {MessageKind.CHOICE}
"""Kinds whose words, if there are any, somebody wrote themselves."""


@dataclass(frozen=True, slots=True)
class Sender:
    """A person as their platform names them.

    `identifier` is the platform's own id and is compared exactly; `display_name` is chosen by the other side
    and decides nothing; `alternate_identifiers` are further ids of the same person, vouched for by the platform
    (WhatsApp: phone number and LID).
    """

    identifier: str
    display_name: str = ""
    alternate_identifiers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require_text(self.identifier, "identifier")
        object.__setattr__(self, "alternate_identifiers", _names(self.alternate_identifiers))

    @property
    def identifiers(self) -> tuple[str, ...]:
        """All ids of this person, the one this message used first."""
        return (self.identifier, *(name for name in self.alternate_identifiers if name != self.identifier))


@dataclass(frozen=True, slots=True)
class Group:
    """A chat with more than two people, as its platform names it."""

    identifier: str
    display_name: str = ""

    def __post_init__(self) -> None:
        _require_text(self.identifier, "identifier")


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody whom a message mentions: `@` and the first of these ids, up to its own `@`, stand in its words."""

    identifiers: tuple[str, ...]
    is_owner: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """What a message replies to, as the app of whoever replies shows it: their word, where it is not known here."""

    content: str
    kind: MessageKind = MessageKind.TEXT
    details: str = ""
    author: str | None = None
    """An id."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a provider hands it over, before anything was decided about it.

    `message_id` is the platform's id: the same id in the same conversation is the same message.
    `reply_to` is the address an answer goes to, as `sendMessage` takes it.
    `offline` says that the platform kept it while we were away.
    `answerable` is false for what a provider could not read or what never wants an answer; `note` says why.
    """

    message_id: str
    content: str
    sender: Sender
    source: Source
    sent_at: datetime
    reply_to: str
    chat: tuple[str, ...]
    """Ids of the other side of the conversation: the contact's ids, or the group's alone."""
    group: Group | None = None
    offline: bool = False
    answerable: bool = True
    note: str | None = None
    addressed: bool = False
    """In a group: it mentions the account or replies to it, as the platform says."""
    quotes: str | None = None
    """The id of the message that it replies to."""
    reacts_to: str | None = None
    """The id of the message that it is a reaction to; then `content` is the emoji, empty where it was taken back."""
    unseen: str | None = None
    """What came with it that no model is shown, such as `voice message`; None: `content` is all that there is."""
    kind: MessageKind = MessageKind.TEXT
    details: str = ""
    """What it holds beside its words, such as a poll's options or a document's name."""
    quoted: Quote | None = None
    mentions: tuple[Mention, ...] = ()
    changes: str | None = None
    """The id of the message that it edits or deletes."""
    by_admin: bool = False
    """Who deletes may delete what others said there, as the platform says."""
    changes_of: str | None = None
    """With `by_admin`: an id of whose message it deletes, where the platform says; None: of whoever's has that id."""
    forwarded: bool = False
    disappears_after: int | None = None
    """Seconds after which messages of the chat disappear; 0: they do not; None: it does not say."""
    secret: bytes | None = None
    """What later votes in it and edits of it are encrypted with."""


class MessageFacts(TypedDict, total=False):
    """What a provider may tell of a message beside its words; each as in `Message`."""

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
    """One step of a conversation as a model sees it."""

    source: Source
    content: str
    author: str = ""
    """Display name of the speaker; of use in groups, where several contacts speak."""
    in_group: bool = False
    said_at: datetime | None = None
    """None: not known."""
    unseen: str | None = None
    """What came with it and is not shown, such as `voice message`: nobody who answers has seen or heard it."""
    kind: MessageKind = MessageKind.TEXT
    details: str = ""
    """What it holds beside its words, such as a poll's options."""
    about: "ReferencedMessage | None" = None
    """What it replies to, or reacts to where it is a reaction."""
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class ReferencedMessage:
    """A message that a turn is about."""

    source: Source | None
    """None: somebody's, as whoever replies has it; it is not known here."""
    content: str
    kind: MessageKind = MessageKind.TEXT
    details: str = ""
    author: str = ""
    """A name, where somebody else than who is answered said it."""


def _require_text(value: object, field: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{field} must be a text that is not empty")


def _names(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
