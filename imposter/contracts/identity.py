"""One spelling for a person's or group's id, so that comparing is exact."""

import re

_PHONE = re.compile(r"\+?[\d\s().\-/]{5,}")


def plain_id(text: str) -> str:
    """A phone number as its digits, in international form without `+` or `00`; anything else stripped of outer blanks.

    A platform with ids of its own form says so by the ability `canonical_id`.
    """
    stripped = text.strip()
    if _PHONE.fullmatch(stripped):
        digits = re.sub(r"\D", "", stripped)
        return digits.removeprefix("00") if not stripped.startswith("+") else digits
    return stripped
