"""WhatsApp's ids of people, groups and messages."""

import re

from imposter import phone_numbers

_DIGITS = re.compile("[1-9][0-9]{4,14}")
"""A phone number without a plus sign. E.164 has at most 15 digits; a group's id has more."""
_COUNTRY_AND_NUMBER = range(7, 16)
"""Possible numbers of digits of a phone number with its country code."""
_AS_GIVEN = re.compile("[1-9][0-9]*")
_DEVICE = re.compile("[:_]")
_SERVERS = {"c.us": "s.whatsapp.net", "hosted": "s.whatsapp.net", "hosted.lid": "lid"}
"""Other names of the same two address spaces (`WAJIDDomains` and `jidNormalizedUser` in Baileys' jid-utils)."""


def canonical_id(text: str) -> str:
    """Return a phone number in any spelling as `49151...@s.whatsapp.net`, or a full id without its device part.

    A bare number is always a phone number, never a LID. A text that is neither, or has no country code, is returned
    unchanged. So are the digits of a full id: WhatsApp keeps numbers as they were when their owners joined (with
    Mexico's old 1, without Brazil's ninth digit), and only WhatsApp knows which of two such spellings is the person's.
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
    number = None if server == "lid" or _AS_GIVEN.fullmatch(person) else _phone(person)
    return f"{number or person}@{server}"


def id_problem(text: str) -> str | None:
    """Return why nobody on WhatsApp can have this id, and how to fix it. None if somebody can."""
    user, _, server = canonical_id(text).rpartition("@")
    if server == "s.whatsapp.net" and user.isdecimal() and len(user) in _COUNTRY_AND_NUMBER:
        return None
    if (server == "lid" and user.isdecimal()) or (server == "g.us" and user.replace("-", "").isdecimal()):
        return None
    wrong = "has too few digits for a phone number: write it with its country code, such as +49 151 2345678"
    try:
        phone_numbers.read(text)
    except ValueError as error:
        wrong = str(error)
    return f"{wrong} (or an id of WhatsApp's: ...@s.whatsapp.net, ...@lid, ...@g.us for a group)"


def _phone(text: str) -> str | None:
    """Return the digits of a phone number, or None if it cannot be read.

    Plain digits are then taken as they are: an old id of WhatsApp may have a length that phone numbers no longer have.
    """
    try:
        return phone_numbers.read(text)
    except ValueError:
        digits = phone_numbers.simple(text) if len(text) <= phone_numbers.MOST_CHARACTERS else ""
        return digits if _DIGITS.fullmatch(digits) else None


def message_id(seed: str) -> str:
    """Return an id in the format of WhatsApp's own web client (`generateMessageIDV2` in Baileys' generics)."""
    return "3EB0" + seed[:18].upper()
