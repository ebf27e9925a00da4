"""What an owner may read of a vendor's own words: no key, and nothing that a contact wrote.

A vendor may quote the request. So each word that stands in the conversation is taken out, and so is what could be a
key, a number or a name in another spelling; a text of which too little is left, or that is no plain English, is not
shown at all.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

MOST = 200
"""Characters."""
LONGEST_WORD = 24
SHORTEST_PIECE = 4
"""Characters of a key that are one."""
GAP = "…"

_WORD = re.compile(r"[A-Za-z0-9_]+")
_PLAIN = re.compile(r"[ -\[\]-~]+")
"""Printable ASCII but for the backslash: nothing is escaped in it."""


def fit_for_owner(said: str, *, talk: Iterable[str], secrets: Iterable[str]) -> str:
    """The vendor's words on one line, without what must not be told; empty where that cannot be made sure.

    `talk`: what the request held of the owner's instructions and of the conversation.
    """
    line = " ".join(said.split())
    if not _PLAIN.fullmatch(line) or len(line) > 4000:
        return ""
    words = line.split(" ")
    if any(len(word) == len(after) == 1 for word, after in pairwise(words)):
        return ""  # words letter by letter
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
