"""A message as a person reads it in a list: its words, and in brackets what it is beside them."""

import unicodedata

from imposter.contracts.messages import UNSHOWN, MessageKind

NAMES = {
    MessageKind.IMAGE: "picture",
    MessageKind.VOICE: "voice message",
    MessageKind.CONTACT_CARD: "contact",
    MessageKind.POLL_VOTE: "vote",
    MessageKind.EVENT_RESPONSE: "answer to an event",
    MessageKind.CHOICE: "choice",
    MessageKind.UNREADABLE: "message that could not be read",
    MessageKind.UNSUPPORTED: "message of a kind that is not known",
    MessageKind.DELETION: "deleted a message",
    MessageKind.EDIT: "edited a message",
    MessageKind.NOTICE: "notice",
}
"""Of kinds whose own name does not tell."""
BESIDE_WORDS = {MessageKind.TEXT, MessageKind.REACTION}
"""Kinds that go without saying."""

WITH_DETAILS = {
    MessageKind.LOCATION,
    MessageKind.CONTACT_CARD,
    MessageKind.POLL,
    MessageKind.EVENT,
    MessageKind.INVITATION,
    MessageKind.CHOICE,
}
"""Kinds that want an answer to what they hold."""

_INVISIBLE = {"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me", "Cn", "Cs", "Co"}
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that show nothing."""


def is_blank(text: str) -> bool:
    """Whether nobody sees anything of it. Takes time in proportion to the text."""
    return all(unicodedata.category(each) in _INVISIBLE or each in _FILLERS for each in text)


def name_of_kind(kind: MessageKind) -> str:
    """In plain words, without an article."""
    return NAMES.get(kind, kind.value.replace("_", " "))


def unseen_of(content: str, kind: MessageKind, details: str, told: str | None) -> str | None:
    """What of a message no model is shown: what its provider `told`, else what its kind says where it has no words."""
    if told or not is_blank(content):
        return told
    is_bare = kind in WITH_DETAILS and is_blank(details)
    return name_of_kind(kind) if kind in UNSHOWN or is_bare else told


def shown_text(
    content: str, kind: MessageKind, details: str = "", *, is_deleted: bool = False, unseen: str | None = None
) -> str:
    """The message in one text; its words alone where it is nothing else.

    `unseen` is told where there is nothing else to tell: what it was the owner sees on the phone.
    """
    if is_deleted:
        return "[deleted]"
    if unseen and kind in BESIDE_WORDS and not details and is_blank(content):
        return f"[only on your phone: {unseen}]"
    mark = "" if kind in BESIDE_WORDS else f"[{name_of_kind(kind)}]"
    told = f"({details})" if details else ""
    return " ".join(filter(None, (mark, content, told)))
