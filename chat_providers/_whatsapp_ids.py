"""WhatsApp's ids: of people, groups and messages."""

import re

from imposter.contracts.identity import plain_id

_NUMBER = re.compile(r"[0-9]{5,}")
_SERVERS = {"c.us": "s.whatsapp.net", "hosted": "s.whatsapp.net", "hosted.lid": "lid"}
"""Other names of the same two address spaces (`WAJIDDomains` and `jidNormalizedUser` in Baileys' jid-utils)."""


def canonical_id(text: str) -> str:
    """A phone number in any spelling as `49151...@s.whatsapp.net`; a full id without its device part.

    A bare number is always a phone number, never a LID. What is neither comes back as it is.
    """
    stripped = text.strip()
    user, at, server = stripped.rpartition("@")
    if not at:
        number = plain_id(stripped)
        return f"{number}@s.whatsapp.net" if _NUMBER.fullmatch(number) else text
    server = _SERVERS.get(server.lower(), server.lower())
    if server not in ("s.whatsapp.net", "lid"):
        return stripped
    person = re.split("[:_]", user, maxsplit=1)[0]
    return f"{plain_id(person)}@{server}"


def message_id(seed: str) -> str:
    """An id of the form that WhatsApp's own web client makes (`generateMessageIDV2` in Baileys' generics)."""
    return "3EB0" + seed[:18].upper()
