"""Filtering of a vendor's error text for the owner, so that it contains no key and no words of contacts.

A vendor may quote the request. Every word that occurs in the conversation is removed, and so is anything that could be
a key, a number or a name in another spelling. If too little is left, or the text is not plain English, nothing is
shown.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

MOST = 200
"""Characters."""
LONGEST_WORD = 24
SHORTEST_PIECE = 4
"""Minimum number of characters of a key that count as a part of it."""
GAP = "…"

_WORD = re.compile(r"[A-Za-z0-9_]+")
_PLAIN = re.compile(r"[ -\[\]-~]+")
"""Printable ASCII without the backslash, so nothing can be escaped."""


def fit_for_owner(said: str, *, talk: Iterable[str], secrets: Iterable[str]) -> str:
    """Return the vendor's text on one line without confidential words. Empty if that cannot be guaranteed.

    `talk` are the owner's instructions and the conversation in the request.
    """
    line = " ".join(said.split())
    if not _PLAIN.fullmatch(line) or len(line) > 4000:
        return ""
    words = line.split(" ")
    if any(len(word) == len(after) == 1 for word, after in pairwise(words)):
        return ""  # spelled letter by letter
    conversation = "\n".join(talk).casefold()
    spoken = set(_WORD.findall(conversation))
    keys = [secret.casefold() for secret in secrets]
    kept = [word if _may_be_told(word.casefold(), conversation, spoken, keys) else GAP for word in words]
    if 2 * kept.count(GAP) > len(kept):
        return ""
    told = " ".join(word for place, word in enumerate(kept) if word != GAP or kept[place - 1 : place] != [GAP])
    return told if len(told) <= MOST else told[: MOST - 1] + GAP


def _may_be_told(word: str, conversation: str, spoken: set[str], keys: list[str]) -> bool:
    if len(word) > LONGEST_WORD or "*" in word or "%" in word or "&" in word or "@" in word:
        return False
    for part in _WORD.findall(word):
        if len(part) >= SHORTEST_PIECE and part in conversation:
            return False
        if part in spoken or sum(each.isdigit() for each in part) > 6:
            return False
        if any(part[at : at + SHORTEST_PIECE] in key for key in keys for at in range(len(part) - SHORTEST_PIECE + 1)):
            return False
    return True
