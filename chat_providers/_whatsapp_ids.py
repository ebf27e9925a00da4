"""WhatsApp's ids: of people, groups and messages."""

import re

_NUMBER = re.compile(r"[1-9][0-9]{4,14}")
"""In international form; E.164 has at most 15 digits, a group's id has more."""
_COUNTRY_AND_NUMBER = range(7, 16)
"""Digits that a number with its country's prefix may have; no country's are shorter."""
_PUNCTUATION = re.compile(r"\(0\)|[\s+().\-/]")
"""`(0)` is the zero that only callers at home dial."""
_DEVICE = re.compile("[:_]")
_SERVERS = {"c.us": "s.whatsapp.net", "hosted": "s.whatsapp.net", "hosted.lid": "lid"}
"""Other names of the same two address spaces (`WAJIDDomains` and `jidNormalizedUser` in Baileys' jid-utils)."""


def canonical_id(text: str) -> str:
    """A phone number in any spelling as `49151...@s.whatsapp.net`; a full id without its device part.

    A bare number is always a phone number, never a LID. What is neither, or has no country's prefix, comes back as it
    is.
    """
    stripped = text.strip()
    user, at, server = stripped.rpartition("@")
    if not at:
        number = _phone(stripped)
        return f"{number}@s.whatsapp.net" if number else text
    server = _SERVERS.get(server.lower(), server.lower())
    if server not in ("s.whatsapp.net", "lid"):
        return f"{user}@{server}"
    person = _DEVICE.split(user, maxsplit=1)[0]
    number = _phone(person) if server == "s.whatsapp.net" else None
    return f"{number or person}@{server}"


def id_problem(text: str) -> str | None:
    """Why no person or group on WhatsApp can have this id, and the cure; None where one may."""
    user, _, server = canonical_id(text).rpartition("@")
    if server == "s.whatsapp.net" and user.isdecimal() and len(user) in _COUNTRY_AND_NUMBER:
        return None
    if (server == "lid" and user.isdecimal()) or (server == "g.us" and user.replace("-", "").isdecimal()):
        return None
    return (
        "is no phone number with its country (7 to 15 digits, such as +49 151 2345678) and no id of WhatsApp's "
        "(...@s.whatsapp.net, ...@lid, ...@g.us for a group)"
    )


def _phone(text: str) -> str | None:
    digits = _PUNCTUATION.sub("", text).removeprefix("00")
    return digits if _NUMBER.fullmatch(digits) else None


def message_id(seed: str) -> str:
    """An id of the form that WhatsApp's own web client makes (`generateMessageIDV2` in Baileys' generics)."""
    return "3EB0" + seed[:18].upper()
