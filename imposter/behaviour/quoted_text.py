"""Quotation of other people's words in the bot's own texts, so that none of their lines looks like the bot's.

Each quoted line begins with `PREFIX`, which WhatsApp shows as a quotation. No line of the bot's does.
"""

import re
import unicodedata

PREFIX = "> "
LONGEST_NAME = 60
"""Characters."""
MOST_WORDS = 500
"""Maximum number of characters of a quoted message."""
MOST_LINES = 12

_NEVER_READ = 1000
"""Maximum number of characters of a name that are read."""
_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""All characters that `str.splitlines` treats as the end of a line."""
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Characters that take up or leave space but are invisible."""
_JOINERS = "\u200c\u200d"
"""Characters that join emoji and, in some scripts, letters."""
_QUOTES = dict.fromkeys(map(ord, '\u201c\u201d\u201e\u201f\u2033\u275d\u275e\u301d\u301e\u301f\uff02"`'), "'")
_MARKS = _QUOTES | dict.fromkeys(map(ord, "*~"))
"""Characters of a name that would end its quotation or the formatting of its line."""


def name_of(name: str, otherwise: str = "") -> str:
    """Return `name` in quotation marks on one line, or `otherwise` if the name has no visible character."""
    for each in (name, otherwise):
        seen = "".join(char if _is_seen(char) else " " if char.isspace() else "" for char in each[:_NEVER_READ])
        if shown := " ".join(seen.translate(_MARKS).split()):
            return f"\u201c{_cut(shown, LONGEST_NAME)}\u201d"
    return "\u201c?\u201d"


def one_line(words: str, most: int) -> str:
    """Return `words` in quotation marks on one line, cut after `most` characters."""
    seen = " ".join(_readable(words).split()).translate(_QUOTES)
    return f"\u201c{_cut(seen, most)}\u201d"


def excerpt(words: str) -> str:
    """Return the beginning of `words` with the prefix on each line, and a line that counts omitted characters."""
    words = words.strip()
    lines: list[str] = []
    shown = end = 0
    for line, ends in _lines(words[: 8 * MOST_WORDS]):
        if shown >= MOST_WORDS or len(lines) == MOST_LINES:
            break
        text = _readable(line).replace("`", "'").rstrip()
        if not text and lines and lines[-1] == PREFIX:
            end = ends
            continue  # collapse empty lines
        room = MOST_WORDS - shown
        lines.append(PREFIX + text[:room])
        shown += max(1, len(text))
        end = ends if len(text) <= room else ends - (len(text) - room)
    left = len(words) - end
    if left > 0:
        lines.append(f"({left:,} more {'character is' if left == 1 else 'characters are'} not shown)")
    return "\n".join(lines)


def quoted(words: str) -> str:
    """Return all of `words` unchanged, except for the prefix on each line."""
    return PREFIX + _BREAK.sub(lambda found: found[0] + PREFIX, words)


def lines_of(words: str) -> int:
    return 1 + len(_BREAK.findall(words))


def _lines(words: str) -> list[tuple[str, int]]:
    """Iterate over the lines, each with the position at which the next one begins."""
    begins = [0, *(found.end() for found in _BREAK.finditer(words))]
    return [
        (_BREAK.sub("", words[start:end]), end) for start, end in zip(begins, [*begins[1:], len(words)], strict=True)
    ]


def _readable(words: str) -> str:
    """Return `words` without characters that hide or reorder others."""
    return "".join(char if _is_seen(char) or char in _JOINERS else " " if char.isspace() else "" for char in words)


def _is_seen(char: str) -> bool:
    return unicodedata.category(char) not in _HIDDEN and char not in _BLANK


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}\u2026"
