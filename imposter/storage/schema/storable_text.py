"""Text that every database can store."""

import re
from dataclasses import replace

from imposter.contracts.messages import Group, Message, Sender

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL does not accept NUL, and a lone surrogate cannot be encoded in UTF-8."""


def storable(message: Message) -> Message:
    """Return `message` with U+FFFD in place of characters that a database cannot store."""
    sender, group, quoted = message.sender, message.group, message.quoted
    texts = (message.content, message.message_id, message.reply_to, *message.chat, *sender.identifiers)
    texts += (message.quotes or "", message.reacts_to or "", message.unseen or "", message.details)
    texts += (
        message.changes or "",
        message.changes_of or "",
        *((quoted.content, quoted.details, quoted.author or "") if quoted else ()),
    )
    names = (sender.display_name, *((group.identifier, group.display_name) if group else ()))
    mentioned = tuple(name for mention in message.mentions for name in mention.identifiers)
    if not any(map(_UNSTORABLE.search, texts + names + mentioned)):
        return message
    return replace(
        message,
        message_id=clean(message.message_id),
        content=clean(message.content),
        reply_to=clean(message.reply_to),
        chat=tuple(map(clean, message.chat)),
        sender=Sender(
            clean(sender.identifier), clean(sender.display_name), tuple(map(clean, sender.alternate_identifiers))
        ),
        group=group and Group(clean(group.identifier), clean(group.display_name)),
        quotes=message.quotes and clean(message.quotes),
        reacts_to=message.reacts_to and clean(message.reacts_to),
        unseen=message.unseen and clean(message.unseen),
        details=clean(message.details),
        changes=message.changes and clean(message.changes),
        changes_of=message.changes_of and clean(message.changes_of),
        quoted=quoted
        and replace(
            quoted,
            content=clean(quoted.content),
            details=clean(quoted.details),
            author=quoted.author and clean(quoted.author),
        ),
        mentions=tuple(
            replace(mention, identifiers=tuple(map(clean, mention.identifiers))) for mention in message.mentions
        ),
    )


def clean(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)
