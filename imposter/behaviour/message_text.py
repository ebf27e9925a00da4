"""A message as one line of text: its words, and in brackets its kind and details."""

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
"""Names of kinds whose value is not clear enough."""
BESIDE_WORDS = {MessageKind.TEXT, MessageKind.REACTION}
"""Kinds that are not mentioned."""

WITH_DETAILS = {
    MessageKind.LOCATION,
    MessageKind.CONTACT_CARD,
    MessageKind.POLL,
    MessageKind.EVENT,
    MessageKind.INVITATION,
    MessageKind.CHOICE,
}
"""Kinds whose details may need an answer."""

_INVISIBLE = {"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me", "Cn", "Cs", "Co"}
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that are invisible."""


def is_blank(text: str) -> bool:
    """Return whether a text has no visible character. Takes linear time."""
    return all(unicodedata.category(each) in _INVISIBLE or each in _FILLERS for each in text)


def name_of_kind(kind: MessageKind) -> str:
    """Return a kind's name in plain words, without an article."""
    return NAMES.get(kind, kind.value.replace("_", " "))


def unseen_of(content: str, kind: MessageKind, details: str, told: str | None) -> str | None:
    """Return the name of the content that no model is shown, or None.

    It comes from the provider (`told`), else from the kind of a message without words.
    """
    if told or not is_blank(content):
        return told
    is_bare = kind in WITH_DETAILS and is_blank(details)
    return name_of_kind(kind) if kind in UNSHOWN or is_bare else told


def shown_text(
    content: str, kind: MessageKind, details: str = "", *, is_deleted: bool = False, unseen: str | None = None
) -> str:
    """Return a message as one text. A text message is returned unchanged.

    `unseen` is only mentioned if there is nothing else to show: the owner has seen the content on the phone.
    """
    if is_deleted:
        return "[deleted]"
    if unseen and kind in BESIDE_WORDS and not details and is_blank(content):
        return f"[only on your phone: {unseen}]"
    mark = "" if kind in BESIDE_WORDS else f"[{name_of_kind(kind)}]"
    told = f"({details})" if details else ""
    return " ".join(filter(None, (mark, content, told)))
