"""One spelling for a person's or group's id, so that comparing is exact."""

import re

_INTERNATIONAL = re.compile(r"(?:\+|00)[\d\s().\-/]{5,}")
_NO_DIGIT = re.compile(r"\D")


def plain_id(text: str) -> str:
    """A phone number in international form as its digits; anything else as it is, without outer blanks.

    Only what begins with `+` or `00` is a phone number: to other platforms `-123` and `123` are two ids. A platform
    with ids of its own form says so by the ability `canonical_id`.
    """
    stripped = text.strip()
    if _INTERNATIONAL.fullmatch(stripped):
        return _NO_DIGIT.sub("", stripped).removeprefix("00")
    return stripped
